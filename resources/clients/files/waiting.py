"""Whether a store keeps its callers waiting, by how long its last answers took.

A local disk answers within microseconds. In threads of their own such calls only take the interpreter's lock
from each other: with 400 documents of one page the parent of the workers computed 40 % more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Waiting"]

T = TypeVar("T")

#: Calls that take longer than this on average are worth a thread; one to a bucket takes ten times as long.
_LONG_S = 0.002
#: How much of the average the last call is: one that the machine had no time for does not decide.
_LAST = 1 / 8


@dataclass
class Waiting:
    """What is known of a store by calls that were made in the caller's own thread."""

    _average_s: float | None = None

    @property
    def long(self) -> bool:
        """Whether calls had better be made in other threads."""
        return self._average_s is not None and self._average_s > _LONG_S

    def call(self, function: Callable[[], T]) -> T:
        """Call it here and note how long it took."""
        began = time.perf_counter()
        try:
            return function()
        finally:
            took = time.perf_counter() - began
            before = took if self._average_s is None else self._average_s
            self._average_s = before + _LAST * (took - before)
