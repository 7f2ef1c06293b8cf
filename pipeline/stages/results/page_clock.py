"""Where a worker's time goes, page by page: one page may take a hundred times its neighbours' time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.types import Box

__all__ = ["PageClock"]


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


P = TypeVar("P", bound=_Numbered)


@dataclass
class PageClock:
    """The wall time of a chunk's pages, which adds up to what the worker spent on all of them.

    A page's time is that of drawing it and of waiting for its result, from the result before it on. Where an
    engine does one page after another that is the page's own work. Where several are in hand at once (a
    server), a page's result may be there before it is waited for: such a page takes no more than its drawing,
    and a slow one what it holds the others up for.
    """

    clock: Callable[[], float] = time.perf_counter
    _spent: dict[int, float] = field(default_factory=dict)
    _total: float = 0.0

    @property
    def seconds(self) -> dict[int, float]:
        """Seconds by page number, to a tenth of a millisecond."""
        return {number: round(seconds, 4) for number, seconds in self._spent.items()}

    def results(self, pages: Iterable[P]) -> Iterator[P]:
        """The results of pages as they come, each with its page's time."""
        results = iter(pages)
        while True:
            started, before = self.clock(), self._total
            page = next(results, None)
            if page is None:
                return
            # what was drawn meanwhile, this page or a later one, has been counted
            self._spend(page.number, self.clock() - started - (self._total - before))
            yield page

    def render(self, number: int, render: Render) -> Render:
        """`render`, whose time is that of page `number`, whichever result is waited for."""

        def timed(scale: float, box: Box | None) -> Any:
            started = self.clock()
            try:
                return render(scale, box)
            finally:
                self._spend(number, self.clock() - started)

        return timed

    def _spend(self, number: int, seconds: float) -> None:
        self._spent[number] = self._spent.get(number, 0.0) + seconds
        self._total += seconds
