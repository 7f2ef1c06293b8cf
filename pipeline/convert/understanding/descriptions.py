"""Descriptions of pictures, put on the pictures of the document that they were made of."""

from __future__ import annotations

from collections.abc import Iterable

from docling_core.types.doc import DoclingDocument, PictureItem
from docling_core.types.doc.document import DescriptionMetaField, PictureMeta

from docmill.pipeline.convert.types import Box, PictureDescription

__all__ = ["add_descriptions"]

#: Post-processing may move a box a little.
_SAME = 0.8


def add_descriptions(
    document: DoclingDocument, page: int, descriptions: Iterable[PictureDescription]
) -> None:
    """Give each picture of a page the description of the region that it is, in place."""
    size = document.pages[page].size
    pictures = [picture for picture in document.pictures if picture.prov and picture.prov[0].page_no == page]
    for description in descriptions:
        best = max(pictures, key=lambda p: _box(p, size.height).iou(description.box), default=None)
        if best is not None and _box(best, size.height).iou(description.box) >= _SAME:
            best.meta = best.meta or PictureMeta()
            best.meta.description = DescriptionMetaField(text=description.text, created_by=description.model)


def _box(picture: PictureItem, height: float) -> Box:
    box = picture.prov[0].bbox.to_top_left_origin(height)
    return Box(box.l, box.t, box.r, box.b)
