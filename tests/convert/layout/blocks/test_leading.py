"""How far apart recognised lines may be: they have one pitch for all sizes."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, PageContent, PageOcr, TextCell, Word
from tests.convert.layout.sheet import advance

TEXT = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur"


def scan(lines: list[tuple[float, float, str]]) -> list[list[int]]:
    """The regions of a page of recognised lines, each with its top, its size and its text."""
    ocr = PageOcr(number=1)
    for top, size, text in lines:
        first, x = len(ocr.words), 72.0
        for word in text.split():
            right = x + advance(word, size)
            ocr.words.append(Word(word, Box(x, top, right, top + size), size, -1))
            x = right + 0.28 * size
        box = Box(72, top, x, top + size)
        ocr.cells.append(TextCell(text, box, first, len(ocr.words) - first, ocr=True))
    regions = fuse(PageContent(number=1, width=612, height=792), ocr, [])
    return sorted(region.cells for region in regions)


def text(top: float) -> list[tuple[float, float, str]]:
    return [(top + 12 * number, 10, TEXT) for number in range(6)]


@pytest.mark.parametrize("size", [14, 18, 24])
def test_a_heading_of_two_lines_is_one(size: float) -> None:
    heading = [(100.0, size, "Of the heating and"), (100 + 1.2 * size, size, "the costs of it")]
    assert scan([*heading, *text(200)]) == [[0, 1], [2, 3, 4, 5, 6, 7]]


def test_paragraphs_with_a_little_space_stay_apart() -> None:
    assert scan([*text(100), *text(100 + 6 * 12 + 5)]) == [list(range(6)), list(range(6, 12))]
