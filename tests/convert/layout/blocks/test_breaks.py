"""Where blocks begin and end in papers: lines with citations and fractions, headings one under another."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet

FULL = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur lorem ipsum"


def blocks(sheet: Sheet) -> list[tuple[str, list[str]]]:
    """Labels and lines of the regions, from top to bottom."""
    found = sorted(fuse(sheet.page, None, []), key=lambda region: region.box.t)
    return [(region.label, [sheet.page.cells[cell].text for cell in region.cells]) for region in found]


def test_a_second_line_that_begins_with_a_citation_is_no_item() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(82, 140, FULL + " as they and others")
    sheet.line(72, 152, "[12] have shown " + FULL)
    sheet.line(72, 164, "and as we do here.")
    assert [len(lines) for label, lines in blocks(sheet) if label == "text"] == [5, 3]


def test_an_item_under_a_line_that_ended_is_an_item() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(82, 140, FULL + " is this and more:")
    sheet.line(72, 152, "[12] have shown " + FULL)
    sheet.line(72, 164, "[13] have shown " + FULL)
    assert [label for label, _ in blocks(sheet)].count("list_item") == 2


def test_a_fraction_in_a_line_does_not_part_its_paragraph() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 6)
    sheet.lines(72, 200, FULL, FULL, FULL, "and its end.")
    # the second line has a fraction: it begins over its letters and ends under them
    tall = sheet.page.cells[7]
    sheet.page.cells[7] = type(tall)(
        tall.text, Box(tall.box.l, tall.box.t - 3.5, tall.box.r, tall.box.b + 3.5), tall.first, tall.count
    )
    assert [len(lines) for label, lines in blocks(sheet) if label == "text"] == [6, 4]


@pytest.mark.parametrize(
    ("upper", "lower"), [("4 Methods", "4.1 Data"), ("2.4 Formats", "3 Use"), ("4 Own", "5 Git")]
)
def test_numbered_headings_right_under_each_other_are_two(upper: str, lower: str) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(72, 140, upper, bold=True, font="Body-Bold")
    sheet.line(72, 152, lower, bold=True, font="Body-Bold")
    sheet.prose(72, 172, 6)
    headings = [lines for label, lines in blocks(sheet) if label == "section_header"]
    assert headings == [[upper], [lower]]


def test_a_heading_over_two_lines_stays_one() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(
        72, 140, "4 Methods and what is told of them in the Sources of the Years", bold=True, font="Body-Bold"
    )
    sheet.line(72, 152, "7 Days ago", bold=True, font="Body-Bold")
    sheet.prose(72, 172, 6)
    assert [len(lines) for label, lines in blocks(sheet) if label == "section_header"] == [2]


def test_a_paragraph_of_one_line_ends_before_an_indented_one() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(82, 140, FULL + " here.")
    sheet.line(82, 152, "Then " + FULL)
    sheet.line(72, 164, FULL + " lorem")
    sheet.line(72, 176, "and its end.")
    assert [len(lines) for label, lines in blocks(sheet) if label == "text"] == [5, 1, 3]


def test_a_run_in_heading_with_a_letter_keeps_its_paragraph() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 5)
    sheet.line(82, 140, "a. Syntax")
    first = sheet.page.cells.pop()
    words = len(sheet.page.words)
    italic = sheet.font("Body-Italic", bold=False, italic=True, mono=False)
    for number in range(first.first, words):
        word = sheet.page.words[number]
        left = word.box.l + 6 * (number - first.first)
        sheet.page.words[number] = type(word)(
            word.text, Box(left, word.box.t, left + word.box.width, word.box.b), 10, italic
        )
    sheet.line(145, 140, FULL[: len(FULL) - 20])
    rest = sheet.page.cells.pop()
    text = f"{first.text} {rest.text}"
    box = Box(82, 140, rest.box.r, rest.box.b)
    sheet.page.cells.append(type(first)(text, box, first.first, len(sheet.page.words) - first.first))
    right = box.r
    sheet.line(72, 152, FULL)
    cell = sheet.page.cells[-1]
    sheet.page.cells[-1] = type(cell)(cell.text, Box(72, 152, right, cell.box.b), cell.first, cell.count)
    sheet.line(72, 164, "and its end.")
    assert [(label, len(lines)) for label, lines in blocks(sheet)][1:] == [("text", 3)]


@pytest.mark.parametrize(("end", "whole"), [("of gar-", True), ("of old", False)])
def test_a_word_that_a_line_parts_is_whole_wherever_the_next_line_begins(end: str, whole: bool) -> None:
    sheet = Sheet()
    sheet.line(92, 140, f"• 1984: {FULL} {end}")
    sheet.line(72, 152, f"dens. • 1987: {FULL}")
    sheet.line(72, 164, "lorem ipsum dolores.")
    sheet.prose(72, 200, 5)
    assert (blocks(sheet)[0][0] == "list_item" and len(blocks(sheet)[0][1]) == 3) == whole
