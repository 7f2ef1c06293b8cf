"""docling's values, made without validation of numbers and texts that are right already."""

from __future__ import annotations

from typing import Any, TypeVar

from docling_core.types.doc import BoundingBox, CoordOrigin
from docling_core.types.doc.page import BoundingRectangle
from docling_core.types.doc.page import TextCell as DoclingTextCell

from docmill.pipeline.convert.types import Box

__all__ = ["bounding_box", "made", "made_box", "text_cell", "with_text"]

T = TypeVar("T")

_TOP_LEFT = CoordOrigin.TOPLEFT
_CELL = {
    name: None if field.is_required() else field.get_default()
    for name, field in DoclingTextCell.model_fields.items()
}
_set = object.__setattr__


def made(kind: type[T], values: dict[str, Any]) -> T:
    """A pydantic model that has `values` for all of its fields, as they are."""
    model = object.__new__(kind)
    _set(model, "__dict__", values)
    _set(model, "__pydantic_fields_set__", set(values))
    _set(model, "__pydantic_extra__", None)
    _set(model, "__pydantic_private__", None)
    return model


class _Rectangle(BoundingRectangle):
    """A rectangle along the page, that has its box at hand: docling asks for it several times."""

    def to_bounding_box(self) -> BoundingBox:
        box: BoundingBox = self.__dict__["box"]
        return box


def made_box(left: float, top: float, right: float, bottom: float) -> BoundingBox:
    """A box from the top left of the page."""
    sides = {"l": left, "t": top, "r": right, "b": bottom, "coord_origin": _TOP_LEFT}
    return made(BoundingBox, sides)


def bounding_box(box: Box) -> BoundingBox:
    """A box of the page as docling's."""
    return made_box(float(box.l), float(box.t), float(box.r), float(box.b))


def text_cell(index: int, box: Box, text: str, *, ocr: bool, confidence: float) -> DoclingTextCell:
    """A line of a page as docling's cell."""
    left, top, right, bottom = float(box.l), float(box.t), float(box.r), float(box.b)
    sides = {
        "r_x0": left,
        "r_y0": bottom,
        "r_x1": right,
        "r_y1": bottom,
        "r_x2": right,
        "r_y2": top,
        "r_x3": left,
        "r_y3": top,
        "coord_origin": _TOP_LEFT,
    }
    rectangle = made(_Rectangle, sides)
    rectangle.__dict__["box"] = made_box(
        min(left, right), min(top, bottom), max(left, right), max(top, bottom)
    )
    own = {
        "index": index,
        "rect": rectangle,
        "text": text,
        "orig": text,
        "from_ocr": ocr,
        "confidence": confidence,
    }
    return made(DoclingTextCell, _CELL | own)


def with_text(cell: DoclingTextCell, text: str) -> DoclingTextCell:
    """The cell with another text."""
    return made(DoclingTextCell, cell.__dict__ | {"text": text})
