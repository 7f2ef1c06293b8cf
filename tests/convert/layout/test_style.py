"""What a document's pages have in common."""

from __future__ import annotations

import msgspec
import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import DocumentStyle, StyleCollector, document_style
from docmill.pipeline.convert.types import PageContent
from tests.convert.layout.sheet import Sheet, seen


def page(number: int) -> PageContent:
    sheet = Sheet()
    sheet.line(72, 40, f"Annual report {number}", 8)
    sheet.line(72, 90, ["First", "Second", "Third"][number % 3] * number, 16, bold=True)
    sheet.prose(72, 120 + number, 20, words=9 + number % 3)
    sheet.line(300, 750, str(number))
    return sheet.page


def test_body_size_is_what_most_characters_have() -> None:
    assert document_style([page(1)]).body_size == 10


def test_margin_lines_repeat_whatever_their_numbers() -> None:
    style = document_style(map(page, range(1, 7)))
    assert style.pages == 6
    assert len(style.furniture) == 2
    assert document_style([page(1)]).furniture == ()


def test_collector_streams_and_the_style_round_trips() -> None:
    collector = StyleCollector()
    for number in range(1, 4):
        collector.add(page(number))
    style = collector.style()
    assert style == document_style(map(page, range(1, 4)))
    assert msgspec.json.decode(msgspec.json.encode(style), type=DocumentStyle) == style


def test_no_pages() -> None:
    assert document_style([]) == DocumentStyle()


def head(sheet: Sheet, text: str, *, right: bool = False, y: float = 43.5) -> None:
    sheet.line(300 if right else 72, y, text, 9)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("{} The keeping of gardens", "The keeping of gardens {}"),
        ("{} | Halls", "Halls | {}"),
        ("Annual report page {}", "Annual report page {}"),
    ],
)
@pytest.mark.parametrize("numerals", [("12", "13", "14", "15"), ("xi", "xii", "xiii", "xiv")])
@pytest.mark.parametrize("step", [0.0, 0.3])
def test_heads_of_left_and_right_pages(left: str, right: str, numerals: tuple[str, ...], step: float) -> None:
    sheets = []
    for place, number in enumerate(numerals):
        sheet = Sheet()
        # 43.5 points down is between two hundredths of the page's height, so that rounding parts the pages
        head(
            sheet, (right if place % 2 else left).format(number), right=place % 2 == 1, y=43.2 + step * place
        )
        sheet.prose(72, 90, 20 + place)
        sheets.append(sheet)
    style = document_style(sheet.page for sheet in sheets)
    for sheet in sheets:
        regions = sorted(fuse(sheet.page, None, [], style), key=lambda region: region.box.t)
        assert [region.label for region in regions] == ["page_header", "text"]


def test_headings_that_count_up_are_no_heads() -> None:
    sheets = []
    for number in range(1, 6):
        sheet = Sheet()
        sheet.line(72, 80, f"Day {number}", 16, bold=True)
        sheet.prose(72, 110, 10 + number)
        sheets.append(sheet)
    style = document_style(sheet.page for sheet in sheets)
    labels = [sorted(fuse(s.page, None, [], style), key=lambda region: region.box.t)[0].label for s in sheets]
    assert labels == ["section_header"] * 5


def test_large_heads_with_a_number_that_stays_are_heads() -> None:
    sheets = []
    for number in range(1, 6):
        sheet = Sheet()
        sheet.line(72, 40, "3. Gardens and halls", 12, bold=True)
        sheet.prose(72, 110, 10 + number)
        sheets.append(sheet)
    style = document_style(sheet.page for sheet in sheets)
    labels = [sorted(fuse(s.page, None, [], style), key=lambda region: region.box.t)[0].label for s in sheets]
    assert labels == ["page_header"] * 5


@pytest.mark.parametrize("kind", ["entries", "paragraph"])
def test_text_at_a_page_s_top_that_cites_a_journal_is_text(kind: str) -> None:
    sheets = []
    for name in ("Adams", "Brown", "Clark", "Davis"):
        sheet = Sheet()
        sheet.line(72, 30, "The keeping of gardens", 8)
        for entry in range(12 if kind == "entries" else 1):
            y = 60 + 34 * entry
            sheet.line(72, y, f"{name}, J. (1990). Gardens behind houses and halls of {name}ton. Garden")
            sheet.line(90, y + 12, f"{name} Science, 44({entry}), 1-20. https://doi.org/10.1000/{entry}")
        sheets.append(sheet)
    style = document_style(sheet.page for sheet in sheets)
    for sheet in sheets:
        found = [region.label for region in fuse(sheet.page, None, [], style)]
        assert found.count("page_header") == 1
        assert "page_footer" not in found


@pytest.mark.parametrize("numbered", [False, True])
def test_first_lines_of_slides_are_text(numbered: bool) -> None:
    sheets = []
    for number, title in enumerate(("Outline", "Why we did it", "How we did it", "What came of it"), start=1):
        sheet = Sheet(720, 405)
        box = sheet.line(40, 24, title, 18)
        for item in range(3):
            sheet.line(40, 110 + 60 * item, f"{title.split()[-1]} in the garden of year {item}", 18)
        if numbered:
            sheet.line(690, 385, str(number), 9)
        sheets.append((sheet, box))
    style = document_style(sheet.page for sheet, _ in sheets)
    for sheet, box in sheets:
        regions = fuse(sheet.page, None, [seen("header", box)], style)
        labels = [region.label for region in sorted(regions, key=lambda region: region.box.t)]
        assert labels[0] in {"text", "section_header"}


CODE = "const duplex = createStream(socket, { encoding: name });"


@pytest.mark.parametrize(("prose", "typed"), [(2, True), (8, False)])
def test_a_manual_of_listings_is_not_typed_for_all_its_listings(prose: int, typed: bool) -> None:
    """A letterhead has a line or two in other type."""
    sheet = Sheet()
    sheet.lines(72, 100, *["the stream is read to its end before it is closed again"] * prose)
    sheet.lines(72, 240, *[CODE] * 34, size=8, leading=10, font="Mono", mono=True)
    style = document_style([sheet.page])
    assert style.body_mono == typed
    assert style.body_size == (8 if typed else 10)
