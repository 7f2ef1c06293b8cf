"""Boxes of paragraphs that go on over a page break, where the pages differ in height.

docling turns the box of every part bottom up with the height of the page that the paragraph begins on.
"""

from __future__ import annotations

from docling_core.types.doc import CoordOrigin, DoclingDocument

__all__ = ["move_continued_boxes"]


def move_continued_boxes(document: DoclingDocument) -> None:
    """Move the boxes of such parts, in place, to where they are on their own page."""
    heights = {number: page.size.height for number, page in document.pages.items()}
    if len(set(heights.values())) < 2:
        return
    for item in document.texts:
        for part in item.prov[1:]:
            box = part.bbox
            if box.coord_origin == CoordOrigin.BOTTOMLEFT:
                step = heights[part.page_no] - heights[item.prov[0].page_no]
                part.bbox = box.model_copy(update={"t": box.t + step, "b": box.b + step})
