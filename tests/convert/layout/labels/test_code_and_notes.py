"""Listings, footnotes and numbered headings as other setters set them, and what only looks like them."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet, advance, seen

FULL = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur lorem ipsum dolores"
LISTING = (
    "connect(host, port, 3000)",
    "retry = 4",
    "while retry > 0:",
    "    send(message)",
    "    retry -= 1",
)


def found(sheet: Sheet, *boxes: Box) -> list[tuple[str, str]]:
    """(label, text) of the page's regions from top to bottom, with tables seen in `boxes`."""
    regions = fuse(sheet.page, None, [seen("table", box, 0.8) for box in boxes], document_style([sheet.page]))
    ordered = sorted(regions, key=lambda region: (region.box.t, region.box.l))
    return [(r.label, " ".join(sheet.page.cells[cell].text for cell in r.cells)) for r in ordered]


def labels(sheet: Sheet, *boxes: Box) -> list[str]:
    return [label for label, _ in found(sheet, *boxes)]


def listing(sheet: Sheet, x: float, y: float) -> Box:
    return sheet.lines(x, y, *LISTING, size=9, leading=11, font="Courier", mono=True)


class TestListings:
    def test_a_listing_that_was_seen_as_a_table(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        box = listing(sheet, 72, 130)
        sheet.prose(72, 220, 4)
        assert labels(sheet, box) == ["text", "code", "text"]

    def test_a_listing_in_a_frame_that_was_seen_as_a_table(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        frame = listing(sheet, 80, 134).padded(5)
        sheet.grid([frame.l, frame.r], [frame.t, frame.b])
        sheet.prose(72, 220, 4)
        assert "code" in labels(sheet, frame)
        assert "table" not in labels(sheet, frame)

    def test_a_text_with_listings_that_was_seen_as_a_table(self) -> None:
        sheet = Sheet()
        box = sheet.prose(72, 60, 2, words=4)
        for number in range(3):
            box = box.union(listing(sheet, 72, 100 + 110 * number))
            box = box.union(sheet.prose(72, 175 + 110 * number, 2, words=5))
        assert "table" not in labels(sheet, box)

    @pytest.mark.parametrize("mono", [False, True])
    def test_a_table_in_typewriter_type_stays_one(self, mono: bool) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 30)
        box = None
        for number in range(6):
            for column, text in enumerate((f"region{number}", f"{number}.250", f"1{number}.75")):
                cell = sheet.line(72 + 120 * column, 500 + 14 * number, text, 9, mono=mono)
                box = cell if box is None else box.union(cell)
        assert box is not None
        assert "table" in labels(sheet, box)

    def test_lines_of_code_within_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 60, FULL, FULL)
        sheet.line(
            72,
            84,
            "WS_NO_BUFFER_UTIL WS_NO_UTF_8_VALIDATE no_per_message_deflate WS",
            font="Courier",
            mono=True,
        )
        sheet.line(72, 96, "skip_utf8_validation allow_synchronous_events", font="Courier", mono=True)
        assert labels(sheet) == ["text"]

    def test_the_last_line_of_a_paragraph_is_code(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 60, FULL, FULL)
        sheet.line(72, 84, "/usr/share/doc/mailing-lists.txt", font="Courier", mono=True)
        assert labels(sheet) == ["text"]

    def test_a_listing_under_a_colon_is_no_part_of_the_paragraph(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 60, FULL, f"{FULL[:75]} run:")
        sheet.line(72, 84, "aptitude install mailing-lists", font="Courier", mono=True)
        assert labels(sheet) == ["text", "code"]

    def test_items_in_typewriter_type_with_bullets_of_another(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        for number, name in enumerate(("register_dialect()", "unregister_dialect()", "list_dialects()")):
            mark = sheet.line(80, 130 + 14 * number, "∗", font="Symbols")
            text = sheet.line(92, 130 + 14 * number, name, font="Courier", mono=True)
            first = sheet.page.cells[-2]
            sheet.page.cells[-2:] = [type(first)(f"∗ {name}", mark.union(text), first.first, 2)]
        assert labels(sheet) == ["text", *["list_item"] * 3]

    def test_options_with_dashes_are_code(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 4)
        sheet.lines(
            72, 130, "- name: build the wheel", "  run: make wheel", "- name: test", font="Courier", mono=True
        )
        assert labels(sheet) == ["text", "code"]


class TestBody:
    def test_long_listings_are_not_the_body(self) -> None:
        sheet = Sheet()
        for number in range(2):
            sheet.prose(72, 60 + 300 * number, 5)
            for block in range(4):
                listing(sheet, 72, 130 + 300 * number + 55 * block)
        style = document_style([sheet.page])
        assert (style.body_size, style.body_font) == (10, "Body")
        assert "section_header" not in labels(sheet)

    def test_a_typed_document_has_a_typed_body(self) -> None:
        sheet = Sheet()
        sheet.line(72, 40, "Letterhead", 14)
        sheet.prose(72, 60, 20, words=8, size=12, font="Courier", mono=True)
        assert document_style([sheet.page]).body_font == "Courier"


class TestFootnotes:
    @pytest.mark.parametrize("mark", ["1.", "[1]", "*", "∗", "†", "1"])
    def test_notes_of_any_mark_under_a_rule(self, mark: str) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 40)
        sheet.rule(72, 680, 200, 680)
        sheet.line(72, 685, f"{mark} lorem ipsum dolores consectetur lorem", 8)
        assert labels(sheet) == ["text", "footnote"]

    def test_a_rule_as_wide_as_the_column(self) -> None:
        sheet = Sheet()
        box = sheet.prose(72, 60, 40)
        sheet.rule(72, 680, box.r, 680)
        sheet.line(72, 685, "1. lorem ipsum dolores consectetur lorem", 8)
        sheet.line(72, 696, "2. ipsum dolores consectetur lorem ipsum", 8)
        assert labels(sheet) == ["text", "footnote", "footnote"]

    def test_a_note_that_is_set_as_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 40)
        sheet.line(84, 685, f"∗ {FULL}", 8)
        sheet.line(72, 694, "lorem ipsum dolores.", 8)
        assert labels(sheet) == ["text", "footnote"]

    def test_text_in_a_frame_is_no_note(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 30)
        sheet.prose(72, 440, 16, size=8, words=8)
        sheet.rule(72, 640, 240, 640)
        sheet.prose(72, 650, 4, words=5)
        assert "footnote" not in labels(sheet)

    def test_figures_alone_are_no_notes(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 40)
        for number in range(3):
            sheet.line(40, 600 + 24 * number, str(40 + number), 7)
        assert "footnote" not in labels(sheet)

    def test_a_numbered_heading_is_no_note(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 30, size=11)
        sheet.line(72, 470, "2 LOREM IPSUM", 10, bold=True)
        sheet.prose(72, 500, 5, size=11)
        assert "footnote" not in labels(sheet)


class TestNumberedHeadings:
    @pytest.mark.parametrize("number", ["1.1", "2.3.1", "A.2", "3.1.", "10.12"])
    def test_in_the_type_of_the_text(self, number: str) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 6)
        sheet.line(72, 160, f"{number} Lorem of ipsum")
        sheet.prose(72, 178, 6)
        assert labels(sheet) == ["text", "section_header", "text"]

    @pytest.mark.parametrize(("text", "label"), [("1 Installation", "section_header"), ("so it is", "text")])
    def test_centred_over_the_text(self, text: str, label: str) -> None:
        sheet = Sheet()
        above = sheet.prose(72, 60, 6)
        width = sum(advance(word, 10) for word in text.split()) + 2.8 * (len(text.split()) - 1)
        sheet.line((above.l + above.r - width) / 2, 160, text)
        sheet.prose(72, 178, 6)
        assert labels(sheet) == ["text", label, "text"]

    def test_right_above_its_text(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 6)
        sheet.line(72, 160, "2.2 Lorem ipsum")
        sheet.lines(72, 172, f"Dolores {FULL}", FULL, "lorem ipsum.")
        assert labels(sheet) == ["text", "section_header", "text"]

    def test_sentences_and_rows_of_numbers_are_none(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 60, 6)
        for number in range(4):
            sheet.line(72, 160 + 28 * number, f"2.{number} The lessee shall return the lorem.")
        sheet.prose(72, 290, 6)
        for number in range(4):
            sheet.line(72, 400 + 28 * number, f"3.{number} apples and pears")
        assert "section_header" not in [label for label, text in found(sheet) if not text.startswith("3.3")]


def test_short_lines_over_a_listing_are_of_it() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 12)
    for place, text in enumerate(
        ("$ ls -l", "total 12", "-rw-r--r-- 1 me me 120 a.txt", "$ rm a.txt --force")
    ):
        sheet.line(72, 300 + 17 * place, text, mono=True)
    sheet.prose(72, 400, 12)
    regions = fuse(sheet.page, None, [])
    code = [region for region in regions if region.label == "code"]
    assert len(code) == 1
    assert code[0].box.t == 300
