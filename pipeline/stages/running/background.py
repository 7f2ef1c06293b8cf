"""What waits for the store while a stage runs: it goes on in threads, and one thread decides what follows.

A store that answers at once is asked in that thread: it would wait longer for the interpreter's lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

from docmill.resources.clients.files.at_once import AT_ONCE
from docmill.resources.clients.files.waiting import Waiting

__all__ = ["Background"]

T = TypeVar("T")
R = TypeVar("R")

#: Calls that are begun or wait for a thread. Each may hold the pages of a chunk.
_PENDING = 2 * AT_ONCE


class Background(Generic[R]):
    """Calls in threads, once they take long; use as a context manager, and from one thread.

    `submit` waits when too much is pending already, so that whoever produces faster than the store takes is
    held back. What follows a call runs in the thread that takes it with `done`. The file descriptor `ready`
    can be read when something is done.
    """

    def __init__(self, threads: int = AT_ONCE, pending: int = _PENDING) -> None:
        self._threads = ThreadPoolExecutor(threads, "docmill-store")
        self._slots = threading.BoundedSemaphore(pending)
        self._waiting = Waiting()
        self._finished: SimpleQueue[tuple[Future[Any], Callable[[Any], R | None]]] = SimpleQueue()
        self._submitted = self._taken = 0
        self.ready, self._told = os.pipe()
        os.set_blocking(self.ready, False)

    def __enter__(self) -> Background[R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the calls that have begun, and drop the others: nothing happens afterwards."""
        self._threads.shutdown(cancel_futures=True)
        os.close(self.ready)
        os.close(self._told)

    @property
    def busy(self) -> bool:
        """Whether there are calls whose result was not taken."""
        return self._taken < self._submitted

    def submit(self, call: Callable[[], T], then: Callable[[T], R | None]) -> None:
        """Run a call; `done` hands its result to `then`."""
        self._slots.acquire()
        self._submitted += 1
        if self._waiting.long:
            self._threads.submit(call).add_done_callback(partial(self._finish, then))
            return
        future: Future[T] = Future()
        try:
            future.set_result(self._waiting.call(call))
        except Exception as error:  # noqa: BLE001 - whoever takes the result hears of it, as of one in a thread
            future.set_exception(error)
        self._finish(then, future)

    def done(self, *, wait: bool = False) -> Iterator[R]:
        """What followed the calls that are done, where that is something; with `wait` at least one.

        Raises what a call raised.
        """
        with suppress(BlockingIOError):
            os.read(self.ready, 1 << 16)
        # what they ask for in turn waits for the next look: whoever looks has others to see to
        for _ in range(self._finished.qsize() or int(wait and self.busy)):
            future, then = self._finished.get()
            self._taken += 1
            result = then(future.result())
            if result is not None:
                yield result

    def _finish(self, then: Callable[[Any], R | None], future: Future[Any]) -> None:
        self._slots.release()
        self._finished.put((future, then))
        os.write(self._told, b".")
