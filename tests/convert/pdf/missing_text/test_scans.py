"""What OCR reads: scans under stamps, headers and notes; not pages that have text, nor pictures in them."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.pdf.missing_text.scans import scanned_regions
from docmill.pipeline.convert.types import Box, TextCell, Word

PAGE = Box(0, 0, 612, 792)
WHOLE = Box(0, 0, 612, 792)
WITH_MARGINS = Box(54, 60, 558, 736)


def text(*lines: tuple[float, float, str], size: float = 9, upwards: bool = False) -> list[Word]:
    """Words of lines from x, y (top), each letter half an em wide."""
    words = []
    for x, y, line in lines:
        at = 0.0
        for word in line.split():
            wide = 0.5 * size * len(word)
            box = (
                Box(x, y - at - wide, x + size, y - at)
                if upwards
                else Box(x + at, y, x + at + wide, y + size)
            )
            words.append(Word(word, box, size, 0, 270 if upwards else 0))
            at += wide + 0.3 * size
    return words


def regions(words: list[Word], *bitmaps: Box) -> list[Box]:
    """The words are one line when they are single letters, and else lines by themselves."""
    cells = [TextCell(word.text, word.box, number, 1) for number, word in enumerate(words)]
    if words and all(len(word.text) == 1 for word in words):
        cells = [TextCell("", words[0].box.union(words[-1].box), 0, len(words))]
    return scanned_regions(PAGE, words, cells, bitmaps, 0, [])


COURT = "Case 2:19-cv-01234-ABC-DEF Document 187-3 Filed 11/04/20 Page 12 of 48 Page ID #:5678"
NOTE = (
    "Downloaded from https://www.example.org on 12 March 2021 by guest. For personal use only. No other uses."
)
PROSE = [(72.0, 90.0 + 24 * i, "a line of text that is set in the page as its own") for i in range(9)]
REGISTRY = [
    (430.0, 30.0 + 10 * i, line)
    for i, line in enumerate(
        ["E-FILED", "Superior Court of the Isles", "E-filed: Apr 06 2021 05:12PM", "Clerk Review: N/A",
         "Filing ID: 66492551", "Case No.: 21-0097-CV", "J. Doe, deputy clerk of court"]
    )
]  # fmt: skip


@pytest.mark.parametrize("scan", [WHOLE, WITH_MARGINS])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(text((20, 10, COURT), size=12), id="header"),
        pytest.param(text((60, 8, NOTE), (60, 17, NOTE), size=7), id="note of a download, at the top"),
        pytest.param(text((60, 760, NOTE), (60, 770, NOTE), size=7), id="at the bottom"),
        pytest.param(text((4, 700, NOTE), (14, 700, NOTE), size=8, upwards=True), id="along the side"),
        pytest.param(text((20, 10, COURT), (500, 770, "ABC_0001234"), size=11), id="header and Bates number"),
        pytest.param(text(*REGISTRY), id="a registry's block"),
        pytest.param(text((200, 400, "RECEIVED MAR 12 2019"), size=14), id="in the middle"),
        pytest.param([Word("CONFIDENTIAL", Box(100, 200, 500, 600), 64, 0)], id="across the page"),
        pytest.param(
            [
                Word(letter, Box(100 + 36 * i, 560 - 36 * i, 170 + 36 * i, 630 - 36 * i), 64, 0)
                for i, letter in enumerate("CONFIDENTIAL")
            ],
            id="across the page, letter by letter",
        ),
    ],
)
def test_a_stamp_on_a_scan_is_not_its_text(scan: Box, words: list[Word]) -> None:
    assert regions(words, scan) == [scan]


def test_a_scan_in_strips_under_a_stamp() -> None:
    strips = [Box(40, 40 + 90 * i, 572, 130 + 90 * i) for i in range(8)]
    assert regions(text((20, 10, COURT)), *strips) == strips


@pytest.mark.parametrize(
    ("words", "bitmaps"),
    [
        pytest.param(text(*PROSE, size=12), [WHOLE], id="an OCR layer, or a page on a background"),
        pytest.param(text(*PROSE, (20, 10, COURT), size=12), [WHOLE], id="an OCR layer under a stamp"),
        pytest.param(text((72, 300, "Spring in the mountains"), size=40), [WHOLE], id="a title on a picture"),
        pytest.param(
            text((72, 650, "Figure 3. The mill, seen from the river before it was rebuilt in 1871.")),
            [Box(54, 60, 558, 640)],
            id="a figure of most of the page with its caption",
        ),
        pytest.param(text((72, 60, COURT)), [Box(100, 300, 300, 500)], id="a small picture under a line"),
    ],
)
def test_text_of_the_page_s_own_keeps_ocr_away(words: list[Word], bitmaps: list[Box]) -> None:
    assert regions(words, *bitmaps) == []


def test_doubtful_lines_are_read_and_a_page_of_them_whole() -> None:
    cells = [TextCell("x" * 40, Box(72, 72 + 14 * i, 300, 82 + 14 * i), i, 1) for i in range(10)]
    words = [Word(cell.text, cell.box, 10, 0) for cell in cells]
    assert scanned_regions(PAGE, words, cells, [], 0, [2]) == [Box(70, 98, 302, 112)]
    assert scanned_regions(PAGE, words, cells, [], 0, list(range(6))) == [PAGE]
