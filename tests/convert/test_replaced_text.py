"""What OCR read against a doubtful text layer: which of the two stands."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.replaced_text import settled, without_replaced
from docmill.pipeline.convert.types import Box, PageContent, PageOcr, TextCell, Word
from tests.convert.pdf.missing_text.test_doubt import moved, wrapped
from tests.convert.pdf.missing_text.test_letter_pairs import TEXTS

ENGLISH = wrapped(TEXTS["English"])


def lines(
    texts: Sequence[str], shift: float = 0.0, *, ocr: bool = False
) -> tuple[list[Word], list[TextCell]]:
    words: list[Word] = []
    cells: list[TextCell] = []
    for number, text in enumerate(texts):
        top = 72 + 14 * number + shift
        parts = text.split()
        cells.append(TextCell(text, Box(72, top, 372, top + 10), len(words), len(parts), ocr=ocr))
        words += [
            Word(part, Box(72 + 20 * i, top, 90 + 20 * i, top + 10), 10, -1) for i, part in enumerate(parts)
        ]
    return words, cells


def page(texts: Sequence[str], doubted: Sequence[int]) -> PageContent:
    words, cells = lines(texts)
    return PageContent(number=1, width=612, height=792, words=words, cells=cells, doubted=list(doubted))


def read(texts: Sequence[str], shift: float = 1.0) -> PageOcr:
    words, cells = lines(texts, shift, ocr=True)
    return PageOcr(number=1, words=words, cells=cells)


def texts(cells: Sequence[TextCell]) -> list[str]:
    return [cell.text for cell in cells]


def outcome(content: PageContent, ocr: PageOcr) -> list[str]:
    """All text of the page, the text layer's first."""
    ocr = settled(content, ocr)
    left = without_replaced(content, ocr)
    for part in (left, ocr):
        for cell in part.cells:
            assert " ".join(w.text for w in part.words[cell.first : cell.first + cell.count]) == cell.text
    return texts(left.cells) + texts(ocr.cells)


def test_moved_letters_go_for_what_ocr_read() -> None:
    garbage = [moved(line, 3) for line in ENGLISH]
    content = page(["A heading", *garbage], range(1, len(garbage) + 1))
    ocr = read(["", *ENGLISH])
    ocr.cells = ocr.cells[1:]
    assert outcome(content, ocr) == ["A heading", *ENGLISH]


def test_what_says_nothing_goes_line_by_line() -> None:
    content = page(["\ufffd" * 20, "\ufffd" * 9, "Good text."], [0, 1])
    assert outcome(content, read(["Read by OCR"])) == ["\ufffd" * 9, "Good text.", "Read by OCR"]


def test_a_layer_that_ocr_confirms_stays() -> None:
    abbreviations = [" ".join(["XBRL", "GMBH", "NZPL", "QSRT", "WFPK", f"TTQ{i}"]) for i in range(12)]
    content = page(abbreviations, range(12))
    assert outcome(content, read(abbreviations)) == abbreviations


def test_a_layer_stays_where_ocr_is_no_better() -> None:
    garbage = [moved(line, 3) for line in ENGLISH]
    for other in ([moved(line, 7) for line in ENGLISH], ENGLISH[:1], ["12 34"] * len(garbage)):
        content = page(garbage, range(len(garbage)))
        assert outcome(content, read(other)) == garbage


def test_a_layer_stays_where_ocr_read_nothing() -> None:
    content = page(["\ufffd" * 20], [0])
    assert outcome(content, PageOcr(number=1)) == ["\ufffd" * 20]


def test_pages_without_doubt_are_as_they_were() -> None:
    content, ocr = page(["A stamp"], []), read(["", "", *ENGLISH])
    assert settled(content, ocr) is ocr
    assert without_replaced(content, ocr) is content
    assert without_replaced(content, None) is content
