"""What a worker asks of a vLLM server, kept in files that outlive it: tokens, and when it waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.clients.metering.tally import Asked, RequestTally
from docmill.resources.clients.vllm.waiting import Waiting

__all__ = ["TOKENS", "TalliedRequest", "TokenTally"]

TOKENS = "tokens"
#: Of a request and its answer, before there is one to go by.
_FIRST_GUESS = 1000


class TokenTally:
    """The count of this process; used from one event loop."""

    def __init__(self, folder: Path) -> None:
        self._tokens = RequestTally(folder, TOKENS)
        self._waiting = Waiting(folder)
        self._answers = self._answered = 0

    @contextmanager
    def request(self) -> Iterator[TalliedRequest]:
        """A request is under way within the block. Nobody hears what came of it, unless it says so."""
        guess = self._answered // self._answers if self._answers else _FIRST_GUESS
        self._tokens.add(Asked(sent=guess))
        self._waiting.count(1)
        try:
            yield TalliedRequest(self, guess)
        finally:
            self._waiting.count(-1)

    def ended(self, guess: int, tokens: int | None) -> None:
        """See `TalliedRequest`."""
        if tokens is None:
            self._tokens.add(Asked(sent=-guess))
            return
        self._answers, self._answered = self._answers + 1, self._answered + tokens
        self._tokens.add(Asked(sent=tokens - guess, answered=tokens))


@dataclass(frozen=True)
class TalliedRequest:
    """A request that is thought to take so many tokens."""

    tally: TokenTally
    guess: int

    def answered(self, tokens: int) -> None:
        """It took so many."""
        self.tally.ended(self.guess, tokens)

    def refused(self) -> None:
        """The server did nothing for it."""
        self.tally.ended(self.guess, None)
