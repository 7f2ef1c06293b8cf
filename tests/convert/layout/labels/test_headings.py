"""Lines that are headings though they have few letters, and lines that are none though they look it."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from tests.convert.layout.sheet import Sheet, seen


def headings(sheet: Sheet) -> list[str]:
    """The page's headings from top to bottom."""
    found = sorted(fuse(sheet.page, None, [], document_style([sheet.page])), key=lambda region: region.box.t)
    return [
        " ".join(sheet.page.cells[cell].text for cell in region.cells)
        for region in found
        if region.label == "section_header"
    ]


def over_text(text: str, size: float, *, bold: bool = True) -> Sheet:
    sheet = Sheet()
    sheet.prose(72, 60, 8)
    sheet.line(72, 180, text, size, bold=bold)
    sheet.prose(72, 180 + 1.5 * size, 8)
    return sheet


@pytest.mark.parametrize("text", ["v4.7.9 - March 26th, 2026", "2.14.0 (2024-06-12)", "[0.3.1] - 2023-11-02"])
def test_releases_over_their_changes(text: str) -> None:
    assert headings(over_text(text, 14)) == [text]


@pytest.mark.parametrize(("text", "size"), [("42 %", 20), ("2023", 14), ("12.5 ± 0.3 kg", 10), ("1.2.3", 10)])
def test_figures_are_none(text: str, size: float) -> None:
    assert headings(over_text(text, size)) == []


@pytest.mark.parametrize("text", ["Keywords: tides, gauges, storms", "Next: Gauges, Previous: Storms"])
def test_lines_in_the_very_type_of_the_text_are_none_for_the_detector_alone(text: str) -> None:
    sheet = over_text(text, 10, bold=False)
    regions = fuse(
        sheet.page, None, [seen("title", sheet.page.cells[8].box, 0.95)], document_style([sheet.page])
    )
    assert "section_header" not in {region.label for region in regions}


def test_a_heading_of_five_lines_in_a_narrow_column() -> None:
    sheet = Sheet()
    lines = [
        "Why does the tide",
        "of the inner sound",
        "stand higher at the",
        "quay than at the",
        "old gauge?",
    ]
    sheet.prose(72, 60, 8, words=4)
    sheet.lines(72, 180, *lines, size=14, leading=16, bold=True)
    sheet.prose(72, 270, 8, words=4)
    assert headings(sheet) == [" ".join(lines)]


@pytest.mark.parametrize(
    "front",
    [
        ["Edda Brandt, Olaf Lindqvist, Mia El-Sato"],
        ["Milli Wimmer1, Olaf Lindqvist2, Mia El-Sato2, Jan"],
        ["Edda Brandt1, Olaf Lindqvist2", "1 Harbour House", "2 Institute of Tides", "March 2020"],
    ],
)
def test_authors_under_a_title_that_is_not_the_biggest_heading(front: list[str]) -> None:
    sheet = Sheet()
    sheet.line(72, 60, "Tides of the Inner Sound", 18, bold=True)
    for number, text in enumerate(front):
        sheet.line(72, 90 + 15 * number, text, bold=True)
    sheet.prose(72, 170, 8)
    sheet.line(72, 290, "Gauges", 22, bold=True)
    sheet.prose(72, 320, 8)
    assert headings(sheet) == ["Tides of the Inner Sound", "Gauges"]


def test_months_over_their_text_stay_headings() -> None:
    sheet = Sheet()
    sheet.line(72, 60, "Tides of the Inner Sound", 22, bold=True)
    for number, month in enumerate(("March 2020", "April 2020")):
        sheet.line(72, 100 + 130 * number, month, 14, bold=True)
        sheet.prose(72, 120 + 130 * number, 8)
    assert headings(sheet) == ["Tides of the Inner Sound", "March 2020", "April 2020"]


@pytest.mark.parametrize(
    ("text", "top", "found"),
    [
        ("References", 190, ["References"]),
        ("References", 180 - 10, []),  # as near as the next line
        ("Our references", 190, []),
    ],
)
def test_a_usual_title_by_itself_needs_no_type_of_its_own(text: str, top: float, found: list[str]) -> None:
    sheet = Sheet()
    last = sheet.prose(72, 60, 8).b
    sheet.line(72, last + top - 170, text)
    sheet.prose(72, last + top - 170 + 20, 8)
    assert headings(sheet) == found


@pytest.mark.parametrize("below", ["nothing", "far"])
def test_a_usual_title_over_nothing_near_is_none(below: str) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 8)
    sheet.line(72, 200, "References")
    if below == "far":
        sheet.prose(72, 240, 8)
    assert headings(sheet) == []
