"""Tables and listings whose extent text and drawings tell, so that a detector adds nothing to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, TABLE_CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.layout.table_signs import baselines
from docmill.pipeline.convert.types import Box, Cluster, PageContent, TextCell

__all__ = ["beside_sure_regions", "may_be_of_tables", "sure_tables"]

#: Doubts that sure regions may settle, and those without which a page has no table that rules close.
_SETTLED = frozenset({"caption", "drawing", "rulings", "columns"})
_SIGNS = frozenset({"rulings", "columns"})
#: A page of more is no page of text and tables; a table with more about it stands in something else.
_MOST_CELLS, _MOST_RULES, _MOST_NEAR = 3000, 5000, 100
#: Found by dot leaders, before a detection is looked at; found by more than how words are aligned.
_LED, _DRAWN = 0.9, 0.75
_LED_LABELS = frozenset({"table", "document_index"})
#: At the edges of a page: no detection makes a table of them, nor of code most lines of which are one piece.
_FURNITURE = frozenset({"page_header", "page_footer"})
_SINGLE = 0.7
_CLOSED = 0.85  # of the width of the outermost words is under a rule, or over one
_OUT, _IN = 1.5, 0.35  # lines from their edge to that rule
_REACH = 2.2  # lines within which a table may go on
_FRAME = 4.0  # points around a table that its drawings take
_TO_CAPTION = 5.0  # lines


def may_be_of_tables(doubts: Iterable[str]) -> bool:
    """Whether a page has signs of tables, and no doubts but those that sure ones may settle."""
    found = {*doubts}
    return found <= _SETTLED and bool(found & _SIGNS)


def beside_sure_regions(page: PageContent, regions: Sequence[Cluster]) -> tuple[PageContent, list[Cluster]]:
    """The page and its regions without those that are sure, and without the captions of tables among them."""
    tables = sure_tables(page, regions)
    frames = [table.box.padded(_FRAME) for table in tables]
    lines = [
        region.box.padded(1.0)
        for region in regions
        if region.label in _FURNITURE or (region.label == "code" and _is_listing(region.box, page))
    ]
    if not frames and not lines:
        return page, list(regions)
    sure = {id(table) for table in tables}
    rest = replace(
        page,
        cells=[cell for cell in page.cells if not (_lies_in(cell.box, lines) or _is_of(cell, frames))],
        rulings=[rule for rule in page.rulings if not _lies_in(ruling_box(rule), frames)],
        shapes=[shape for shape in page.shapes if not _lies_in(shape, frames)],
    )
    others = [
        region
        for region in regions
        if id(region) not in sure and not (region.label == "caption" and _is_near(region.box, frames))
    ]
    return rest, others


def sure_tables(page: PageContent, regions: Sequence[Cluster]) -> list[Cluster]:
    """Those with dot leaders, and those that rules close, next to which no line of them can stand."""
    led = [region for region in regions if region.label in _LED_LABELS and region.score >= _LED]
    if len(page.cells) > _MOST_CELLS or len(page.rulings) > _MOST_RULES:
        return led
    tables = [region for region in regions if region.label == "table"]
    drawn = [table for table in tables if _DRAWN <= table.score < _LED]
    return led + [
        table for table in drawn if _is_closed(table.box, page) and not _goes_on(table, tables, page)
    ]


def _is_listing(code: Box, page: PageContent) -> bool:
    """True for code with comments beside some lines; all lines of a table of code have several pieces."""
    bands = list(baselines(cell for cell in page.cells if cell.box.inside(code) > 0.5))
    return sum(len(band) == 1 for band in bands) >= _SINGLE * len(bands)


def _is_closed(table: Box, page: PageContent) -> bool:
    """True when a rule is over the first words, and one under the last."""
    words = [word.box for word in page.words if word.box.inside(table.padded(1.0)) >= 0.5]
    if not words:
        return False
    extent, line = hull(words), _usual_height(words)
    first = hull(word for word in words if word.t < extent.t + 0.5 * line)
    last = hull(word for word in words if word.b > extent.b - 0.5 * line)
    frame = table.padded(_FRAME)
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
        _shared(other, box) > 0.5 * min(box.width, other.width) and _gap(other, box) < _REACH * line
        for other in others
    ):
        return True
    near = [
        cell.box
        for cell in page.cells
        if _shared(cell.box, box) > 0
        and cell.box.inside(box) < 0.5
        and _gap(cell.box, box) < _REACH * line
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


def _shared(one: Box, two: Box) -> float:
    """The width that both have."""
    return min(one.r, two.r) - max(one.l, two.l)


def _gap(one: Box, two: Box) -> float:
    """How far one is above or below the other."""
    return max(one.t - two.b, two.t - one.b)


def _usual_height(boxes: Sequence[Box]) -> float:
    return sorted(box.height for box in boxes)[len(boxes) // 2] if boxes else 0.0


def _lies_in(box: Box, frames: Sequence[Box]) -> bool:
    return any(box.inside(frame) > 0.9 for frame in frames)


def _is_of(cell: TextCell, frames: Sequence[Box]) -> bool:
    """True for a line of a table, or the first of its caption."""
    if any(cell.box.inside(frame) > 0.5 for frame in frames):
        return True
    return bool(TABLE_CAPTION.match(cell.text) and CAPTION.match(cell.text)) and _is_near(cell.box, frames)


def _is_near(box: Box, frames: Sequence[Box]) -> bool:
    """True right above or below a table."""
    return any(_shared(box, frame) > 0 and _gap(box, frame) < _TO_CAPTION * box.height for frame in frames)
