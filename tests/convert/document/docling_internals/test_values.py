"""Values made without validation are those that docling's own constructors make."""

from __future__ import annotations

import copy

from docling_core.types.doc import BoundingBox
from docling_core.types.doc.page import BoundingRectangle
from docling_core.types.doc.page import TextCell as DoclingTextCell

from docmill.pipeline.convert.document.docling_internals.values import bounding_box, text_cell, with_text
from docmill.pipeline.convert.types import Box


def test_a_box_is_docling_s() -> None:
    ours, theirs = bounding_box(Box(1, 2.5, 30, 4)), BoundingBox(l=1, t=2.5, r=30, b=4)
    assert ours == theirs
    assert type(ours.l) is float
    assert ours.__dict__.keys() == theirs.__dict__.keys()
    assert ours.model_dump_json() == theirs.model_dump_json()


def test_a_cell_is_docling_s() -> None:
    ours = text_cell(3, Box(1, 2, 30, 4), "text", ocr=True, confidence=0.5)
    theirs = DoclingTextCell(
        index=3,
        rect=BoundingRectangle.from_bounding_box(BoundingBox(l=1, t=2, r=30, b=4)),
        text="text",
        orig="text",
        from_ocr=True,
        confidence=0.5,
    )
    assert ours.__dict__.keys() == theirs.__dict__.keys()
    assert ours.model_dump_json() == theirs.model_dump_json()
    assert ours.to_bounding_box() == theirs.to_bounding_box()


def test_the_box_of_a_turned_cell_has_its_sides_in_order() -> None:
    theirs = BoundingRectangle.from_bounding_box(BoundingBox(l=30, t=4, r=1, b=2)).to_bounding_box()
    assert text_cell(0, Box(30, 4, 1, 2), "", ocr=False, confidence=1.0).to_bounding_box() == theirs


def test_another_text_leaves_the_cell_as_it_was() -> None:
    cell = text_cell(0, Box(0, 0, 1, 1), "before", ocr=False, confidence=1.0)
    before = copy.deepcopy(cell)
    after = with_text(cell, "after")
    assert cell == before
    assert (after.text, after.orig, after.index, after.rect) == ("after", "before", 0, cell.rect)
