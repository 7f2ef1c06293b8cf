"""Forms: checkboxes, be they fields, drawn squares or glyphs, each with the label to its right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["Checkbox", "checkbox_glyph", "checkboxes", "holds_form", "labelled_rows"]

_UNSELECTED = frozenset("☐")
_SELECTED = frozenset("☑☒🗹🗷")
_MAX_BOXES = 2000
_LEAST_DRAWN = 2  # one lone square may be anything


@dataclass(frozen=True, slots=True)
class Checkbox:
    """Where a checkbox or radio button is, and whether it is set."""

    box: Box
    checked: bool


def checkbox_glyph(word: str) -> bool | None:
    """Whether the checkbox that `word` starts with is set; None when it starts with none."""
    if word[:1] in _SELECTED:
        return True
    return False if word[:1] in _UNSELECTED else None


def _square(box: Box) -> bool:
    return 5 <= box.width <= 16 and 5 <= box.height <= 16 and abs(box.width - box.height) <= 2


def checkboxes(page: PageContent, pictures: Sequence[Found]) -> list[Checkbox]:
    """The page's checkboxes: its fields, else small squares drawn outside pictures."""
    fields = [
        Checkbox(widget.box, widget.checked)
        for widget in page.widgets
        if widget.kind in {"checkbox", "radio"}
    ]
    if fields:
        return fields[:_MAX_BOXES]
    drawn = [
        Checkbox(shape, False)
        for shape in page.shapes
        if _square(shape) and not any(shape.inside(item.box) > 0.5 for item in pictures)
    ]
    return drawn[:_MAX_BOXES] if len(drawn) >= _LEAST_DRAWN else []


def holds_form(page: PageContent, box: Box) -> bool:
    """True when several form fields lie in the box."""
    return sum(1 for widget in page.widgets[:_MAX_BOXES] if widget.box.inside(box) > 0.6) >= 3


def labelled_rows(boxes: Sequence[Checkbox], rows: Sequence[Row]) -> dict[int, Checkbox]:
    """The first cell of each row that stands right of a checkbox, with that checkbox."""
    strips: dict[int, list[Row]] = {}
    for row in rows:
        for strip in range(int(row.box.t // 8), min(int(row.box.b // 8), int(row.box.t // 8) + 20) + 1):
            strips.setdefault(strip, []).append(row)
    found: dict[int, Checkbox] = {}
    for checkbox in boxes:
        box = checkbox.box
        middle = (box.t + box.b) / 2
        beside = [
            row
            for row in strips.get(int(middle // 8), ())
            if row.box.t - 3 <= middle <= row.box.b + 3 and -3 <= row.box.l - box.r <= 1.6 * row.size
        ]
        if beside:
            found[min(beside, key=lambda row: row.box.l).cells[0]] = checkbox
    return found
