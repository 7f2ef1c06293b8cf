"""Tables whose extent rules or captions and columns tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.layout.sure.captioned import captioned_tables
from docmill.pipeline.convert.types import Box, Cluster, PageContent

__all__ = ["FRAME", "gap", "shared_width", "sure_tables"]

#: A page of more is no page of text and tables; a table with more about it stands in something else.
_MOST_CELLS, _MOST_RULES, _MOST_NEAR = 3000, 5000, 100
#: Found by dot leaders, before a detection is looked at; found by more than how words are aligned.
_LED, _DRAWN = 0.9, 0.75
_LED_LABELS = frozenset({"table", "document_index"})
_CLOSED = 0.85  # of the width of the outermost words is under a rule, or over one
_OUT, _IN = 1.5, 0.35  # lines from their edge to that rule
_REACH = 2.2  # lines within which a table may go on
#: Points around a table that its drawings take.
FRAME = 4.0


def sure_tables(page: PageContent, regions: Sequence[Cluster]) -> list[Cluster]:
    """Those with dot leaders, and those that rules close or captions name, if no line of them is near."""
    led = [region for region in regions if region.label in _LED_LABELS and region.score >= _LED]
    if len(page.cells) > _MOST_CELLS or len(page.rulings) > _MOST_RULES:
        return led
    tables = [region for region in regions if region.label == "table"]
    named = {id(table) for table in captioned_tables(page, regions)}
    return led + [
        table
        for table in tables
        if table.score < _LED
        and (id(table) in named or (table.score >= _DRAWN and _is_closed(table.box, page)))
        and not _goes_on(table, tables, page)
    ]


def _is_closed(table: Box, page: PageContent) -> bool:
    """True when a rule is over the first words, and one under the last."""
    words = [word.box for word in page.words if word.box.inside(table.padded(1.0)) >= 0.5]
    if not words:
        return False
    extent, line = hull(words), _usual_height(words)
    first = hull(word for word in words if word.t < extent.t + 0.5 * line)
    last = hull(word for word in words if word.b > extent.b - 0.5 * line)
    frame = table.padded(FRAME)
    rules = [
        box
        for box in (ruling_box(rule) for rule in page.rulings if rule.horizontal)
        if box.inside(frame) > 0.9
    ]
    over = [rule for rule in rules if -_OUT * line <= rule.t - extent.t <= _IN * line]
    under = [rule for rule in rules if -_IN * line <= rule.t - extent.b <= _OUT * line]
    return _covers(over, first) and _covers(under, last)


def _goes_on(table: Cluster, tables: Sequence[Cluster], page: PageContent) -> bool:
    """True when right above or below there are several pieces on a line, or another table."""
    box = table.box
    line = _usual_height([cell.box for cell in page.cells if cell.box.inside(box) > 0.5])
    others = [other.box for other in tables if other is not table]
    if any(
        shared_width(other, box) > 0.5 * min(box.width, other.width) and gap(other, box) < _REACH * line
        for other in others
    ):
        return True
    near = [
        cell.box
        for cell in page.cells
        if shared_width(cell.box, box) > 0
        and cell.box.inside(box) < 0.5
        and gap(cell.box, box) < _REACH * line
        and not any(cell.box.inside(other.padded(2.0)) > 0.5 for other in others)
    ]
    return len(near) > _MOST_NEAR or any(
        abs(one.t + one.b - two.t - two.b) < line and max(one.l - two.r, two.l - one.r) > line
        for one, two in combinations(near, 2)
    )


def _covers(rules: Iterable[Box], words: Box) -> bool:
    """Whether rules are over, or under, nearly all of the width of words."""
    covered, reach = 0.0, words.l
    for rule in sorted(rules, key=lambda rule: rule.l):
        covered += max(0.0, min(rule.r, words.r) - max(rule.l, reach))
        reach = max(reach, rule.r)
    return covered > _CLOSED * words.width


def shared_width(one: Box, two: Box) -> float:
    """The width that both have."""
    return min(one.r, two.r) - max(one.l, two.l)


def gap(one: Box, two: Box) -> float:
    """How far one is above or below the other."""
    return max(one.t - two.b, two.t - one.b)


def _usual_height(boxes: Sequence[Box]) -> float:
    return sorted(box.height for box in boxes)[len(boxes) // 2] if boxes else 0.0
