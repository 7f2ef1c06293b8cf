"""Which chunks of pages are worth beginning early: a map that comes last keeps a whole batch waiting."""

from __future__ import annotations

from collections.abc import Mapping

from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Pages, Selection

__all__ = ["heaviest_page"]

#: Seconds to read a page's text and drawings: most take a tenth of it. Others stay in the documents' order,
#: in which a worker opens each file once.
_HEAVY_S = 0.25


def heaviest_page(chunk: Selection, upstream: Mapping[str, StageRecord]) -> float:
    """Seconds that the first stage took for the slowest of them; 0 where that is an ordinary page.

    A page that has much to be read keeps every later stage busy. `upstream` are the records of the stages
    before, the first of them first.
    """
    read = next(iter(upstream.values()), None)
    if read is None:
        return 0.0
    numbers = chunk.numbers if isinstance(chunk, Pages) else read.page_seconds
    slowest = max((read.page_seconds.get(number, 0.0) for number in numbers), default=0.0)
    return slowest if slowest > _HEAVY_S else 0.0
