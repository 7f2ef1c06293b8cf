"""Settings in which other documents come: sub-items, clauses, bibliographies, initials, shaded tables."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.markers import is_bullet, leading_marker
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet, seen

FULL = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur lorem ipsum dolores"


def found(sheet: Sheet, *detections: Detection) -> list[tuple[str, str]]:
    """(label, text) of the page's regions from top to bottom."""
    regions = fuse(sheet.page, None, list(detections), document_style([sheet.page]))
    ordered = sorted(regions, key=lambda region: (region.box.t, region.box.l))
    return [(r.label, " ".join(sheet.page.cells[cell].text for cell in r.cells)) for r in ordered]


def item(sheet: Sheet, x: float, y: float, marker: str, text: str, *, gap: float = 14) -> None:
    """One list item: the marker, and its text `gap` points from where it starts."""
    marked = sheet.line(x, y, marker)
    body = sheet.line(x + gap, y, text)
    first = sheet.page.cells[-2]
    sheet.page.cells[-2:] = [
        type(first)(f"{marker} {text}", marked.union(body), first.first, len(text.split()) + 1)
    ]


class TestMarkers:
    @pytest.mark.parametrize(
        ("word", "marker"),
        [
            ("一、本文", "一、"),
            ("(1)本文", "(1)"),
            ("가.구성", "가."),
            ("・項目", "・"),
            ("③資料", "③"),
            ("2.", "2."),
        ],
    )
    def test_enumerators_that_touch_their_text(self, word: str, marker: str) -> None:
        assert leading_marker(word) == marker

    @pytest.mark.parametrize("word", ["1.5倍", "3.14", "本文", "(see", "12)x"])
    def test_numbers_that_touch_text_are_no_enumerators(self, word: str) -> None:
        assert leading_marker(word) == ""

    def test_an_unmapped_glyph_is_a_bullet_unless_it_is_mathematics(self) -> None:
        assert is_bullet("\ufffd", "ABCDEF+Helvetica")
        assert not is_bullet("\ufffd", "ABCDEF+CMEX10")


class TestLists:
    @pytest.mark.parametrize("marker", ["–", "o", "-"])
    def test_sub_items_start_items_of_their_own(self, marker: str) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for number in range(3):
            item(sheet, 72, 130 + 36 * number, "•", "Lorem ipsum dolores consectetur")
            item(sheet, 92, 142 + 36 * number, marker, "Ipsum dolores")
            item(sheet, 92, 154 + 36 * number, marker, "Dolores lorem ipsum")
        assert [label for label, _ in found(sheet)] == ["text", *["list_item"] * 9]

    def test_a_dash_in_a_paragraph_of_an_item_is_no_sub_item(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        item(sheet, 72, 130, "•", FULL)
        sheet.line(86, 142, "– lorem ipsum dolores consectetur")
        assert [label for label, _ in found(sheet)] == ["text", "list_item"]

    def test_the_paragraph_after_bullets_is_none_of_theirs(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        item(sheet, 72, 130, "✓", "Lorem ipsum")
        item(sheet, 72, 142, "✓", "Dolores lorem")
        sheet.line(72, 154, "Order no. lorem ipsum")
        assert [label for label, _ in found(sheet)] == ["text", "list_item", "list_item", "text"]

    def test_clauses_of_a_contract(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for number in range(3):
            item(sheet, 72, 130 + 40 * number, f"1.{number + 1}", FULL, gap=30)
            sheet.line(102, 142 + 40 * number, "lorem ipsum dolores.")
        assert [label for label, _ in found(sheet)] == ["text", *["list_item"] * 3]

    def test_a_numbered_item_set_as_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for number in range(3):
            sheet.line(86, 130 + 36 * number, f"{number + 1}. {FULL}")
            sheet.line(72, 142 + 36 * number, f"{FULL} lorem")
            sheet.line(72, 154 + 36 * number, "lorem ipsum dolores.")
        assert [label for label, _ in found(sheet)] == ["text", *["list_item"] * 3]

    def test_a_bibliography_without_numbers(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for number in range(4):
            sheet.line(72, 130 + 36 * number, f"Smith {FULL}")
            sheet.line(86, 142 + 36 * number, f"lorem ipsum, {1990 + number}.")
        assert [label for label, _ in found(sheet)] == ["text", *["list_item"] * 4]

    def test_small_numbered_references_are_no_footnotes(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 20)
        for number in range(4):
            item(sheet, 72, 600 + 20 * number, f"[{number + 1}]", "Smith, lorem ipsum dolores, 1999.")
        sheet.page.words = [
            type(w)(w.text, w.box, 8.0 if w.box.t > 590 else w.size, w.font) for w in sheet.page.words
        ]
        assert [label for label, _ in found(sheet)] == ["text", *["list_item"] * 4]


class TestParagraphs:
    def test_a_big_initial_is_part_of_its_paragraph(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        sheet.line(72, 130, "L", 26)
        sheet.line(88, 130, FULL)
        sheet.line(88, 142, FULL)
        sheet.line(72, 154, FULL)
        sheet.line(72, 166, "lorem ipsum dolores.")
        regions = found(sheet)
        assert [label for label, _ in regions] == ["text", "text"]
        assert regions[1][1].startswith("L lorem")

    def test_labels_of_a_form_stay_apart(self) -> None:
        sheet = Sheet()
        for number, text in enumerate(("Name", "Street address", "City", "Telephone", "Occupation")):
            sheet.line(72, 100 + 26 * number, text)
        assert [label for label, _ in found(sheet)] == ["text"] * 5

    def test_the_last_word_of_a_loose_line_belongs_to_it(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, FULL)
        end = sheet.page.cells[0].box.r
        sheet.line(72, 112, "lorem ipsum dolores consectetur lorem ipsum dolores consectetur")
        sheet.line(end - 5, 112, "a")
        sheet.page.cells[-2] = type(sheet.page.cells[0])(
            sheet.page.cells[-2].text,
            Box(72, 112, end - 30, 121),
            sheet.page.cells[-2].first,
            sheet.page.cells[-2].count,
        )
        sheet.lines(72, 124, FULL, "lorem ipsum.")
        assert [label for label, _ in found(sheet)] == ["text"]

    def test_the_sign_that_ends_a_proof(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 100, FULL, FULL, "lorem ipsum dolores.")
        sheet.line(440, 124, "□")
        assert [label for label, _ in found(sheet)] == ["text"]

    def test_a_detected_title_cannot_end_within_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 100, *[FULL] * 6, "lorem ipsum dolores.")
        assert [label for label, _ in found(sheet, seen("title", Box(72, 100, 470, 109)))] == ["text"]


class TestHeadings:
    def test_bylines_are_text(self) -> None:
        sheet = Sheet()
        sheet.line(72, 60, "Lorem Ipsum Dolores", 16, bold=True, font="Head")
        sheet.line(72, 84, "By Emil Winter and Mia Fischer", italic=True, font="Body-Italic")
        sheet.prose(72, 100, 5)
        assert [label for label, _ in found(sheet)] == ["section_header", "text", "text"]

    @pytest.mark.parametrize(
        ("text", "byline"),
        [
            ("Von Jörg O’Neil-Smith, Mia Fischer und J. D. Lorem", True),
            ("By Ada", True),
            ("By A", False),
            ("By Lorem, 2010", False),
            ("By the numbers (2010)", False),
            ("Bylaws of Lorem Ipsum", False),
        ],
    )
    def test_what_a_byline_is(self, text: str, byline: bool) -> None:
        sheet = Sheet()
        sheet.line(72, 60, text, 16, bold=True, font="Head")
        sheet.prose(72, 100, 5)
        assert [label for label, _ in found(sheet)] == ["text" if byline else "section_header", "text"]

    @pytest.mark.timeout(10)
    @pytest.mark.parametrize(
        "text",
        ["By default it will be UTC if the library is not loaded!", f"Di {'a' * 170} (", f"Por {'y ' * 85}!"],
    )
    def test_a_long_paragraph_that_begins_like_a_byline(self, text: str) -> None:
        sheet = Sheet()
        sheet.line(72, 60, text, 16, bold=True, font="Head")
        sheet.prose(72, 100, 5)
        assert found(sheet)[0][0] == "section_header"

    def test_authors_and_dates_under_a_title(self) -> None:
        sheet = Sheet()
        sheet.line(200, 60, "Lorem Ipsum Dolores", 18)
        sheet.line(245, 90, "Andrew Lorem", 12)
        sheet.line(240, 110, "September, 2010", 12)
        sheet.line(285, 150, "Abstract", 10, bold=True, font="Body-Bold")
        sheet.prose(72, 170, 6)
        assert [label for label, _ in found(sheet)] == [
            "section_header",
            "text",
            "text",
            "section_header",
            "text",
        ]

    def test_a_plain_heading_over_its_paragraph_is_no_front_matter(self) -> None:
        sheet = Sheet()
        sheet.line(72, 60, "Lorem Ipsum Dolores", 20)
        sheet.line(72, 100, "Ipsum Dolores", 13)
        sheet.prose(72, 120, 6)
        assert [label for label, _ in found(sheet)] == ["section_header", "section_header", "text"]

    def test_a_heading_at_the_top_of_a_column_is_no_page_header(self) -> None:
        sheet = Sheet()
        sheet.line(320, 70, "6 Lorem", 12, bold=True, font="Head")
        sheet.prose(320, 92, 6, words=6)
        sheet.prose(72, 70, 8, words=6)
        header = seen("header", Box(320, 70, 370, 81), 0.7)
        assert ("section_header", "6 Lorem") in found(sheet, header)


class TestTables:
    def shaded(self, texts: list[list[str]]) -> Sheet:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for row, line in enumerate(texts):
            for column, text in enumerate(line):
                left, top = 72 + 104 * column, 130 + 28 * row
                sheet.page.shapes.append(Box(left, top, left + 100, top + 24))
                sheet.line(left + 8, top + 8, text)
        return sheet

    def test_cells_drawn_as_filled_rectangles(self) -> None:
        sheet = self.shaded([["Lorem", "Ipsum", "Dolores"]] * 4)
        found_regions = fuse(sheet.page, None, [seen("figure", Box(70, 128, 386, 240))])
        tables = [region.box for region in found_regions if region.label == "table"]
        assert tables == [Box(72, 130, 380, 238)]

    def test_columns_of_a_few_words(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for row in range(6):
            for column, text in enumerate(("Lorem ipsum", "Dolores", "Consectetur lorem")):
                sheet.line(72 + 130 * column, 140 + 16 * row, text)
        assert [label for label, _ in found(sheet)] == ["text", "table"]

    def test_authors_side_by_side_are_no_table(self) -> None:
        sheet = Sheet()
        for row, text in enumerate(("Lorem Ipsum", "Institute", "City", "Land", "lorem@example.org")):
            for column in range(3):
                sheet.line(72 + 150 * column, 100 + 12 * row, text)
        sheet.prose(72, 200, 6)
        assert "table" not in [label for label, _ in found(sheet)]

    def test_the_paragraph_after_a_ruled_table_is_not_in_it(self) -> None:
        sheet = Sheet()
        for row in range(4):
            for column in range(3):
                sheet.line(74 + 140 * column, 100 + 16 * row, "lorem 12")
            sheet.rule(72, 112 + 16 * row, 470, 112 + 16 * row)
        sheet.lines(72, 164, FULL, FULL, "lorem ipsum dolores.")
        detected = seen("table", Box(70, 98, 472, 196))
        assert [label for label, _ in found(sheet, detected)] == ["table", "text"]

    def test_shaded_column_heads_over_a_detection(self) -> None:
        sheet = Sheet()
        for row in range(4):
            for column in range(3):
                sheet.line(74 + 140 * column, 100 + 16 * row, "lorem 12")
            sheet.rule(72, 112 + 16 * row, 470, 112 + 16 * row)
        detected = seen("table", Box(70, 114, 472, 162))
        tables = [region for region in fuse(sheet.page, None, [detected]) if region.label == "table"]
        assert [table.box.t for table in tables] == [100]

    def test_chapters_of_a_table_of_contents_without_leaders(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, "1 Lorem", bold=True)
        sheet.line(270, 100, "2", bold=True)
        for row in range(4):
            sheet.line(90, 116 + 14 * row, "Ipsum dolores . . . . . . . . . . . .")
            sheet.line(270, 116 + 14 * row, str(3 + row))
        regions = fuse(sheet.page, None, [])
        assert [(region.label, region.box.t) for region in regions] == [("document_index", 100)]


class TestPictures:
    def test_lines_to_write_on_are_no_picture(self) -> None:
        sheet = Sheet()
        for row, text in enumerate(("Name", "Street", "City", "Land")):
            sheet.line(72, 100 + 28 * row, text)
            sheet.rule(130, 112 + 28 * row, 470, 112 + 28 * row)
        assert "picture" not in [label for label, _ in found(sheet, seen("figure", Box(70, 96, 474, 200)))]

    def test_numbers_along_the_axes_belong_to_the_chart(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for bar in range(6):
            sheet.page.shapes.append(Box(120 + 30 * bar, 200 - 10 * bar, 140 + 30 * bar, 280))
            sheet.line(122 + 30 * bar, 284, str(2010 + bar), 6)
        sheet.rule(114, 140, 114, 280)
        sheet.rule(114, 280, 300, 280)
        for tick in range(4):
            sheet.line(100, 145 + 40 * tick, str(90 - 30 * tick), 6)
        assert [label for label, _ in found(sheet, seen("figure", Box(112, 140, 300, 282)))] == [
            "text",
            "picture",
        ]

    def test_small_type_under_a_picture_is_its_caption(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        sheet.page.bitmaps.append(Box(72, 120, 300, 220))
        sheet.line(72, 224, "Lorem ipsum dolores", 8)
        sheet.prose(72, 250, 4)
        assert [label for label, _ in found(sheet)] == ["text", "picture", "caption", "text"]


class TestCode:
    def test_brackets_around_an_indented_listing(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        sheet.line(72, 120, "{", mono=True)
        sheet.lines(90, 132, "lorem:ipsum_dolores", "fun:consectetur", "obj:lorem/ipsum", mono=True)
        sheet.line(72, 168, "}", mono=True)
        assert [label for label, _ in found(sheet)] == ["text", "code"]

    def test_a_framed_listing_with_line_numbers_is_no_table(self) -> None:
        sheet = Sheet()
        lines = [
            "int lorem(int a) {",
            "int ipsum = a;",
            "while (a) {",
            "a = next(a);",
            "}",
            "return ipsum;",
            "}",
        ]
        for row, text in enumerate(lines):
            sheet.line(74, 100 + 12 * row, str(row + 1), 6)
            sheet.line(92, 100 + 12 * row, text)
        sheet.grid([70, 86, 400], [96, 186])
        assert [label for label, _ in found(sheet, seen("table", Box(70, 96, 400, 186)))] == ["code"]


class TestFormulas:
    def test_big_brackets_belong_to_their_line(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 100, FULL, FULL, FULL, "lorem ipsum dolores.")
        sheet.line(200, 107, "\ufffd", font="CMEX10")
        assert [label for label, _ in found(sheet)] == ["text"]
