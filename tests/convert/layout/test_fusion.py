"""Whole pages through `fuse`: the labels that docling would give, and boxes that its post-processor keeps."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.fusion import Fusion, fuse
from docmill.pipeline.convert.layout.style import DocumentStyle, document_style
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, Font, PageContent, PageOcr, Ruling, TextCell, Word
from tests.convert.layout.sheet import Sheet, seen
from tests.support.recordings import RECORDINGS, needs_recordings
from tests.support.steps import steps

SAMPLES = Path(__file__).parents[2] / "samples"


def labels(
    sheet: Sheet, *detections: Detection, style: DocumentStyle | None = None, ocr: PageOcr | None = None
) -> list[tuple[str, str]]:
    """(label, text) of the page's regions from top to bottom; "" for those without text."""
    regions = fuse(sheet.page, ocr, list(detections), style)
    lines = sheet.page.cells + (ocr.cells if ocr else [])
    ordered = sorted(regions, key=lambda region: (region.box.t, region.box.l))
    return [(region.label, " ".join(lines[cell].text for cell in region.cells)) for region in ordered]


def only(sheet: Sheet, label: str, *detections: Detection) -> list[str]:
    return [text for name, text in labels(sheet, *detections) if name == label]


class TestParagraphs:
    def test_space_parts_paragraphs(self) -> None:
        sheet = Sheet()
        first = sheet.prose(72, 100, 4)
        second = sheet.prose(72, 160, 3)
        boxes = sorted((r.box for r in fuse(sheet.page, None, [])), key=lambda box: box.t)
        assert boxes == [first, second]

    def test_indentation_parts_paragraphs(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.line(84, 148, "Lorem ipsum dolores consectetur lorem ipsum dolores lorem ipsum")
        sheet.prose(72, 160, 3)
        assert [name for name, _ in labels(sheet)] == ["text", "text"]

    def test_first_line_indentation_does_not_part_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.line(84, 100, "Lorem ipsum dolores consectetur lorem ipsum dolores lorem ipsum dolo")
        sheet.prose(72, 112, 3)
        assert len(labels(sheet)) == 1

    def test_columns_stay_apart(self) -> None:
        sheet = Sheet()
        for y in (100, 112, 124, 136):
            sheet.line(72, y, "the left column runs here and on")
            sheet.line(320, y, "while the right one has its own")
        texts = [text for _, text in labels(sheet)]
        assert len(texts) == 2
        assert not any("left" in text and "right" in text for text in texts)

    def test_a_full_width_line_over_two_columns_joins_neither(self) -> None:
        sheet = Sheet()
        sheet.line(
            72, 88, "this line of an abstract runs over both of the columns under it and ends at the edge"
        )
        for y in (100, 112, 124):
            sheet.line(72, y, "the left column runs here and on")
            sheet.line(320, y, "while the right one has its own")
        assert len(labels(sheet)) == 3

    def test_a_wide_gap_in_a_justified_line_is_no_gutter(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 3)
        sheet.line(72, 136, "lorem ipsum dolores")
        sheet.line(185, 136, "consectetur lorem ipsum dolores consectetur lorem")
        sheet.prose(72, 148, 2)
        assert len(labels(sheet)) == 1

    def test_right_to_left_paragraphs(self) -> None:
        sheet = Sheet()
        for y in (100, 112, 124, 160, 172):
            sheet.line(540, y, "كلمة أخرى في هذا السطر الطويل من النص العربي", rtl=True)
        assert [name for name, _ in labels(sheet)] == ["text", "text"]

    def test_a_drawn_rule_parts_blocks(self) -> None:
        sheet = Sheet()
        sheet.lines(72, 100, *["lorem ipsum dolores consectetur lorem ipsum"] * 2)
        sheet.lines(72, 124, *["lorem ipsum dolores consectetur lorem ipsum"] * 2)
        assert len(labels(sheet)) == 1
        sheet.rule(72, 122.5, 400, 122.5)
        assert len(labels(sheet)) == 2


class TestHeadings:
    def test_bigger_type(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, "Results of the trial", 14)
        sheet.prose(72, 124, 5)
        assert only(sheet, "section_header") == ["Results of the trial"]

    def test_bold_line_over_a_paragraph(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 5)
        sheet.line(72, 170, "Results of the trial", bold=True, font="Body-Bold")
        sheet.prose(72, 183, 5)
        assert only(sheet, "section_header") == ["Results of the trial"]

    def test_number_apart_from_its_heading(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 5)
        sheet.line(72, 170, "5.1", 12, bold=True, font="Body-Bold")
        sheet.line(110, 170, "Quantitative results", 12, bold=True, font="Body-Bold")
        sheet.prose(72, 190, 5)
        assert only(sheet, "section_header") == ["5.1 Quantitative results"]

    def test_bold_sentence_is_text(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 5)
        sheet.line(
            72, 165, "This sentence is set in bold because it matters, and so it ends in a stop.", bold=True
        )
        sheet.prose(72, 190, 5)
        assert only(sheet, "section_header") == []

    def test_a_detected_title_breaks_and_labels(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 5)
        box = sheet.line(72, 170, "Results of the trial", font="Other")
        sheet.prose(72, 182, 5)
        assert only(sheet, "section_header", seen("title", box.padded(1))) == ["Results of the trial"]

    def test_names_in_a_row_are_text(self) -> None:
        sheet = Sheet()
        sheet.line(150, 80, "A paper with a long title", 18)
        for x in (72, 240, 410):
            sheet.line(x, 110, "Ines Marlow", bold=True, font="Body-Bold")
        sheet.prose(72, 140, 6)
        assert only(sheet, "section_header") == ["A paper with a long title"]

    def test_peers_share_a_fate(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, "Boots Locking Nut", italic=True, font="Body-Italic")
        sheet.prose(72, 115, 5)
        sheet.line(72, 200, "Elastic Stop Nut", italic=True, font="Body-Italic")
        sheet.prose(72, 215, 5)
        sheet.line(72, 276.5, "Steel Nut", italic=True, font="Body-Italic")
        sheet.prose(72, 291.5, 5)
        assert len(only(sheet, "section_header")) == 3


class TestLists:
    def test_bullets_and_hanging_lines(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 3)
        for y in (150, 174, 198):
            sheet.line(72, y, "•")
            sheet.line(86, y, "lorem ipsum dolores consectetur lorem ipsum dolores consectetur")
            sheet.line(86, y + 12, "consectetur lorem ipsum")
        assert len(only(sheet, "list_item")) == 3

    def test_enumerators(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 3)
        sheet.lines(72, 150, "1. lorem ipsum dolores", "2. lorem ipsum dolores", "3. lorem ipsum dolores")
        assert len(only(sheet, "list_item")) == 3

    def test_a_number_that_starts_a_line_of_prose(self) -> None:
        sheet = Sheet()
        full = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur as in figure"
        sheet.lines(
            72, 100, full, "3. lorem ipsum dolores consectetur lorem ipsum dolores consectetur lore", full
        )
        assert [name for name, _ in labels(sheet)] == ["text"]

    def test_an_initial_is_no_enumerator(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 3)
        sheet.line(72, 160, "J. Lindqvist wrote to the editor about this")
        assert only(sheet, "list_item") == []


class TestFurniture:
    def test_running_head_and_page_number(self) -> None:
        sheet = Sheet()
        sheet.line(200, 50, "A running head", 8)
        sheet.line(500, 50, "12", 8)
        sheet.prose(72, 90, 20)
        sheet.line(300, 750, "7")
        found = labels(sheet)
        assert [name for name, _ in found] == ["page_header", "page_header", "text", "page_footer"]

    def test_a_page_that_starts_with_text_has_no_header(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 46, 20)
        assert [name for name, _ in labels(sheet)] == ["text"]

    def test_lines_that_repeat_across_pages(self) -> None:
        sheets = []
        for number in range(1, 5):
            sheet = Sheet()
            sheet.line(72, 80, f"Tides of {1990 + number} and after")
            sheet.prose(72, 104 if number % 2 else 120, 10, words=10 + number)
            sheets.append(sheet)
        style = document_style(sheet.page for sheet in sheets)
        assert labels(sheets[1], style=style)[0][0] == "page_header"
        assert labels(sheets[1])[0][0] == "text"

    def test_a_page_number_by_itself_under_a_table(self) -> None:
        sheets = []
        for number in range(1, 4):
            sheet = Sheet()
            for row in range(30):
                for x, text in ((72, f"Town {row}"), (200, f"{row * number}.50"), (300, f"{row}7")):
                    sheet.line(x, 60 + 18 * row, text)
            sheet.line(280, 760, f"Page {number} of 3", 8)
            sheets.append(sheet)
        style = document_style(sheet.page for sheet in sheets)
        regions = fuse(sheets[1].page, None, [], style)
        assert sorted(region.label for region in regions) == ["page_footer", "table"]

    def test_sideways_text_in_the_margin(self) -> None:
        sheet = Sheet()
        for y in (100, 200, 300, 400):
            sheet.prose(90, y, 4)
        box = sheet.line(20, 300, "stamp", angle=270)
        regions = [region for region in fuse(sheet.page, None, []) if region.box == box]
        assert [region.label for region in regions] == ["page_header"]

    def test_footnote_under_a_short_rule(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 90, 30)
        sheet.rule(72, 680, 200, 680)
        sheet.lines(72, 685, "1 lorem ipsum dolores consectetur lorem", "dolores lorem.", size=8, leading=9)
        assert len(only(sheet, "footnote")) == 1


class TestCode:
    LISTING = ("def add(first, second):", "    return first + second", "", "print(add(3, 5))")

    def test_monospaced_listing_keeps_its_blank_lines(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        for n, text in enumerate(self.LISTING):
            if text:
                indent = len(text) - len(text.lstrip())
                sheet.line(72 + 6 * indent, 160 + 12 * n, text.strip(), font="Courier", mono=True)
        sheet.prose(72, 230, 4)
        assert [name for name, _ in labels(sheet)] == ["text", "code", "text"]

    def test_program_in_proportional_type(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.lines(72, 160, "function add(a, b) {", "return a + b;", "}", "console.log(add(3, 5));")
        sheet.prose(72, 230, 4)
        assert [name for name, _ in labels(sheet)] == ["text", "code", "text"]

    def test_an_address_is_no_code(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.line(72, 160, "someone@example.org", font="Courier", mono=True)
        assert only(sheet, "code") == []


class TestFormulas:
    def test_formula_and_its_number(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.line(250, 160, "a = b + c", font="CMMI10")
        sheet.line(420, 160, "(12)")
        sheet.prose(72, 190, 4)
        assert only(sheet, "formula") == ["a = b + c (12)"]

    def test_prose_with_symbols_is_text(self) -> None:
        sheet = Sheet()
        sheet.lines(
            72, 100, "where lorem = ipsum holds for each dolores consectetur", "and lorem + ipsum follows."
        )
        assert only(sheet, "formula") == []


class TestPictures:
    def test_bitmap_with_caption(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.page.bitmaps.append(Box(100, 200, 400, 380))
        sheet.line(150, 390, "Figure 3: A lorem of ipsum")
        sheet.prose(72, 420, 4)
        assert [name for name, _ in labels(sheet)] == ["text", "picture", "caption", "text"]

    def test_prose_about_a_figure_is_no_caption(self) -> None:
        sheet = Sheet()
        sheet.lines(
            72, 100, "Figure 3 shows lorem ipsum dolores consectetur lorem ipsum", "dolores lorem ipsum."
        )
        assert only(sheet, "caption") == []

    def test_diagram_keeps_its_labels(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        for x in (100, 200, 300):
            for y in (200 + x / 20, 240, 280 - x / 20):
                sheet.page.shapes.append(Box(x, y, x + 97, y + 36))
                sheet.line(x + 10, y + 10, "Label", 8)
        sheet.prose(72, 340, 4)
        found = fuse(sheet.page, None, [])
        assert sorted(region.label for region in found) == ["picture", "text", "text"]

    def test_a_panel_behind_text_is_no_picture(self) -> None:
        sheet = Sheet()
        sheet.page.shapes.append(Box(60, 90, 500, 200))
        sheet.prose(72, 100, 6)
        assert [name for name, _ in labels(sheet, seen("figure", Box(60, 90, 500, 200)))] == ["text"]

    def test_a_detected_figure_moves_to_its_bitmap(self) -> None:
        sheet = Sheet()
        sheet.page.bitmaps.append(Box(100, 200, 400, 380))
        sheet.prose(72, 420, 4)
        regions = fuse(sheet.page, None, [seen("figure", Box(92, 205, 410, 370))])
        picture = next(region for region in regions if region.label == "picture")
        assert picture.box == Box(100, 200, 400, 380)
        assert picture.source == "model"

    def test_a_scan_is_no_picture_and_its_text_comes_from_ocr(self) -> None:
        sheet = Sheet()
        sheet.page.bitmaps.append(Box(0, 0, 612, 792))
        words = [Word("lorem", Box(72, 100 + 12 * n, 300, 110 + 12 * n), 10, -1) for n in range(4)]
        lines = [TextCell("lorem", word.box, n, 1, ocr=True) for n, word in enumerate(words)]
        found = labels(sheet, ocr=PageOcr(number=1, words=words, cells=lines))
        assert [name for name, _ in found] == ["text"]


class TestTables:
    def test_ruled_grid_without_a_detection(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 100, 4)
        sheet.grid([100, 200, 300], [200, 220, 240, 260])
        for x in (110, 210):
            for y in (205, 225, 245):
                sheet.line(x, y, "cell")
        regions = fuse(sheet.page, None, [])
        tables = [region for region in regions if region.label == "table"]
        assert [table.source for table in tables] == ["geometry"]
        assert tables[0].box.iou(Box(100, 200, 300, 260)) > 0.95

    def test_a_detection_is_drawn_in_to_words_and_rules(self) -> None:
        sheet = Sheet()
        for y in (200, 215, 230, 245):
            sheet.line(100, y, "name of it")
            sheet.line(300, y, "12.5")
        sheet.rule(98, 197, 330, 197)
        sheet.rule(98, 257, 330, 257)
        regions = fuse(sheet.page, None, [seen("table", Box(90, 190, 345, 262))])
        assert [region.label for region in regions] == ["table"]
        assert regions[0].box.iou(Box(98, 197, 330, 257)) > 0.97

    def test_prose_taken_for_a_table_stays_text(self) -> None:
        sheet = Sheet()
        box = sheet.prose(72, 100, 8)
        assert [name for name, _ in labels(sheet, seen("table", box))] == ["text"]

    def test_figures_aligned_in_columns(self) -> None:
        sheet = Sheet()
        sheet.prose(72, 80, 3)
        for n, y in enumerate(range(200, 290, 15)):
            sheet.line(72, y, "Revenue of a year")
            sheet.line(300, y, f"{n}1.5")
            sheet.line(400, y, f"{n}2.5")
        assert "table" in {region.label for region in fuse(sheet.page, None, [])}

    def test_contents_with_dot_leaders(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, "Contents", 16)
        for n in range(6):
            sheet.line(72, 140 + 14 * n, f"Chapter {n} . . . . . . . . . . . . {n * 7}")
        found = labels(sheet)
        assert [name for name, _ in found] == ["section_header", "document_index"]

    def test_contents_without_leaders(self) -> None:
        sheet = Sheet()
        for n in range(8):
            sheet.line(72, 140 + 14 * n, "Chapter about this")
            sheet.line(490, 140 + 14 * n, f"{n + 10}")
        assert [name for name, _ in labels(sheet)] == ["document_index"]


class TestForms:
    def test_checkboxes_take_their_labels(self) -> None:
        sheet = Sheet()
        sheet.line(90, 100, "Books")
        sheet.line(90, 113, "Maps")
        sheet.widget(Box(74, 99, 85, 110), "checkbox", checked=True)
        sheet.widget(Box(74, 112, 85, 123), "checkbox")
        regions = sorted(fuse(sheet.page, None, []), key=lambda region: region.box.t)
        assert [region.label for region in regions] == ["checkbox_selected", "checkbox_unselected"]
        assert regions[0].box.l == 74

    def test_a_detected_figure_full_of_fields_is_none(self) -> None:
        sheet = Sheet()
        for y in (100, 140, 180):
            sheet.line(80, y, "Name")
            sheet.widget(Box(120, y - 2, 300, y + 12), "text")
        assert "picture" not in {name for name, _ in labels(sheet, seen("figure", Box(70, 90, 310, 200)))}


class TestContract:
    def test_ids_are_unique_and_no_line_is_in_two_regions(self) -> None:
        sheet = Sheet()
        sheet.line(72, 100, "Results", 14)
        sheet.prose(72, 130, 5)
        sheet.page.bitmaps.append(Box(100, 200, 400, 380))
        regions = fuse(sheet.page, None, [])
        assert len({region.id for region in regions}) == len(regions)
        cells = [cell for region in regions for cell in region.cells]
        assert len(cells) == len(set(cells)) == len(sheet.page.cells)
        assert all(region.score >= 0.5 for region in regions)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e9])
    def test_hostile_numbers(self, bad: float) -> None:
        box = Box(bad, 0, 10, bad)
        page = PageContent(
            number=1,
            width=612,
            height=792,
            fonts=[Font("A")],
            words=[Word("a", box, bad, 7), Word("b", Box(1, 1, 9, 9), bad, -1)],
            cells=[
                TextCell("a", box, 0, 1),
                TextCell("b", Box(1, 1, 9, 9), 1, 1),
                TextCell("c", box, 90, 3),
                TextCell("", box, 0, 0),
            ],
            bitmaps=[box],
            shapes=[box],
            rulings=[Ruling(bad, 0, bad, 1)],
        )
        found = fuse(page, None, [seen(raw, box) for raw in ("table", "figure", "title", "text")])
        assert all(map(math.isfinite, (value for region in found for value in (region.box.l, region.box.b))))

    def test_an_empty_page(self) -> None:
        assert fuse(PageContent(number=1, width=0, height=0), None, []) == []
        assert fuse(PageContent(number=1, width=612, height=792), None, []) == []

    def test_thousands_of_lines_are_not_compared_with_each_other(self) -> None:
        sheet = Sheet()
        for row in range(100):
            for column in range(50):
                sheet.line(column * 12, row * 7.8, "cell", 3)
        taken, _ = steps(lambda: fuse(sheet.page, None, []))
        assert taken < 3000 * len(sheet.page.cells)


class TestScans:
    def test_heading_and_paragraphs_of_recognised_lines(self) -> None:
        """Line heights jitter, and there are no fonts: widths and pitch say more."""
        texts = ["The Lantern Room"] + ["the lantern room of the old lighthouse was closed to visitors"] * 8
        tops = [80, 110, 123, 136.5, 149, 180, 193, 206.4, 219]
        widths = [145] + [310] * 8
        words: list[Word] = []
        lines: list[TextCell] = []
        for number, (text, top, width) in enumerate(zip(texts, tops, widths, strict=True)):
            box = Box(72, top, 72 + width, top + (9.5 if number else 13) + number % 3)
            words.append(Word(text, box, box.height, -1))
            lines.append(TextCell(text, box, number, 1, ocr=True))
        sheet = Sheet()
        found = labels(sheet, ocr=PageOcr(number=1, words=words, cells=lines))
        assert [name for name, _ in found] == ["section_header", "text", "text"]


def test_a_table_taken_for_a_figure() -> None:
    sheet = Sheet()
    for n, y in enumerate(range(200, 290, 15)):
        sheet.line(72, y, "name of a thing")
        sheet.line(250, y, "what it is")
        sheet.line(400, y, "yes" if n % 2 else "no")
    assert [name for name, _ in labels(sheet, seen("figure", Box(70, 195, 440, 290)))] == ["table"]


@needs_recordings
def test_headings_of_the_kit_without_the_detector() -> None:
    """Geometry alone finds the headings that docling's own model found."""
    expected, found = set(), set()
    for name in ("2305.03393v1-pg9", "code_and_formula", "picture_classification"):
        document = json.loads((RECORDINGS / f"{name}.expected.json").read_text("utf-8"))
        expected |= {item["text"] for item in document["texts"] if item["label"] == "section_header"}
        with Pdf.open(RECORDINGS / f"{name}.pdf") as pdf:
            for number in range(1, pdf.page_count + 1):
                page = read_page(pdf, number)
                for region in fuse(page, None, []):
                    if region.label == "section_header":
                        found.add(" ".join(page.cells[cell].text for cell in region.cells))
    assert found == expected


def test_a_caption_over_a_table_at_the_top_of_a_page_is_no_header() -> None:
    sheet = Sheet()
    sheet.line(100, 60, "Table 1: Accuracy of the styles")
    sheet.grid([100, 200, 300], [80, 100, 120, 140])
    for x in (110, 210):
        for y in (85, 105, 125):
            sheet.line(x, y, "cell")
    sheet.prose(72, 200, 6)
    assert [name for name, _ in labels(sheet)] == ["caption", "table", "text"]


def test_a_note_s_number_after_a_full_stop_still_ends_a_sentence() -> None:
    sheet = Sheet()
    full = "lorem ipsum dolores consectetur lorem ipsum dolores consectetur lorem ipsum"
    sheet.lines(
        72, 100, full, full, "lorem ipsum dolores consectetur lorem ipsum dolores consectetur pages.1"
    )
    sheet.line(84, 136, "This paper does three things:")
    assert len(labels(sheet)) == 2


def test_text_beside_a_chart_is_no_table_with_the_labels_of_its_axes() -> None:
    """A column's lines and, across the gutter, the numbers along a chart stand on the same baselines."""
    with Pdf.open(SAMPLES / "two_column_paper.pdf") as pdf:
        pages = [read_page(pdf, number) for number in range(1, pdf.page_count + 1)]
    regions = fuse(pages[1], None, (), document_style(pages))
    [table] = [region.box for region in regions if region.label == "table"]
    chart = min((region.box for region in regions if region.label == "picture"), key=lambda box: box.t)
    assert table.b < chart.t
    [caption] = [region.box for region in regions if region.label == "caption" and region.box.t > chart.b][:1]
    assert caption.t - chart.b < 20


def test_a_table_with_a_drawing_in_a_cell_stays_one() -> None:
    sheet = Sheet()
    sheet.grid([72, 200, 330, 460], [200, 240, 280, 320, 360])
    for n, y in enumerate(range(214, 360, 40)):
        sheet.line(80, y, "Revenue of a year")
        sheet.line(210, y, f"{n}1.5")
    sheet.page.shapes += [Box(340 + 12 * n, 250, 350 + 12 * n, 275) for n in range(8)]
    assert [name for name, _ in labels(sheet)] == ["table"]


def test_a_page_fused_several_times_is_fused_as_if_anew() -> None:
    changed = 0
    for sample in ("annual_report", "two_column_paper", "form", "skewed"):
        with Pdf.open(SAMPLES / f"{sample}.pdf") as pdf:
            page = read_page(pdf, 1)
        fusion, plain = Fusion(page, None), fuse(page, None, [])
        boxes = [Box(9, 9, 99, 99), *(region.box for region in plain if region.cells)]
        titles = [seen("title", box) for box in boxes[:4]]
        drawn = [seen("figure", boxes[-1].padded(40)), seen("table", boxes[-1]), *titles]
        for detections in ([], titles, drawn, [], titles):
            assert fusion.regions(detections) == fuse(page, None, detections)
            changed += fusion.regions(detections) != plain
    assert changed >= 2
