"""Slanted scans."""

from __future__ import annotations

import math

import pytest

from docmill.pipeline.convert.layout.blocks.skew import page_skew
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, Font, PageContent, PageOcr, TextCell, Word
from tests.convert.layout.sheet import advance

TEXT = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur"


def scan(slope: float) -> PageOcr:
    """Two paragraphs, each ended by a short line, that fall by `slope` points for each to the right."""
    ocr = PageOcr(number=1)
    for top, texts in ((100, [TEXT] * 4 + ["lorem ipsum."]), (180, [TEXT] * 3 + ["dolores."])):
        for number, text in enumerate(texts):
            first, x = len(ocr.words), 72.0
            for word in text.split():
                y = top + 13 * number + slope * (x - 306)
                ocr.words.append(Word(word, Box(x, y, x + advance(word, 10), y + 10), 10, -1))
                x += advance(word, 10) + 2.8
            words = ocr.words[first:]
            box = Box(
                min(w.box.l for w in words),
                min(w.box.t for w in words),
                max(w.box.r for w in words),
                max(w.box.b for w in words),
            )
            ocr.cells.append(TextCell(text, box, first, len(words), ocr=True))
    return ocr


@pytest.mark.parametrize("slope", [-0.03, -0.015, 0.0, 0.015, 0.03])
def test_short_last_lines_stay_with_their_paragraphs(slope: float) -> None:
    ocr = scan(slope)
    assert page_skew(ocr) == pytest.approx(slope, abs=0.002)
    found = sorted(fuse(PageContent(number=1, width=612, height=792), ocr, []), key=lambda r: r.cells)
    assert [region.cells for region in found] == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]
    assert found[0].box.t == pytest.approx(min(line.box.t for line in ocr.cells[:5]))


@pytest.mark.parametrize("slope", [-0.03, 0.03])
def test_the_layer_of_a_slanted_scan(slope: float) -> None:
    ocr = scan(slope)
    words = [Word(word.text, word.box, 10, 0) for word in ocr.words]
    cells = [TextCell(cell.text, cell.box, cell.first, cell.count) for cell in ocr.cells]
    page = PageContent(number=1, width=612, height=792, words=words, cells=cells, fonts=[Font("Layer")])
    page.bitmaps = [Box(0, 0, 612, 792)]
    found = sorted(fuse(page, None, []), key=lambda region: region.cells)
    assert [region.cells for region in found if region.label == "text"] == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_few_lines_or_a_photograph_s_slant_tell_nothing() -> None:
    ocr = scan(0.03)
    ocr.cells = ocr.cells[:2]
    assert page_skew(ocr) == 0
    assert page_skew(scan(0.5)) == 0
    assert page_skew(None) == 0


def test_boxes_without_numbers_are_passed_over() -> None:
    ocr = scan(0.02)
    ocr.words = [Word(word.text, Box(0, math.nan, 400, math.nan), 10, -1) for word in ocr.words]
    assert page_skew(ocr) == 0
