"""Numbers beside lines go; those of items, entries and tables stay."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.document.docling_stages import postprocess
from docmill.pipeline.convert.layout.fusion import fuse
from tests.convert.layout.sheet import Sheet

LINES = (
    "Gardens of the town are open to everybody from March to October, and",
    "on Sundays all the year round. The keeper may close a gate for work",
    "that cannot wait. He tells the office about it on the same day, which",
    "puts up a note at the gate.",
    "Within ten days of a storm the keeper shall look after every tree",
    "that stands near a path and shall send a list of those that are",
    "to be cut to the office, where",
    "a tree is cut another one is planted in its place.",
)


def found(sheet: Sheet) -> list[tuple[str, str]]:
    """(label, text) of the regions, those of numbers first."""
    fused = postprocess(sheet.page, None, fuse(sheet.page, None, []))
    regions = sorted(fused, key=lambda region: (region.box.l, region.box.t))
    return [(r.label, " ".join(sheet.page.cells[cell].text for cell in r.cells)) for r in regions]


@pytest.mark.parametrize("leading", [13, 18, 24])
@pytest.mark.parametrize("mono", [False, True])
@pytest.mark.parametrize(("step", "first"), [(1, 1), (1, 7), (5, 5)])
def test_line_numbers_are_furniture(leading: float, mono: bool, step: int, first: int) -> None:
    sheet = Sheet()
    numbers = []
    for place in range(24 if step == 1 else 40):
        y = 100 + leading * place
        if step == 1 or place % step == step - 1:
            numbers.append(str(first + (place if step == 1 else place + 1 - step)))
            sheet.line(60, y, numbers[-1], mono=mono)
        sheet.line(90, y, LINES[place % 8], mono=mono)
    sheet.page.height = 1200
    regions = found(sheet)
    assert regions[0] == ("page_header", " ".join(numbers))
    assert not any(text.isdecimal() for label, text in regions[1:] if label != "page_header")
    assert "table" not in {label for label, _ in regions}
    assert len(regions) < 12


def test_numbers_of_entries_stay() -> None:
    sheet = Sheet()
    names = ("Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware")
    for place, name in enumerate(names):
        sheet.line(60, 150 + 20 * place, str(place + 1))
        sheet.line(120, 150 + 20 * place, name)
    assert "page_header" not in {label for label, _ in found(sheet)}


def test_numbers_of_items_stay() -> None:
    sheet = Sheet()
    for place in range(6):
        sheet.line(60, 150 + 40 * place, str(place + 1))
        sheet.lines(90, 150 + 40 * place, *LINES[1:3])
    assert "page_header" not in {label for label, _ in found(sheet)}


def test_numbers_of_a_table_stay() -> None:
    sheet = Sheet()
    for place in range(8):
        for x, text in ((60, str(place + 1)), (120, "rakes and seeds"), (300, f"{3 * place}.50")):
            sheet.line(x, 150 + 20 * place, text)
    assert "page_header" not in {label for label, _ in found(sheet)}


def numbered(sheet: Sheet, x: float, first: int, count: int, *, size: float = 5, step: float = 13) -> None:
    """Lines with small numbers on their feet, as lineno sets them."""
    for place in range(count):
        y = 100 + step * place
        sheet.line(x, y + 9 - 0.9 * size, str(first + place), size)
        sheet.line(x + 22, y, LINES[place % 8][:42])


def test_small_numbers_of_a_few_lines() -> None:
    sheet = Sheet()
    numbered(sheet, 60, 27, 3)
    sheet.lines(90, 200, "The rest of the page has no text that is counted.", "It is a note of the office.")
    assert found(sheet)[0] == ("page_header", "27 28 29")


def test_small_numbers_between_which_listings_stand() -> None:
    sheet = Sheet()
    numbered(sheet, 60, 1, 4)
    sheet.lines(82, 170, *["send(message, 3000)"] * 12, size=7, leading=8, font="Courier", mono=True)
    for place in range(4):
        sheet.line(60, 304.5 + 13 * place, str(5 + place), 5)
        sheet.line(82, 300 + 13 * place, LINES[place])
    assert found(sheet)[0] == ("page_header", "1 2 3 4 5 6 7 8")


def test_numbers_beside_each_of_two_columns() -> None:
    sheet = Sheet()
    numbered(sheet, 50, 1, 20)
    numbered(sheet, 300, 21, 20, step=14)
    headers = [text for label, text in found(sheet) if label == "page_header"]
    assert sorted(headers) == [" ".join(map(str, range(1, 21))), " ".join(map(str, range(21, 41)))]


def test_small_numbers_of_entries_stay() -> None:
    sheet = Sheet()
    for place, name in enumerate(("Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado")):
        sheet.line(60, 154.5 + 20 * place, str(place + 1), 5)
        sheet.line(82, 150 + 20 * place, name)
    assert "page_header" not in {label for label, _ in found(sheet)}


def test_small_numbers_of_paragraphs_stay() -> None:
    sheet = Sheet()
    for place in range(6):
        sheet.line(60, 154.5 + 60 * place, str(place + 12), 5)
        sheet.lines(82, 150 + 60 * place, *LINES[:3])
    assert "page_header" not in {label for label, _ in found(sheet)}


@pytest.mark.parametrize("size", [6, 10])
def test_numbers_of_a_table_of_words_stay(size: float) -> None:
    sheet = Sheet()
    things = (
        "rakes and seeds",
        "a spade",
        "gloves",
        "the long hose of the hall",
        "pots",
        "twine",
        "soil",
        "a cart",
    )
    for place, thing in enumerate(things):
        for x, text, points in ((60, str(place + 1), size), (82, thing, 10), (300, "in the shed", 10)):
            sheet.line(x, 150 + 20 * place + 0.9 * (10 - points), text, points)
    assert "page_header" not in {label for label, _ in found(sheet)}


def test_numbers_of_short_cells_stay() -> None:
    sheet = Sheet()
    for place, name in enumerate(("one", "two", "three", "four", "five", "six")):
        sheet.line(160, 100 + 16 * place, name)
        sheet.line(260, 100 + 16 * place, str(place + 1))
    assert "page_header" not in {label for label, _ in found(sheet)}


def test_lines_of_paragraphs_apart_are_counted() -> None:
    sheet = Sheet()
    numbers = []
    for place in range(9):
        y = 200 + 13 * place + 14 * (place // 3)
        numbers.append(str(place + 1))
        sheet.line(60, y, numbers[-1])
        sheet.line(90, y, LINES[place % 8])
    assert found(sheet)[0] == ("page_header", " ".join(numbers))


@pytest.mark.parametrize(("at", "label"), [((4, 9, 14), "page_header"), ((4, 8, 14), "text")])
def test_three_numbers_count_every_fifth_line_exactly(at: tuple[int, ...], label: str) -> None:
    sheet = Sheet()
    for place in range(17):
        if place in at:
            sheet.line(60, 200 + 22 * place, str(5 * at.index(place) + 5))
        sheet.line(90, 200 + 22 * place, LINES[place % 8])
    assert found(sheet)[0][0] == label
