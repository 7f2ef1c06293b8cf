"""What waits for the store while a stage runs: it goes on in threads, and one thread decides what follows."""

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

__all__ = ["Background"]

T = TypeVar("T")
R = TypeVar("R")

#: Calls that are begun or wait for a thread. Each may hold the pages of a chunk.
_PENDING = 2 * AT_ONCE


class Background(Generic[R]):
    """Calls in threads; use as a context manager, and from one thread.

    `submit` waits when too much is pending already, so that whoever produces faster than the store takes is
    held back. What follows a call runs in the thread that takes it with `done`. The file descriptor `ready`
    can be read when something is done.
    """

    def __init__(self, threads: int = AT_ONCE, pending: int = _PENDING) -> None:
        self._threads = ThreadPoolExecutor(threads, "docmill-store")
        self._slots = threading.BoundedSemaphore(pending)
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
        self._threads.submit(call).add_done_callback(partial(self._finish, then))

    def done(self, *, wait: bool = False) -> Iterator[R]:
        """What followed the calls that are done, where that is something; with `wait` at least one.

        Raises what a call raised.
        """
        with suppress(BlockingIOError):
            os.read(self.ready, 1 << 16)
        wait = wait and self.busy
        while wait or not self._finished.empty():
            future, then = self._finished.get()
            wait = False
            self._taken += 1
            result = then(future.result())
            if result is not None:
                yield result

    def _finish(self, then: Callable[[Any], R | None], future: Future[Any]) -> None:
        self._slots.release()
        self._finished.put((future, then))
        os.write(self._told, b".")
