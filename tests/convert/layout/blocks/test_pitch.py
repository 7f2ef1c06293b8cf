"""Monospaced type among recognised lines."""

from __future__ import annotations

from random import Random

import pytest

from docmill.pipeline.convert.layout.blocks.pitch import is_scan, typed_lines
from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.types import Box, Font, PageContent, PageOcr, TextCell, Word
from tests.convert.layout.sheet import advance

PITCH = 5.4
CODE = [
    "import socket, selectors from the library",
    "const server = new Server({ port: 8080 });",
    "server.on('open', function open() {",
    "return a + b * c - d;",
    "});",
]
PROSE = [
    "The committee explained in March why the heating had cost more",
    "than was planned for the whole of the winter, and asked the two",
    "treasurers to write down every bill that they had paid until then,",
    "so that all the members could see at the next meeting what it was",
    "that had gone wrong with the tanks, the pipes and the old furnace.",
]


def recognised(lines: list[tuple[str, bool]], seed: int = 1) -> PageOcr:
    """Lines below each other, monospaced or not, each word up to a third of a pitch off its place."""
    random, ocr = Random(seed), PageOcr(number=1)
    for number, (text, mono) in enumerate(lines):
        first, x, y = len(ocr.words), 72.0, 100.0 + 13 * number
        for word in text.split():
            width = PITCH * len(word) if mono else advance(word, 10)
            off = random.uniform(0, 0.3 * PITCH)
            ocr.words.append(
                Word(word, Box(x + off, y, x + width - random.uniform(0, 0.3 * PITCH), y + 9), 9, -1)
            )
            x += width + (PITCH if mono else 2.8)
        words = ocr.words[first:]
        box = Box(words[0].box.l, y, words[-1].box.r, y + 9)
        ocr.cells.append(TextCell(text, box, first, len(words), ocr=True))
    return ocr


@pytest.mark.parametrize("seed", range(5))
def test_a_listing_between_paragraphs(seed: int) -> None:
    lines = [*((text, False) for text in PROSE), *((text, True) for text in CODE), (PROSE[0], False)]
    ocr = recognised(lines, seed)
    assert typed_lines(ocr.cells, ocr.words) == {5, 6, 7, 8, 9}
    rows = text_rows(PageContent(number=1, width=612, height=792), ocr)
    assert [row.mono for row in rows] == [False] * 5 + [True] * 5 + [False]


@pytest.mark.parametrize("seed", range(20))
def test_prose_is_not_typed(seed: int) -> None:
    ocr = recognised([(text, False) for text in PROSE * 8], seed)
    assert not typed_lines(ocr.cells, ocr.words)


def test_two_lines_prove_nothing() -> None:
    ocr = recognised([(CODE[0], True), (CODE[1], True)])
    assert not typed_lines(ocr.cells, ocr.words)


def test_scripts_of_full_width_are_not_typed() -> None:
    ocr = recognised([("本会は暖房 の費用が 予定を上回 った理由を 説明した。", True)] * 5)
    assert not typed_lines(ocr.cells, ocr.words)


def test_the_layer_of_a_scan_is_judged_likewise() -> None:
    ocr = recognised([(text, True) for text in CODE])
    words = [Word(word.text, word.box, word.size, 0) for word in ocr.words]
    page = PageContent(number=1, width=612, height=792, words=words, cells=ocr.cells, fonts=[Font("Layer")])
    assert not is_scan(page)
    assert not any(row.mono for row in text_rows(page, None))
    page.bitmaps = [Box(0, 0, 612, 792)]
    assert all(row.mono for row in text_rows(page, None))


def test_heights_keep_the_sizes_of_recognised_lines_within_bounds() -> None:
    lines = recognised([*((text, False) for text in PROSE), ("W", False), *((text, True) for text in CODE)])
    *prose, short = text_rows(PageContent(number=1, width=612, height=792), lines)[:6]
    assert {row.size for row in prose} <= {10.0, 10.5}
    assert short.size == pytest.approx(10, abs=3)
    code = text_rows(PageContent(number=1, width=612, height=792), lines)[6:]
    assert {row.size for row in code} <= {10.0, 10.5}
