"""Where a layout detector could see more on a page than its text and drawings tell.

Most pages of a born-digital document are plain text in one or two columns: there the detector agrees with
the geometry, and is most of what the page costs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from docmill.pipeline.convert.layout.blocks.markers import TABLE_CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import lies_in
from docmill.pipeline.convert.layout.labels.block_labels import Open
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.layout.table_signs import baselines, has_columns, is_ruled
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageOcr, TextCell

__all__ = ["Doubt", "page_doubts", "region_doubts"]

Doubt = Literal[
    "scan",
    "little_text",
    "regions",
    "caption",
    "drawing",
    "bitmaps",
    "rulings",
    "columns",
    "form",
    "heading",
    "formula",
]

#: Found by geometry: what a detector says of their kind and extent is worth having.
_UNSURE = frozenset({"table", "document_index", "form", "key_value_region"})
#: Letters of a page that is a title page, a slide, a poster or a form rather than text.
_LITTLE = 600
#: Points: icons in a line of text and bullets are smaller, drawings larger.
_ICON = 30.0
_MANY_ICONS = 40
#: Of the page's width, at least: labelled boxes of a diagram are narrower.
_PANEL = 0.3
#: Points: a rule is not thicker.
_THICK = 6.0
_MANY_BITMAPS = 4
_SAME = 6.0
#: Points around a caption within which stands what it names.
_REACH = 40.0
#: Captions of what stands there as text, whoever sees a figure in it.
_OF_TEXT = re.compile(r"\W*(?:listing|example|algorithm)", re.IGNORECASE)
#: Sizes of text, as shares of the usual one that they differ by; and how many of a page's letters are text.
_LIKE_TEXT, _MOSTLY = 0.12, 0.5
#: Points, A3: what is larger is a poster or a map.
_SHEET = 1200.0


def page_doubts(page: PageContent, ocr: PageOcr | None, style: DocumentStyle | None = None) -> list[Doubt]:
    """Why a detector should look at a page, by what stands on it."""
    found: list[Doubt] = []
    if page.scanned or page.doubted or (ocr and ocr.cells):
        found.append("scan")
    if sum(len(cell.text) for cell in page.cells) < _LITTLE and not _ends_text(page, style):
        found.append("little_text")
    if _is_drawn(page):
        found.append("drawing")
    if len(page.bitmaps) >= _MANY_BITMAPS or _written_on(page.bitmaps, page.cells):
        found.append("bitmaps")
    if is_ruled(page):
        found.append("rulings")
    if has_columns(page):
        found.append("columns")
    if page.widgets:
        found.append("form")
    return found


def region_doubts(page: PageContent, regions: Sequence[Cluster], text: Iterable[Open] = ()) -> list[Doubt]:
    """The same by what was made of it alone (`Fusion.plain`); `text` is what its text may be.

    For a page that has few bitmaps.
    """
    found: list[Doubt] = []
    labels = {region.label for region in regions}
    if labels & _UNSURE:
        found.append("regions")
    if any(region.label == "caption" and not _placed(region, page, regions) for region in regions):
        found.append("caption")
    pictures = (region.box for region in regions if region.label == "picture")
    if any(not any(_same(box, bitmap) for bitmap in page.bitmaps[:_MANY_BITMAPS]) for box in pictures):
        found.append("drawing")
    if any(label.startswith("checkbox") for label in labels):
        found.append("form")
    return found + sorted(text)


def _ends_text(page: PageContent, style: DocumentStyle | None) -> bool:
    """True for the rest of a text on a page of its own: no slide or poster, and mostly set as the text is."""
    if style is None or style.pages < 2 or not page.width <= page.height <= _SHEET:
        return False
    sizes = Counter[bool]()
    for word in page.words:
        sizes[abs(word.size - style.body_size) <= _LIKE_TEXT * style.body_size] += len(word.text)
    return sizes[True] > _MOSTLY * sizes.total()


def _placed(caption: Cluster, page: PageContent, regions: Sequence[Cluster]) -> bool:
    """True for the caption of a listing, of what is text anyway, and of a bitmap that no table can be."""
    text = page.cells[caption.cells[0]].text if caption.cells and caption.cells[0] < len(page.cells) else ""
    if _OF_TEXT.match(text):
        return True
    around = caption.box.padded(_REACH)
    beside = [region for region in regions if region.box.intersection(around) > 0]
    if any(region.label == "code" for region in beside):
        return True
    return TABLE_CAPTION.match(text) is None and any(
        region.label == "picture" and any(_same(region.box, bitmap) for bitmap in page.bitmaps)
        for region in beside
    )


def _is_drawn(page: PageContent) -> bool:
    """Shapes larger than icons, but for the page's background, panels and rules, or very many of any size."""
    sheet = 0.9 * page.width * page.height
    shapes = [box for box in page.shapes if box.area < sheet]
    large = (box for box in shapes if max(box.width, box.height) > _ICON)
    return len(shapes) > _MANY_ICONS or any(
        not (_is_thick_rule(box, page) or _is_panel(box, page)) for box in large
    )


def _is_thick_rule(box: Box, page: PageContent) -> bool:
    """True for a bar across the text, as over and under titles; those of charts are narrower."""
    return box.height <= _THICK and box.width >= _PANEL * page.width


def _is_panel(box: Box, page: PageContent) -> bool:
    """True for what is drawn behind lines of text, as behind code: each line by itself, unlike a table's."""
    lines = [cell for cell in page.cells if lies_in(cell.box, box, 0.9)]
    single = all(len(band) == 1 for band in baselines(lines))
    return box.width >= _PANEL * page.width and bool(lines) and single


def _same(one: Box, two: Box) -> bool:
    sides = zip((one.l, one.t, one.r, one.b), (two.l, two.t, two.r, two.b), strict=True)
    return all(abs(a - b) < _SAME for a, b in sides)


def _written_on(bitmaps: Sequence[Box], cells: Sequence[TextCell]) -> bool:
    return any(lies_in(cell.box, bitmap, 0.5) for bitmap in bitmaps for cell in cells)
