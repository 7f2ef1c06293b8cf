"""Tables, figures and listings whose extent text and drawings tell: a detector adds nothing to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, TABLE_CAPTION
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.layout.sure.figures import sure_figures
from docmill.pipeline.convert.layout.sure.front_lines import front_lines
from docmill.pipeline.convert.layout.sure.tables import FRAME, gap, shared_width, sure_tables
from docmill.pipeline.convert.layout.table_signs import baselines
from docmill.pipeline.convert.types import Box, Cluster, PageContent, TextCell

__all__ = ["beside_sure_regions", "may_be_settled"]

#: Doubts that sure regions may settle, and those without which it takes a caption for a page to have one.
_SETTLED = frozenset({"caption", "drawing", "rulings", "columns"})
_SIGNS = frozenset({"rulings", "columns"})
#: A page of more is no page of text, tables and figures.
_MOST_CELLS = 3000
#: At the edges of a page, or mathematics by its glyphs: no detection makes a table of them, nor of code most
#: lines of which are one piece.
_PLACED = frozenset({"page_header", "page_footer", "formula"})
_SINGLE = 0.7
_TO_CAPTION = 5.0  # lines


def may_be_settled(doubts: Iterable[str], page: PageContent) -> bool:
    """Whether a page has signs of tables or captions, and no doubts but those that sure ones may settle."""
    found = {*doubts}
    return found <= _SETTLED and (
        bool(found & _SIGNS) or any(CAPTION.match(cell.text) for cell in page.cells[:_MOST_CELLS])
    )


def beside_sure_regions(page: PageContent, regions: Sequence[Cluster]) -> tuple[PageContent, list[Cluster]]:
    """The page and its regions without those that are sure, and without the captions of those."""
    tables, figures = sure_tables(page, regions), sure_figures(page, regions)
    frames = [table.box.padded(FRAME) for table in tables]
    drawn = [picture.box.padded(FRAME) for picture, _ in figures]
    named = [caption.box.padded(1.0) for _, caption in figures]
    lines = _sure_lines(page, regions) if len(page.cells) <= _MOST_CELLS else []
    if not (frames or drawn or lines):
        return page, list(regions)
    sure = {id(table) for table in tables} | {id(region) for pair in figures for region in pair}
    lines += [*drawn, *named]
    rest = replace(
        page,
        cells=[cell for cell in page.cells if not (_lies_in(cell.box, lines) or _is_of(cell, frames))],
        rulings=[rule for rule in page.rulings if not _lies_in(ruling_box(rule), [*frames, *drawn])],
        shapes=[shape for shape in page.shapes if not _lies_in(shape, [*frames, *drawn])],
    )
    others = [
        region
        for region in regions
        if id(region) not in sure and not (region.label == "caption" and _is_near(region.box, frames))
    ]
    return rest, others


def _sure_lines(page: PageContent, regions: Sequence[Cluster]) -> list[Box]:
    """What is text, whatever stands in columns there."""
    placed = [
        region.box.padded(1.0)
        for region in regions
        if region.label in _PLACED or (region.label == "code" and _is_listing(region.box, page))
    ]
    return placed + front_lines(page, regions)


def _is_listing(code: Box, page: PageContent) -> bool:
    """True for code with comments beside some lines; all lines of a table of code have several pieces."""
    bands = list(baselines(cell for cell in page.cells if cell.box.inside(code) > 0.5))
    return sum(len(band) == 1 for band in bands) >= _SINGLE * len(bands)


def _lies_in(box: Box, frames: Sequence[Box]) -> bool:
    return any(box.inside(frame) > 0.9 for frame in frames)


def _is_of(cell: TextCell, frames: Sequence[Box]) -> bool:
    """True for a line of a table, or the first of its caption."""
    if any(cell.box.inside(frame) > 0.5 for frame in frames):
        return True
    return bool(TABLE_CAPTION.match(cell.text) and CAPTION.match(cell.text)) and _is_near(cell.box, frames)


def _is_near(box: Box, frames: Sequence[Box]) -> bool:
    """True right above or below a table."""
    return any(
        shared_width(box, frame) > 0 and gap(box, frame) < _TO_CAPTION * box.height for frame in frames
    )
