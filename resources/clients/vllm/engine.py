"""What the stage `understanding` holds: a model of a server, how it is asked, and about what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.errors import BackendError, BackendUnavailableError
from docmill.pipeline.convert.metered import Tally
from docmill.pipeline.convert.understanding.answer_checks import is_looping
from docmill.pipeline.convert.understanding.choosing import Choice
from docmill.pipeline.convert.understanding.profiles import Profile
from docmill.resources.clients.metering.step_meter import ModelMeters
from docmill.resources.clients.vllm.ahead import DrawnAhead
from docmill.resources.clients.vllm.client import VlmClient
from docmill.resources.clients.vllm.metrics import read_metrics
from docmill.resources.clients.vllm.question import Question
from docmill.resources.clients.vllm.reader import Answer, read
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.clients.vllm.step_meter import open_token_meter
from docmill.resources.clients.vllm.tally import TokenTally

__all__ = ["VlmEngine"]

#: On top of what the server may take: rendering, storing, a busy machine.
_MARGIN_S = 60.0
_ASK_AGAIN_S = 1.0


@dataclass
class VlmEngine:
    """Asks about pages and pictures. A pickled copy carries the settings only.

    `concurrency` bounds the requests in flight of a whole step; `per_worker` is one worker's share of it.
    `error_budget` is how many pages of a document may fail before the others are not sent any more.
    """

    server: VlmServer
    page: Profile
    picture: Profile
    choice: Choice
    model_version: str = ""
    concurrency: int = 16
    error_budget: int = 8
    per_worker: int = 0
    _runner: asyncio.Runner | None = field(default=None, repr=False, compare=False)
    _client: VlmClient | None = field(default=None, repr=False, compare=False)
    _tally: TokenTally | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay behind."""
        return self.__dict__ | {"_runner": None, "_client": None, "_tally": None}

    def identity(self) -> dict[str, Any]:
        """What decides which pages are asked about, and what is answered."""
        return {"choice": self.choice.identity(), "error_budget": self.error_budget} | self.answers_identity()

    def answers_identity(self) -> dict[str, Any]:
        """What decides an answer: choosing other pages leaves those that were asked about as they are."""
        return {
            "backend": "vllm",
            "model": self.server.model,
            "model_version": self.model_version,
            "page": asdict(self.page),
            "picture": asdict(self.picture),
        }

    @property
    def model(self) -> str:
        """The model's name, and its version where one is given."""
        return f"{self.server.model}@{self.model_version}" if self.model_version else self.server.model

    def shared_by(self, workers: int) -> VlmEngine:
        """This engine for each of so many workers: together they keep to `concurrency`."""
        return replace(self, per_worker=max(1, self.concurrency // max(1, workers)))

    def time_limit_s(self, pages: int) -> float:
        """How long so many pages may take one worker when everything goes wrong that it bears with."""
        rounds = -(-pages // max(1, self.per_worker or self.concurrency))
        attempts = len(self.page.ladder)
        return self.server.patience_s + rounds * attempts * 2 * self.server.deadline_s + _MARGIN_S

    def prepare(
        self, progress: Callable[[str, int, int], None] | None = None, patience_s: float = 0.0
    ) -> None:
        """Check that the server answers and has the model. Raises `BackendError`.

        A server that is away is asked again until `patience_s` is over: it may be coming back.
        """
        asyncio.run(self._check(time.monotonic() + patience_s))

    async def _check(self, until: float) -> None:
        client = VlmClient(self.server, 1)
        try:
            while True:
                try:
                    await client.check()
                except BackendUnavailableError:
                    if time.monotonic() >= until:
                        raise
                    await asyncio.sleep(_ASK_AGAIN_S)
                else:
                    return
        finally:
            await client.close()

    def count_in(self, folder: Path) -> None:
        """Keep count of this process's tokens there from now on."""
        self._tally = TokenTally(folder)

    def open_meter(self, folder: Path) -> ModelMeters:
        """Begin to measure what the server spends on the tokens that processes count there."""
        return open_token_meter(self.server, folder)

    def tally(self) -> Tally | None:
        """Seconds of requests and answers of all models of the server."""
        try:
            metrics = read_metrics(self.server)
        except BackendUnavailableError:
            return None
        return Tally(metrics.inference_s, metrics.answered)

    def ask(
        self,
        questions: Iterable[Question],
        keep: Callable[[Question, Answer], None],
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Ask everything, as much at a time as may be in flight; `keep` is told of each answer as it comes.

        Nothing more is asked as soon as `go_on` says no.
        Raises `BackendError` when the server is at fault, once all requests in flight have come back: what
        was paid for is kept.
        """
        self._run(self._ask(list(questions), keep, go_on))

    def close(self) -> None:
        """Close the connections, for who asks in a process that goes on."""
        if self._runner is not None and self._client is not None:
            self._runner.run(self._client.close())
            self._runner.close()
        self._runner = self._client = None

    async def _ask(
        self,
        questions: list[Question],
        keep: Callable[[Question, Answer], None],
        go_on: Callable[[], bool],
    ) -> None:
        if self._client is None:
            self._client = VlmClient(
                self.server, self.per_worker or self.concurrency, is_looping, self._tally
            )
        client = self._client
        share = max(1, min(len(questions), self.per_worker or self.concurrency))
        pages = DrawnAhead(questions, share)
        failed: list[BackendError] = []

        async def work() -> None:
            async for drawn in pages:
                if failed or not go_on():
                    return
                try:
                    answer = await read(client, drawn)
                except BackendError as error:
                    failed.append(error)
                    return
                keep(drawn.question, answer)

        async with asyncio.TaskGroup() as group:
            drawing = group.create_task(pages.draw())
            await asyncio.wait([group.create_task(work()) for _ in range(share)])
            drawing.cancel()
        if failed:
            raise failed[0]

    def _run(self, work: Any) -> None:
        """Run in the one event loop of this worker: connections belong to it."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        # not in the context of when the runner was new: the span of what is worked on is in it
        self._runner.run(work, context=copy_context())
