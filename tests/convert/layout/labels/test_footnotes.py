"""Notes without a rule, told by their marks in the text, and what looks like them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.markers import is_reference_mark
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.labels.note_marks import NoteMarks, note_marks
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.types import Box, Word
from tests.convert.layout.sheet import Sheet

LONG = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur lorem ipsum dolores consectetur"


def call(sheet: Sheet, mark: str) -> None:
    """Put a raised mark behind the line that was written last."""
    line, last = sheet.page.cells[-1], sheet.page.words[-1]
    size = 0.6 * last.size
    box = Box(last.box.r + 0.5, last.box.t - 2, last.box.r + 0.5 + 0.5 * size * len(mark), last.box.b - 4)
    sheet.page.words.append(Word(mark, box, size, last.font))
    whole = replace(line, text=f"{line.text} {mark}", box=line.box.union(box), count=line.count + 1)
    sheet.page.cells[-1] = whole


def labels(sheet: Sheet, *others: Sheet) -> dict[str, str]:
    """Labels by the first word or two of what has them."""
    style = document_style([sheet.page, *(other.page for other in others)])
    regions = fuse(sheet.page, None, [], style)
    texts = {
        " ".join(sheet.page.cells[cell].text for cell in region.cells): region.label for region in regions
    }
    return {" ".join(text.split()[:2]): label for text, label in texts.items()}


def page_of_text(*marks: str, x: float = 72, words: int = 12) -> Sheet:
    """A page of prose; the last lines of the first paragraphs end with the marks."""
    sheet = Sheet()
    for number in range(7):
        sheet.prose(x, 60 + 85 * number, 6, words=words)
        if number < len(marks):
            call(sheet, marks[number])
    return sheet


@pytest.mark.parametrize("form", ["{}.", "[{}]", "({})", "{})", "{}"])
def test_notes_whose_marks_are_in_the_text(form: str) -> None:
    sheet = page_of_text("1", "2")
    for number in (1, 2):
        sheet.line(72, 660 + 12 * number, f"{form.format(number)} Ipsum dolores consectetur lorem.", 8)
    found = labels(sheet)
    assert found.pop(f"{form.format(1)} Ipsum") == "footnote"
    assert found.pop(f"{form.format(2)} Ipsum", "footnote") == "footnote"  # or a part of the first
    assert set(found.values()) == {"text"}


def test_notes_of_several_lines_in_two_columns() -> None:
    sheet = page_of_text("[1]", x=50, words=7)
    for number in range(7):
        sheet.prose(320, 60 + 85 * number, 6, words=7)
    call(sheet, "[2]")
    sheet.lines(50, 670, "[1] Ipsum dolores consectetur lorem ipsum", "dolores.", size=8, leading=10)
    sheet.lines(320, 670, "[2] Ipsum dolores consectetur lorem ipsum", "dolores.", size=8, leading=10)
    found = labels(sheet)
    assert found["[1] Ipsum"] == found["[2] Ipsum"] == "footnote"


def test_what_follows_a_note_and_what_goes_on_over_it() -> None:
    sheet = page_of_text("3")
    sheet.line(72, 660, "consectetur of the note that began on the page before.", 8)
    sheet.line(72, 676, "3. Ipsum dolores consectetur lorem.", 8)
    sheet.line(72, 692, "4. Dolores consectetur lorem ipsum.", 8)
    found = labels(sheet)
    assert [found[key] for key in ("consectetur of", "3. Ipsum", "4. Dolores")] == ["footnote"] * 3


def test_items_in_smaller_type_that_nothing_calls() -> None:
    sheet = Sheet()
    for number in range(6):
        sheet.prose(72, 60 + 85 * number, 6)
    sheet.line(72, 570, "Ipsum dolores consectetur lorem ipsum dolores consectetur lorem of these:")
    for number in range(1, 6):
        sheet.line(72, 572 + 14 * number, f"{number}. Ipsum dolores consectetur.", 9)
    assert {label for key, label in labels(sheet).items() if key[:1].isdigit()} == {"list_item"}


def test_references_that_raised_numbers_cite() -> None:
    sheet = Sheet()
    for number in range(5):
        sheet.prose(72, 60 + 85 * number, 6)
        call(sheet, f"[{number + 1}]")
    sheet.line(72, 510, "References", 12, bold=True)
    for number in range(1, 6):
        sheet.line(72, 520 + 14 * number, f"[{number}] A. Sample, Ipsum dolores {2000 + number}, 12, 3.", 8)
    assert "footnote" not in labels(sheet).values()


def test_a_note_far_under_the_text_in_much_smaller_type() -> None:
    sheet = page_of_text()
    sheet.line(72, 690, "1. Ipsum dolores consectetur lorem ipsum.", 7.5)
    assert labels(sheet)["1. Ipsum"] == "footnote"


def test_a_note_that_stands_on_two_pages_is_no_running_foot() -> None:
    pages = []
    for _ in range(2):
        sheet = page_of_text("2")
        sheet.line(72, 742, f"2 {LONG[:70]}.", 7.5)
        sheet.line(300, 765, "Ipsum review")
        pages.append(sheet)
    found = labels(*pages)
    assert found["2 lorem"] == "footnote"
    assert found["Ipsum review"] == "page_footer"


def test_a_running_foot_that_begins_with_a_number() -> None:
    pages = []
    for _ in range(2):
        sheet = page_of_text("12")
        sheet.line(72, 750, "12 Ipsum review of dolores", 8)
        pages.append(sheet)
    assert labels(*pages)["12 Ipsum"] == "page_footer"


def test_a_note_on_rights_is_a_note() -> None:
    sheet = page_of_text("1")
    sheet.line(72, 742, "1", 5)
    sheet.line(
        75.5, 742, "Copyright (c) 2020 of all texts but those of the second year, see www.example.org.", 8
    )
    mark, line = sheet.page.cells[-2:]
    both = replace(
        line, text=f"1 {line.text}", box=mark.box.union(line.box), first=mark.first, count=line.count + 1
    )
    sheet.page.cells[-2:] = [both]
    assert labels(sheet)["1 Copyright"] == "footnote"


def test_cells_of_a_small_table_at_the_foot() -> None:
    sheet = page_of_text()
    for row in range(2):
        for x, text in ((72, f"{row + 1} Rakes"), (180, "in the shed"), (300, "2 of them")):
            sheet.line(x, 700 + 12 * row, text, 8)
    assert "footnote" not in labels(sheet).values()


def test_marks_of_the_text_and_of_its_notes() -> None:
    sheet = Sheet()
    sheet.line(72, 100, "Ipsum dolores")
    call(sheet, "[3]")
    sheet.line(72, 112, "lorem 12 ipsum")
    sheet.page.words.append(Word("4", Box(72, 698, 75, 702), 5, 0))
    sheet.line(77, 700, "Dolores ipsum", 8)
    words = len(sheet.page.words)
    last = sheet.page.cells[-1]
    sheet.page.cells[-1] = replace(last, first=words - 3, count=3, text=f"4 {last.text}")
    assert note_marks(sheet.page) == NoteMarks(frozenset({"3"}), frozenset({2}))


@pytest.mark.parametrize("text", ["t\u1eadp tin", "c\u00f3", "a garden", "12th of May"])
def test_words_are_no_marks(text: str) -> None:
    assert is_reference_mark(text) == text.startswith("a ")
