"""Bitmaps that are pictures, and bitmaps that are scans of text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.layout.regions.pictures import picture_regions
from docmill.pipeline.convert.types import Box, PageContent, PageOcr, TextCell, Word


def read(*lines: tuple[float, float, str], size: float = 11) -> PageOcr:
    """What OCR read: lines from x, y (top)."""
    ocr = PageOcr(number=1)
    for x, y, line in lines:
        first, at = len(ocr.words), x
        for word in line.split():
            wide = 0.5 * size * len(word)
            ocr.words.append(Word(word, Box(at, y, at + wide, y + size / 0.75), size, -1))
            at += wide + 0.3 * size
        box = Box(x, y, at - 0.3 * size, y + size / 0.75)
        ocr.cells.append(TextCell(line, box, first, len(ocr.words) - first, ocr=True))
    return ocr


def pictures(ocr: PageOcr, *bitmaps: Box) -> list[Box]:
    page = PageContent(number=1, width=612, height=792, bitmaps=list(bitmaps))
    return [found.box for found in picture_regions(page, text_rows(page, ocr), [], [])]


def prose(count: int, x: float = 90, y: float = 110, step: float = 16) -> list[tuple[float, float, str]]:
    return [
        (x, y + step * i, "some words of a letter that goes on for a whole line of the page")
        for i in range(count)
    ]


SCAN = Box(50, 60, 560, 730)
STRIPS = [Box(50, 60 + 85 * i, 560, 140 + 85 * i) for i in range(8)]


@pytest.mark.parametrize(
    ("lines", "bitmaps"),
    [
        pytest.param(prose(12), [SCAN], id="a letter with margins"),
        pytest.param(prose(10), [Box(0, 0, 612, 792), Box(80, 100, 540, 300)], id="background and text"),
        pytest.param(prose(40, y=64), STRIPS, id="strips apart from each other"),
        pytest.param(prose(10, y=70, step=60), STRIPS, id="strips of few lines"),
        pytest.param(prose(6), [Box(70, 100, 540, 220)], id="a scanned paragraph"),
    ],
)
def test_scans_of_text_are_no_pictures(
    lines: Sequence[tuple[float, float, str]], bitmaps: Sequence[Box]
) -> None:
    assert pictures(read(*lines), *bitmaps) == []


def test_a_scanned_title_page_is_no_picture() -> None:
    assert pictures(read((120, 200, "ANNUAL REPORT"), (160, 240, "OF THE SOCIETY"), size=24), SCAN) == []


@pytest.mark.parametrize(
    ("lines", "bitmap"),
    [
        pytest.param([], SCAN, id="a photograph"),
        pytest.param([(300, 400, "STOP")], SCAN, id="a photograph with a sign in it"),
        pytest.param(
            [(120, 420, "0"), (120, 320, "50"), (120, 220, "100"), (200, 440, "2019"), (300, 440, "2020")],
            Box(100, 200, 500, 460),
            id="a chart",
        ),
        pytest.param(
            [(150, 230, "Inlet"), (260, 300, "Pump"), (380, 250, "Filter")],
            Box(100, 200, 500, 400),
            id="labels",
        ),
    ],
)
def test_pictures_with_labels_are_pictures(lines: Sequence[tuple[float, float, str]], bitmap: Box) -> None:
    assert len(pictures(read(*lines), bitmap)) == 1


def test_chinese_prose_is_no_picture() -> None:
    """It has no spaces between its words."""
    lines = [
        (90.0, 110.0 + 16 * i, "财务主管说明了供暖费用高于计划的原因以及此后采取的措施") for i in range(6)
    ]
    assert pictures(read(*lines), Box(70, 100, 540, 700)) == []


def test_a_picture_beside_scanned_text_is_one() -> None:
    photograph = Box(80, 420, 540, 700)
    assert pictures(read(*prose(15)), Box(50, 60, 560, 400), photograph) == [photograph]
