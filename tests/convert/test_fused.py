"""The detector is asked about all pages, about those where it may see more, or about none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import Asked
from docmill.pipeline.convert.fused import fused_layout
from docmill.pipeline.convert.layout.detectors.cdla import STRIDES, Tensor
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, PageLayout
from tests.convert.layout.sheet import Sheet


class Blind:
    """A detector that sees nothing, and counts how often it is asked and a page is drawn."""

    def __init__(self) -> None:
        self.asked = self.drawn = 0

    def render(self, scale: float, box: Box | None) -> NDArray[np.uint8]:
        assert box is None
        self.drawn += 1
        return np.full((int(792 * scale), int(612 * scale), 3), 255, np.uint8)

    def __call__(self, tensor: Tensor) -> Sequence[NDArray[np.float32]]:
        self.asked += 1
        height, width = tensor.shape[2:]
        sizes = [-(-height // stride) * -(-width // stride) for stride in STRIDES]
        scores = [np.zeros((1, size, 10), np.float32) for size in sizes]
        return scores + [np.zeros((1, size, 32), np.float32) for size in sizes]

    def layout(self, sheet: Sheet, asked: Asked) -> PageLayout:
        return fused_layout(sheet.page, None, None, self.render, self, asked)


def prose() -> Sheet:
    sheet = Sheet()
    for place in range(4):
        sheet.prose(72, 90 + 150 * place, 10)
    return sheet


def table(sheet: Sheet) -> None:
    """Three rules and four lines in three columns."""
    for y in (690, 705, 738):
        sheet.rule(100, y, 400, y)
    for row, texts in enumerate([["Port", "Ebb", "Flow"], ["Dover", "1.2", "3.4"], ["Cork", "5.6", "7.8"]]):
        for column, text in enumerate(texts):
            sheet.line(104 + 100 * column, 692 + 15 * row, text)


@pytest.mark.parametrize("asked", ["auto", "never"])
def test_a_page_of_prose_is_neither_drawn_nor_shown(asked: Asked) -> None:
    detector = Blind()
    layout = detector.layout(prose(), asked)
    assert (detector.drawn, detector.asked) == (0, 0)
    assert layout == PageLayout(number=1, clusters=fuse(prose().page, None, ()), doubts=[])


def test_a_page_with_rules_is_shown_and_says_why() -> None:
    sheet, detector = prose(), Blind()
    sheet.grid([100, 200, 300], [660, 680, 700])
    sheet.line(104, 649, "Ebb")
    sheet.line(204, 649, "Flow")
    layout = detector.layout(sheet, "auto")
    assert (detector.drawn, detector.asked) == (1, 1)
    assert layout.doubts
    assert "rulings" in layout.doubts
    assert detector.layout(sheet, "never").doubts == []
    assert detector.asked == 1


def test_a_page_whose_doubts_are_a_sure_tables_is_not_shown() -> None:
    sheet, detector = prose(), Blind()
    sheet.line(100, 675, "Table 2: Tides of the week")
    table(sheet)
    sheet.page.shapes.append(Box(100, 690, 400, 705))
    layout = detector.layout(sheet, "auto")
    assert detector.asked == 0
    assert [region.label for region in layout.clusters].count("table") == 1
    sheet.page.shapes.append(Box(500, 690, 560, 750))
    assert detector.layout(sheet, "auto").doubts == ["drawing"]


def test_a_line_that_a_detector_would_make_a_heading_is_shown() -> None:
    sheet, detector = prose(), Blind()
    sheet.line(72, 714, "Usage examples", 11)
    assert detector.layout(sheet, "auto").doubts == ["heading"]


def test_always_gives_no_reason() -> None:
    detector = Blind()
    assert detector.layout(prose(), "always").doubts is None
    assert detector.asked == 1
