"""Tables in columns right under or over their captions, next to which nothing of them can stand."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, TABLE_CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import lies_in
from docmill.pipeline.convert.layout.table_signs import baselines
from docmill.pipeline.convert.types import Box, Cluster, PageContent, TextCell

__all__ = ["captioned_tables"]

_REACH = 3.0  # lines from a table to its caption
_BESIDE = 30.0  # points beside a table in which a column of it would stand
_LEAST_BANDS, _WHOLE = 3, 0.4  # baselines, and how many of them have several pieces
_LONG, _MOST_LONG = 8, 0.15  # words of a line of text, and the share of such pieces
_LABEL = 4  # words of a piece beside a table
_MOST_CELLS = 3000


def captioned_tables(page: PageContent, regions: Sequence[Cluster]) -> list[Cluster]:
    """Those of the regions."""
    named = [cell for cell in page.cells if TABLE_CAPTION.match(cell.text) and CAPTION.match(cell.text)]
    if not named or len(page.cells) > _MOST_CELLS:
        return []
    whole = [region.box for region in regions if region.label == "caption"]
    tables = [region for region in regions if region.label == "table"]
    return [table for table in tables if _is_captioned(table.box, named, whole) and _is_sure(table.box, page)]


def _is_captioned(table: Box, named: Sequence[TextCell], whole: Sequence[Box]) -> bool:
    """True when no caption begins within the table, and one is near to it, of one line or several."""
    if any(lies_in(caption.box, table, 0.5) for caption in named):
        return False
    return any(
        min(table.r, box.r) > max(table.l, box.l)
        and max(table.t - box.b, box.t - table.b) < _REACH * caption.box.height
        for caption in named
        for box in (caption.box, *(box for box in whole if lies_in(caption.box, box, 0.9)))
    )


def _is_sure(table: Box, page: PageContent) -> bool:
    inner = [cell for cell in page.cells if lies_in(cell.box, table.padded(1.0), 0.5)]
    bands = list(baselines(inner))
    if len(bands) < _LEAST_BANDS or sum(len(band) > 1 for band in bands) < _WHOLE * len(bands):
        return False
    if sum(_words(cell) >= _LONG for cell in inner) > _MOST_LONG * len(inner):
        return False
    beside = Box(table.l - _BESIDE, table.t, table.r + _BESIDE, table.b)
    return not any(
        lies_in(cell.box, beside, 0.3) and _words(cell) <= _LABEL
        for cell in page.cells
        if not lies_in(cell.box, table.padded(1.0), 0.5)
    )


def _words(cell: TextCell) -> int:
    return len(cell.text.split())
