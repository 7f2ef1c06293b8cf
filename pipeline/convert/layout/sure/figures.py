"""Drawn figures over their captions that are whole: a detector adds nothing to them."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, TABLE_CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import lies_in
from docmill.pipeline.convert.types import Box, Cluster, PageContent, TextCell

__all__ = ["sure_figures"]

_DRAWN = 0.9  # less than that of a bitmap
_ABOVE, _REACH = 4.0, 45.0  # points from a figure down to its caption
_NEAR = 10.0  # points around a figure in which a label of it would stand
_LABEL = 4  # words
_LINE, _MOST_LINES = 6, 1  # words of a line of text; lines of text in a figure
_MOST_CELLS = 3000


def sure_figures(page: PageContent, regions: Sequence[Cluster]) -> list[tuple[Cluster, Cluster]]:
    """Drawings with the captions under them, between which nothing stands, and no label around."""
    if len(page.cells) > _MOST_CELLS:
        return []
    captions = [region for region in regions if region.label == "caption" and _names_figure(region, page)]
    found: list[tuple[Cluster, Cluster]] = []
    for picture in regions:
        if picture.label != "picture" or picture.score >= _DRAWN or not captions:
            continue
        under = [caption for caption in captions if _is_under(caption.box, picture.box)]
        if len(under) == 1 and _is_whole(picture.box, under[0], page):
            found.append((picture, under[0]))
    return found


def _names_figure(caption: Cluster, page: PageContent) -> bool:
    first = caption.cells[0] if caption.cells else len(page.cells)
    text = page.cells[first].text if first < len(page.cells) else ""
    return CAPTION.match(text) is not None and TABLE_CAPTION.match(text) is None


def _is_under(caption: Box, picture: Box) -> bool:
    across = min(caption.r, picture.r) - max(caption.l, picture.l)
    return across > 0.5 * min(caption.width, picture.width) and -_ABOVE <= caption.t - picture.b <= _REACH


def _is_whole(picture: Box, caption: Cluster, page: PageContent) -> bool:
    if not any(lies_in(shape, picture.padded(1.0), 0.9) for shape in page.shapes):
        return False  # of rules alone: a table, perhaps
    own = set(caption.cells)
    others = [cell for number, cell in enumerate(page.cells) if number not in own]
    inner = [cell for cell in others if lies_in(cell.box, picture, 0.5)]
    if sum(_words(cell) >= _LINE for cell in inner) > _MOST_LINES:
        return False
    around = picture.padded(_NEAR)
    between = Box(around.l, picture.b, around.r, max(caption.box.t, picture.b))
    return not any(
        lies_in(cell.box, between, 0.5) or (cell.box.intersection(around) > 0 and _is_label(cell))
        for cell in others
        if not lies_in(cell.box, picture, 0.5)
    )


def _is_label(cell: TextCell) -> bool:
    return _words(cell) <= _LABEL or cell.box.height > cell.box.width


def _words(cell: TextCell) -> int:
    return len(cell.text.split())
