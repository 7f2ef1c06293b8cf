"""Calls that wait for a store, many at once: where it is far, it answers many requests as fast as one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from docmill.resources.clients.files.waiting import Waiting

__all__ = ["AT_ONCE", "at_once"]

T = TypeVar("T")
R = TypeVar("R")

#: A client of ours has not many more connections, and not the CPU for more.
AT_ONCE = 16


def at_once(function: Callable[[T], R], items: Iterable[T], limit: int = AT_ONCE) -> Iterator[R]:
    """The result of each call, in the order of the items; an error is raised where its result would be.

    No more than `limit` calls are ahead of whoever takes the results, so that what they hold is bounded. They
    are made in this thread, when their results are taken, as long as the store answers quickly.
    """
    left, waiting = iter(items), Waiting()
    for item in left:
        yield waiting.call(partial(function, item))
        if waiting.long:
            yield from _in_threads(function, left, limit)  # all of it, so that the loop ends


def _in_threads(function: Callable[[T], R], items: Iterable[T], limit: int) -> Iterator[R]:
    """The same of what is left, in threads."""
    with ThreadPoolExecutor(limit) as threads:
        calls: deque[Future[R]] = deque()
        try:
            for item in items:
                if len(calls) == limit:
                    yield calls.popleft().result()
                calls.append(threads.submit(function, item))
            while calls:
                yield calls.popleft().result()
        finally:
            for call in calls:
                call.cancel()
