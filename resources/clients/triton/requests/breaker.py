"""Gives a silent server up after a known time, so that not every request runs through all its retries."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

__all__ = ["CircuitBreaker"]

_REST_S = 10.0


class CircuitBreaker:
    """Opens when a server has been silent for `patience_s`; whatever it answers, a refusal too, closes it.

    While it is open nothing need be asked. After `rest_s` one attempt is let through again, and decides.
    Safe across threads.
    """

    def __init__(
        self, patience_s: float, rest_s: float = _REST_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience_s = patience_s
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._heard = -math.inf  # when the server last gave a sign of life
        self._silent_since = math.inf
        self._opened: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the server is given up for now."""
        with self._lock:
            if self._opened is None:
                return False
            if self._clock() - self._opened < self._rest_s:
                return True
            self._opened = self._clock()  # one attempt goes through; for others it stays open
            return False

    def answered(self) -> None:
        """The server gave a sign of life."""
        with self._lock:
            self._heard, self._silent_since, self._opened = self._clock(), math.inf, None

    def silent(self, since: float) -> bool:
        """A request sent at `since`, by the breaker's clock, got no answer. Whether that was one too many."""
        with self._lock:
            now = self._clock()
            self._silent_since = max(self._heard, min(self._silent_since, since))
            if now - self._silent_since >= self._patience_s:
                self._opened = now
            return self._opened is not None
