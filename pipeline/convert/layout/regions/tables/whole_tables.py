"""Tables in place of parts of them that were found before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.types import Box

__all__ = ["ALONE_SCORE", "with_captioned", "with_whole"]

ALONE_SCORE = 0.75  # of a table that nothing but the page's geometry shows
_MOST_PARTS = 12  # of a table that were found


def with_whole(tables: Sequence[Found], wholes: Sequence[Box]) -> list[Found]:
    """The tables with `wholes` in place of those that are parts of one; not where several stand in it."""
    kept = list(tables)
    for box in wholes:
        near = [table.box for table in kept if box.intersection(table.box) > 0][:_MOST_PARTS]
        several = any(one.intersection(two) <= 0 for one, two in combinations(near, 2))
        known = any(box.inside(other) > 0.8 and not _goes_on(box, other) for other in near)
        if not several and not known:
            kept = _joined(kept, [table for table in kept if table.box.inside(box) > 0.8], box)
    return kept


def with_captioned(tables: Sequence[Found], captioned: Sequence[Box]) -> list[Found]:
    """The tables with those at captions, where nothing was found or they go on from it."""
    kept = list(tables)
    for box in captioned:
        parts = [table for table in kept if box.intersection(table.box) > 0]
        if all(_goes_on(box, part.box) for part in parts):
            kept = _joined(kept, parts, box)
    return kept


def _joined(tables: Sequence[Found], parts: Sequence[Found], box: Box) -> list[Found]:
    """The tables with one in place of its parts, or where it goes on from the one that it is most like."""
    like = max(tables, key=lambda table: table.box.iou(box), default=None)
    if like is not None and _goes_on(box, like.box):
        parts = [*(part for part in parts if part is not like), like]
    if not parts:
        return [*tables, Found("table", box, ALONE_SCORE, "geometry")]
    seen = [part for part in parts if part.source == "model"] or parts  # rules alone may frame a title, too
    whole = hull([box, *(part.box for part in seen)])
    first = min(at for at, table in enumerate(tables) if any(table is part for part in parts))
    found = Found("table", whole, max(part.score for part in parts), "geometry")
    rest = [table for table in tables[first:] if not any(table is part for part in parts)]
    return [*tables[:first], found, *rest]


def _goes_on(one: Box, two: Box) -> bool:
    """True for boxes of one table, a part of which is in both."""
    across = min(one.r, two.r) - max(one.l, two.l)
    return across > 0.8 * max(one.width, two.width) and one.intersection(two) > 0
