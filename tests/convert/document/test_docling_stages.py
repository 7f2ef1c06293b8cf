"""docling's stages on pages made by hand: post-processing, assembly, reading order, headings."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from docling_core.types.doc import DoclingDocument, SectionHeaderItem, TextItem
from docling_core.types.doc.base import CoordOrigin
from docling_core.types.doc.document import ContentLayer

from docmill.pipeline.convert.document.docling_stages import (
    PageParts,
    assemble_document,
    infer_heading_levels,
    page_lines,
    postprocess,
)
from docmill.pipeline.convert.types import (
    Box,
    Link,
    OutlineEntry,
    PageOcr,
    TableCell,
    TableStructure,
    TextCell,
)
from tests.convert.handmade import content, line, page, region

HASH = "3f2a9c" + "0" * 58


def assembled(*pages: PageParts, name: str = "report.pdf") -> DoclingDocument:
    document = assemble_document(name, HASH, pages)
    return DoclingDocument.model_validate_json(document.model_dump_json())


def texts(document: DoclingDocument) -> list[tuple[str, str]]:
    """Label and text of the body in reading order."""
    return [
        (item.label.value, item.text) for item, _ in document.iterate_items() if isinstance(item, TextItem)
    ]


# --- post-processing ---


def test_regions_take_their_lines_and_snap_to_them() -> None:
    made = content([line("A heading", 50, 50), line("Some text", 50, 100), line("goes on", 50, 112)])
    found = postprocess(
        made,
        None,
        [region(0, "section_header", (45, 45, 300, 65)), region(1, "text", (45, 95, 300, 125))],
    )
    assert [(r.label, r.cells) for r in found] == [("section_header", [0]), ("text", [1, 2])]
    heading = found[0]
    assert heading.box == made.cells[0].box
    assert heading.source == "model"


def test_lines_of_no_region_become_text() -> None:
    made = content([line("seen", 50, 50), line("overlooked", 50, 300)])
    found = postprocess(made, None, [region(0, "text", (45, 45, 300, 65))])
    assert [(r.label, r.cells, r.source) for r in found] == [
        ("text", [0], "model"),
        ("text", [1], "geometry"),
    ]
    assert len({r.id for r in found}) == 2


def test_weak_regions_are_dropped() -> None:
    made = content([line("text", 50, 50)])
    found = postprocess(made, None, [region(0, "table", (45, 45, 300, 65), score=0.2)])
    assert [r.label for r in found] == ["text"]


def test_regions_inside_a_picture_become_its_children() -> None:
    made = content([line("label", 110, 110)])
    regions = [region(0, "picture", (100, 100, 400, 400)), region(1, "text", (105, 105, 160, 125))]
    [picture] = postprocess(made, None, regions)
    assert picture.label == "picture"
    assert [(child.label, child.cells) for child in picture.children] == [("text", [0])]


def test_recognised_lines_follow_those_of_the_text_layer() -> None:
    made = content([line("layer", 50, 50)])
    ocr = PageOcr(number=1, cells=[line("read", 50, 100, ocr=True)])
    assert [each.text for each in page_lines(made, ocr)] == ["layer", "read"]
    assert [each.text for each in page_lines(made, None)] == ["layer"]
    found = postprocess(made, ocr, [region(0, "text", (45, 95, 300, 115))])
    assert sorted((r.cells, r.label) for r in found) == [([0], "text"), ([1], "text")]


@pytest.mark.parametrize("boxes", [[], [(50, 50, 50, 50)], [(-100, -100, 2000, 2000)], [(0, 0, 0, 0)] * 3])
def test_empty_and_odd_pages(boxes: list[tuple[float, float, float, float]]) -> None:
    regions = [region(n, "text", box) for n, box in enumerate(boxes)]
    for lines in ([], [line("", 10, 10)], [line("x", 10, 10, width=0.0)]):
        made = content(lines)
        found = postprocess(made, None, regions)
        assert sorted(index for r in found for index in r.cells) in ([], [0])


def test_a_page_of_many_lines_takes_seconds_at_most() -> None:
    lines = [line(f"{n}", 10 + 50 * (n % 40), 10 + 2 * (n // 40), width=20) for n in range(2000)]
    found = postprocess(content(lines), None, [region(0, "text", (0, 0, 600, 20))])
    assert sum(len(r.cells) for r in found) == 2000


# --- assembly ---


def test_a_page_becomes_items_with_their_place() -> None:
    document = assembled(
        page(
            1,
            [line("1 Results", 50, 50), line("They are", 50, 100), line("good.", 50, 112)],
            [("section_header", [0]), ("text", [1, 2])],
        )
    )
    assert texts(document) == [("section_header", "1 Results"), ("text", "They are good.")]
    [prov] = document.texts[1].prov
    assert prov.page_no == 1
    box = prov.bbox.to_top_left_origin(792)
    assert (box.l, box.t) == pytest.approx((50, 100))
    assert box.coord_origin == CoordOrigin.TOPLEFT
    assert document.pages[1].size.as_tuple() == (612, 792)
    assert document.name == "report"
    assert document.origin is not None
    assert document.origin.filename == "report.pdf"
    assert document.origin.mimetype == "application/pdf"
    assert f"{document.origin.binary_hash:x}" == HASH[:16].lstrip("0")


def test_two_columns_are_read_one_after_the_other() -> None:
    lines: list[TextCell] = []
    regions: list[tuple[str, list[int]]] = []
    for column, left in (("left", 50), ("right", 320)):
        for paragraph in range(3):
            start = 100 + 120 * paragraph
            regions.append(("text", list(range(len(lines), len(lines) + 9))))
            lines += [line(f"{column} {paragraph}.", left, start + 12 * n, width=240) for n in range(9)]
    document = assembled(page(1, lines, regions[3:] + regions[:3]))
    assert [text.split(".")[0] for _, text in texts(document)] == [
        *(f"left {n}" for n in range(3)),
        *(f"right {n}" for n in range(3)),
    ]


def test_headers_and_footers_are_furniture() -> None:
    lines = [line("Journal", 50, 20), line("Body.", 50, 300), line("7", 300, 770)]
    document = assembled(page(1, lines, [("page_header", [0]), ("text", [1]), ("page_footer", [2])]))
    assert texts(document) == [("text", "Body.")]
    furniture = [item.text for item in document.texts if item.content_layer == ContentLayer.FURNITURE]
    assert sorted(furniture) == ["7", "Journal"]


def test_a_paragraph_goes_on_over_the_page() -> None:
    document = assembled(
        page(1, [line("It does not end", 50, 700)], [("text", [0])]),
        page(2, [line("on this page.", 50, 50)], [("text", [0])]),
    )
    assert texts(document) == [("text", "It does not end on this page.")]
    assert [prov.page_no for prov in document.texts[0].prov] == [1, 2]


def test_words_hyphenated_at_the_end_of_a_line_are_closed_up() -> None:
    document = assembled(page(1, [line("docu-", 50, 50), line("ment", 50, 62)], [("text", [0, 1])]))
    assert texts(document) == [("text", "document")]


def test_captions_belong_to_their_picture_and_table() -> None:
    lines = [line("Figure 1: A view.", 50, 310), line("Table 1: Figures.", 50, 480)]
    parts = page(1, lines, [("caption", [0]), ("caption", [1])])
    parts.layout.clusters += [
        region(10, "picture", (50, 100, 400, 300)),
        region(11, "table", (50, 500, 400, 700)),
    ]
    document = assembled(parts)
    [picture], [table] = document.pictures, document.tables
    assert [caption.resolve(document).text for caption in picture.captions] == ["Figure 1: A view."]
    assert [caption.resolve(document).text for caption in table.captions] == ["Table 1: Figures."]


def test_a_table_keeps_its_grid() -> None:
    parts = page(1, [], [])
    parts.layout.clusters.append(region(3, "table", (50, 100, 400, 200)))
    cells = [
        TableCell(row=0, col=0, col_span=2, text="Both", column_header=True, box=Box(50, 100, 400, 150)),
        TableCell(row=1, col=0, text="left", row_header=True),
        TableCell(row=1, col=1, text="right", box=Box(200, 150, 400, 200)),
    ]
    parts.tables.tables.append(TableStructure(region=3, num_rows=2, num_cols=2, cells=cells))
    [table] = assembled(parts).tables
    assert (table.data.num_rows, table.data.num_cols) == (2, 2)
    assert [[cell.text for cell in row] for row in table.data.grid] == [["Both", "Both"], ["left", "right"]]
    both, left, _ = table.data.table_cells
    assert (both.column_header, both.col_span, both.end_col_offset_idx) == (True, 2, 2)
    assert left.row_header
    assert left.bbox is None


def test_a_table_without_structure_is_still_a_table() -> None:
    parts = page(1, [line("cell", 60, 110)], [])
    parts.layout.clusters.append(region(3, "table", (50, 100, 400, 200)))
    [table] = assembled(parts).tables
    assert table.data.num_rows == 0
    assert table.prov[0].page_no == 1


def test_list_items_lose_their_marker_and_make_a_list() -> None:
    lines = [line("- one", 50, 50), line("- two", 50, 70)]
    document = assembled(page(1, lines, [("list_item", [0]), ("list_item", [1])]))
    assert texts(document) == [("list_item", "one"), ("list_item", "two")]
    assert len(document.groups) == 1
    assert document.export_to_markdown() == "- one\n- two"


def test_links_are_kept() -> None:
    parts = page(1, [line("the site", 50, 50)], [("text", [0])])
    parts.content.links = [Link(parts.content.cells[0].box, uri="https://example.org/a")]
    [item] = assembled(parts).texts
    assert str(item.hyperlink) == "https://example.org/a"


def test_a_link_to_a_page_is_no_hyperlink() -> None:
    parts = page(1, [line("see page 2", 50, 50)], [("text", [0])])
    parts.content.links = [Link(parts.content.cells[0].box, page=2)]
    assert assembled(parts).texts[0].hyperlink is None


def test_pages_without_anything_are_there() -> None:
    document = assembled(page(1, [], []), page(4, [], []))
    assert sorted(document.pages) == [1, 4]
    assert texts(document) == []


@pytest.mark.parametrize("name", ["no extension", "a.b.pdf", "دليل.pdf", "folder/report.pdf", "x" * 200])
def test_any_name(name: str) -> None:
    document = assembled(page(1, [line("Text.", 50, 50)], [("text", [0])]), name=name)
    assert document.origin is not None
    assert document.origin.filename == PurePath(name).name


# --- headings ---


def headings(*titles: str, outline: list[OutlineEntry] | None = None) -> list[tuple[str, int]]:
    lines = [line(title, 50, 50 + 40 * n) for n, title in enumerate(titles)]
    document = assembled(page(1, lines, [("section_header", [n]) for n in range(len(lines))]))
    infer_heading_levels(document, outline or [])
    return [(item.text, item.level) for item in document.texts if isinstance(item, SectionHeaderItem)]


def test_numbering_gives_heading_levels() -> None:
    found = headings("1 One", "1.1 One one", "1.1.1 Deep", "2 Two")
    assert [level for _, level in found] == [1, 2, 3, 1]


def test_bookmarks_give_heading_levels() -> None:
    outline = [OutlineEntry("Sea", 1, 1), OutlineEntry("Tides", 2, 1), OutlineEntry("Land", 1, 1)]
    assert headings("Sea", "Tides", "Land", outline=outline) == [("Sea", 1), ("Tides", 2), ("Land", 1)]


def test_headings_without_a_hint_stay_at_the_first_level() -> None:
    assert headings("Sea", "Land") == [("Sea", 1), ("Land", 1)]


def test_bookmarks_of_no_heading_and_broken_ones_do_no_harm() -> None:
    outline = [OutlineEntry("", 1, None), OutlineEntry("Elsewhere", 9, 99), OutlineEntry("Sea", 1, 1)]
    assert headings("Sea", outline=outline) == [("Sea", 1)]


def test_the_text_of_every_label_is_kept() -> None:
    labels = ["caption", "checkbox_selected", "checkbox_unselected", "code", "footnote", "formula",
              "list_item", "page_footer", "page_header", "section_header", "text"]  # fmt: skip
    lines = [line(f"number {n}", 50, 40 + 60 * n) for n in range(len(labels))]
    document = assembled(page(1, lines, [(label, [n]) for n, label in enumerate(labels)]))
    assert {item.orig for item in document.texts} == {each.text for each in lines}


def test_a_title_becomes_a_heading_before_assembly_would_drop_it() -> None:
    made = content([line("The title", 50, 50)])
    assert [r.label for r in postprocess(made, None, [region(0, "title", (45, 45, 300, 65))])] == [
        "section_header"
    ]


def test_titles_beside_each_other_are_read_with_their_tables() -> None:
    lines = [
        line("Deal summary", 60, 40, width=200),
        line("Parties", 60, 70),
        line("Assets", 320, 70),
        line("Issuer", 60, 90, width=180),
        line("Homes", 320, 90, width=180),
        line("Text under both", 60, 130, width=440),
    ]
    labels = ["section_header"] * 3 + ["table", "table", "text"]
    parts = page(1, lines, [(label, [n]) for n, label in enumerate(labels)])
    document = assemble_document("a", HASH, [parts], top_down=True)
    read = [item.text if isinstance(item, TextItem) else "table" for item, _ in document.iterate_items()]
    assert read == ["Deal summary", "Parties", "table", "Assets", "table", "Text under both"]
