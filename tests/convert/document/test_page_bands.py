"""In which order the parts of a page are read: what stands over its columns, its authors, and its columns."""

from __future__ import annotations

from docmill.pipeline.convert.document.docling_stages import assemble_document
from docmill.pipeline.convert.document.page_bands import Placed, page_bands
from docmill.pipeline.convert.types import Box
from tests.convert.handmade import line, page

PROSE = "a full line of the text of this paper that goes on and on " * 7


def column(left: float, top: float, *, paragraphs: int = 3, width: float = 240) -> list[Placed]:
    return [
        Placed(Box(left, top + 110 * n, left + width, top + 110 * n + 100), PROSE) for n in range(paragraphs)
    ]


def short(
    left: float, top: float, right: float, text: str, *, high: float = 10, heading: bool = False
) -> Placed:
    return Placed(Box(left, top, right, top + high), text, heading)


def read(items: list[Placed], *, first: bool = True) -> list[list[str]]:
    return [[items[number].text[:12] for number in band] for band in page_bands(items, first=first)]


TITLE = short(200, 60, 412, "The Title", high=16, heading=True)
ABSTRACT = short(150, 200, 200, "Abstract", heading=True)


def test_a_title_comes_before_a_column_that_begins_with_a_narrow_heading() -> None:
    left, right = [ABSTRACT, *column(50, 220)], column(320, 200)
    assert read([*left, TITLE, *right]) == [
        ["The Title"],
        ["Abstract", *["a full line "] * 3],
        ["a full line "] * 3,
    ]


def test_three_authors_come_one_after_another_with_their_institutes() -> None:
    authors = [
        short(x, top, x + 90, text)
        for x, name in ((60, "Ann"), (260, "Ben"), (460, "Cem"))
        for top, text in ((100, name), (113, f"{name}'s place"))
    ]
    items = [ABSTRACT, *column(50, 220), *column(320, 200), TITLE, *authors]
    bands = read(items)
    assert bands[0] == ["The Title"]
    assert bands[1] == ["Ann", "Ann's place", "Ben", "Ben's place", "Cem", "Cem's place"]
    assert bands[2][0] == "Abstract"


def test_two_rows_of_two_authors_are_rows_though_nobody_stands_in_the_middle() -> None:
    authors = [
        short(x, top, x + 120, text)
        for top, names in ((100, ("Ann", "Ben")), (130, ("Cem", "Dee")))
        for x, text in zip((80, 400), names, strict=True)
    ]
    bands = read([TITLE, *authors, ABSTRACT, *column(50, 220), *column(320, 200)])
    assert bands[:3] == [["The Title"], ["Ann", "Ben"], ["Cem", "Dee"]]
    assert bands[3][0] == "Abstract"


def test_short_texts_at_the_top_of_columns_are_authors_on_the_first_page_alone() -> None:
    top = [short(80, 100, 200, "Ann"), short(400, 100, 520, "Ben")]
    items = [TITLE, *top, *column(50, 220), *column(320, 220)]
    assert read(items)[1] == ["Ann", "Ben"]
    assert read(items, first=False)[1] == ["Ann", *["a full line "] * 3]


def test_headings_at_the_top_of_both_columns_are_no_authors() -> None:
    top = [ABSTRACT, short(400, 200, 520, "1 Introduction", heading=True)]
    bands = read([TITLE, *top, *column(50, 220), *column(320, 220)])
    assert bands == [
        ["The Title"],
        ["Abstract", *["a full line "] * 3],
        ["1 Introducti", *["a full line "] * 3],
    ]


def test_a_line_too_long_for_its_column_does_not_part_the_page() -> None:
    long = short(50, 340, 330, "a long line of code")
    left = [*column(50, 100, paragraphs=2), long, *column(50, 360)]
    right = [*column(320, 100, paragraphs=2), short(322, 338, 560, "beside"), *column(320, 360)]
    bands = read([*left, *right], first=False)
    assert [len(band) for band in bands] == [6, 6]


def test_a_wide_figure_parts_what_is_over_it_from_what_is_under() -> None:
    figure = Placed(Box(60, 330, 550, 420), "")
    items = [*column(50, 100, paragraphs=2), *column(320, 100, paragraphs=2), figure]
    items += [*column(50, 440, paragraphs=2), *column(320, 440, paragraphs=2)]
    assert [len(band) for band in page_bands(items, first=False)] == [2, 2, 1, 2, 2]


def test_a_column_of_notes_beside_the_text_is_left_to_docling() -> None:
    notes = [short(40, 120 + 150 * n, 130, "a note") for n in range(4)]
    text = column(160, 100, paragraphs=5, width=400)
    assert len(read([*notes, *text], first=False)) == 1


def test_on_a_page_of_one_column_what_stands_over_the_rest_comes_first() -> None:
    over = [TITLE, short(250, 90, 360, "Ann and Ben"), short(240, 110, 370, "A place")]
    under = [short(90, 150, 140, "Abstract", heading=True), *column(90, 170, width=430)]
    bands = read([under[0], *over, *under[1:]])
    assert bands[:3] == [["The Title"], ["Ann and Ben"], ["A place"]]


def test_pages_of_very_many_items_stay_as_they_are() -> None:
    many = [short(50 + 5 * (n % 90), 50 + n, 60, "x") for n in range(400)]
    assert page_bands(many, first=True) == [list(range(400))]


def test_a_document_is_read_so_and_its_authors_are_not_joined() -> None:
    lines = [
        line("The Title of a Paper", 240, 60),
        *(line(name, x, 90) for name, x in (("Ann Lee", 90), ("Ben Roe", 280), ("Cem Kaya", 450))),
        line("Abstract", 140, 130),
        *(line("some text of the left column that runs", 50, 150 + 12 * n) for n in range(12)),
        *(line("and then the right column goes on so", 330, 130 + 12 * n) for n in range(13)),
    ]
    regions = [("section_header", [4]), ("text", list(range(5, 17))), ("section_header", [0])]
    regions += [("text", [n]) for n in (1, 2, 3)] + [("text", list(range(17, 30)))]
    document = assemble_document("paper.pdf", "ab" * 32, [page(1, lines, regions)], top_down=True)
    texts = [item.text for item in document.texts]
    assert texts[:5] == ["The Title of a Paper", "Ann Lee", "Ben Roe", "Cem Kaya", "Abstract"]
    # the paragraph goes on in the next column, and is one
    assert len(texts) == 6
    assert texts[5].count("column") == 25
