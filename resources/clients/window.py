"""How many requests of one client may be under way at once, by how soon their answers come."""

from __future__ import annotations

import threading

__all__ = ["Window"]

_FIRST = 2
#: Of the deadline: an answer after more than this came late.
_LATE = 1 / 6


class Window:
    """It grows with each answer that comes soon, up to `most`, and shrinks with each that comes late.

    A server that works on one request after the other has the last of many wait for all before it. Where that
    comes near to their deadline they are given up and made anew, and the server works twice: more so with
    more clients. So TCP does it: Jacobson, Congestion Avoidance and Control, 1988.
    """

    def __init__(self, most: int, deadline_s: float) -> None:
        #: The largest that it may be.
        self.most = max(1, most)
        self._size = float(min(_FIRST, self.most))
        self._late_s = _LATE * deadline_s
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """One at least."""
        return int(self._size)

    def answered(self, seconds: float) -> None:
        """An answer, or the end of waiting for it, came after so long."""
        with self._lock:
            if seconds > self._late_s:
                self._size = max(1.0, self._size * self._late_s / seconds)
            elif seconds < self._late_s / 2:
                self._size = min(self.most, self._size + 1)
