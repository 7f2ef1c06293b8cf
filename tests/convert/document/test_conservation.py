"""Every letter and digit of a page is in the document, or counted as lost."""

from __future__ import annotations

import pytest
from docling_core.types.doc import (
    BoundingBox,
    ContentLayer,
    DocItemLabel,
    DoclingDocument,
    ProvenanceItem,
    Size,
    TableCell,
    TableData,
)

from docmill.pipeline.convert.document.assemble import assemble
from docmill.pipeline.convert.document.conservation import PageBalance, PageCount, balance, characters
from docmill.pipeline.convert.document.docling_stages import PageParts, postprocess
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    LeftOut,
    PageContent,
    PageLayout,
    PageOcr,
    PageTables,
    TextCell,
)


def place(page: int = 1) -> ProvenanceItem:
    return ProvenanceItem(page_no=page, bbox=BoundingBox(l=10, t=10, r=100, b=20), charspan=(0, 1))


@pytest.fixture
def document() -> DoclingDocument:
    made = DoclingDocument(name="made")
    for page in (1, 2):
        made.add_page(page_no=page, size=Size(width=612, height=792))
    return made


def read(**pages: str) -> dict[int, PageCount]:
    """Pages by name: `p1`, `p2`."""
    return {int(name[1:]): PageCount(characters(text), {}) for name, text in pages.items()}


def one(document: DoclingDocument, text: str) -> PageBalance:
    [found] = balance(read(p1=text), document)
    return found


@pytest.mark.parametrize(
    ("layer", "item"),
    [
        ("exam- ple of hyphens", "example of hyphens"),
        ("ﬁne ﬂour, “quoted” – and • more", 'fine flour, "quoted" - and · more'),
        ("contents ........... 12", "contents 12"),
        ("moved about", "about moved"),
        ("x² ½ Ⅳ", "x2 1⁄2 IV"),
        ("本書\u3000について", "本書について"),
        ("", ""),
    ],
)
def test_what_is_written_otherwise_is_not_lost(document: DoclingDocument, layer: str, item: str) -> None:
    document.add_text(DocItemLabel.TEXT, item, prov=place())
    assert one(document, layer).lost == 0


def test_what_is_not_there_is_lost(document: DoclingDocument) -> None:
    document.add_text(DocItemLabel.TEXT, "The first line.", prov=place())
    found = one(document, "The first line. A second of 1,250.00 euros.")
    assert (found.read, found.lost) == (12 + 20, 20)
    document.add_text(DocItemLabel.TEXT, "A second of 1,250.00 euros.", prov=place(2))
    assert one(document, "The first line. A second of 1,250.00 euros.").lost == 20  # it is on another page


def test_tables_markers_and_furniture_count(document: DoclingDocument) -> None:
    cells = [
        TableCell(text=text, start_row_offset_idx=0, end_row_offset_idx=1, start_col_offset_idx=i,
                  end_col_offset_idx=i + 1)
        for i, text in enumerate(["North", "120"])
    ]  # fmt: skip
    document.add_table(TableData(table_cells=cells, num_rows=1, num_cols=2), prov=place())
    group = document.add_list_group()
    document.add_list_item("item", enumerated=True, marker="12.", parent=group, prov=place())
    document.add_text(DocItemLabel.PAGE_FOOTER, "page 7", content_layer=ContentLayer.FURNITURE, prov=place())
    found = one(document, "North 120 12. item page 7")
    assert (found.read, found.lost, found.furniture) == (19, 0, 5)


def test_text_in_pictures_is_counted_apart_and_captions_are_not_in_them(document: DoclingDocument) -> None:
    caption = document.add_text(DocItemLabel.CAPTION, "Figure one", prov=place())
    picture = document.add_picture(caption=caption, prov=place())
    inner = document.add_text(DocItemLabel.TEXT, "Pump and inlet", parent=picture, prov=place())
    document.add_text(DocItemLabel.TEXT, "valve", parent=inner, prov=place())
    found = one(document, "Figure one Pump and inlet valve")
    assert (found.read, found.pictures, found.lost, found.in_pictures) == (26, 17, 0, True)


def test_formulas_without_notation_are_counted_apart(document: DoclingDocument) -> None:
    document.add_text(DocItemLabel.FORMULA, "", orig="E = mc2", prov=place())
    document.add_text(DocItemLabel.FORMULA, "a = b", orig="a = b", prov=place())
    assert (one(document, "E = mc2 a = b").formulas, one(document, "E = mc2 a = b").lost) == (4, 0)


def test_a_paragraph_over_two_pages_counts_on_both_and_once(document: DoclingDocument) -> None:
    item = document.add_text(DocItemLabel.TEXT, "begins here and ends there", prov=place(1))
    item.prov.append(place(2))
    first, second = balance(read(p1="begins here", p2="and ends there"), document)
    assert (first.lost, second.lost) == (0, 0)
    first, second = balance(read(p1="begins here", p2="and ends there and ends there"), document)
    assert (first.lost, second.lost) == (0, 12)


def test_what_was_left_out_is_told_and_not_lost(document: DoclingDocument) -> None:
    page = PageContent(number=1, width=612, height=792, left_out={LeftOut.DUPLICATE: 7})
    parts = PageParts(page, None, PageLayout(number=1), PageTables(number=1))
    [found] = balance({1: PageCount.of(parts)}, document)
    assert (found.read, found.lost, found.left_out) == (0, 0, {"duplicate": 7})


def test_a_page_as_it_is_assembled() -> None:
    """Lines in a paragraph, in a picture, in no region, and read by OCR."""
    texts = ["A paragraph of", "two lines.", "Pump", "A line in no region"]
    cells = [TextCell(text, Box(72, 72 + 40 * i, 300, 84 + 40 * i), 0, 0) for i, text in enumerate(texts)]
    content = PageContent(number=1, width=612, height=792, cells=cells)
    ocr = PageOcr(number=1, cells=[TextCell("Read by OCR", Box(72, 400, 300, 412), 0, 0, ocr=True)])
    regions = [
        Cluster(id=0, label="text", score=0.9, box=Box(70, 70, 310, 130)),
        Cluster(id=1, label="picture", score=0.9, box=Box(70, 145, 310, 175)),
    ]
    layout = PageLayout(number=1, clusters=postprocess(content, ocr, regions))
    parts = PageParts(content, ocr, layout, PageTables(number=1))
    document = assemble("a.pdf", "ab" * 32, [parts], [], AssemblyOptions())
    [found] = balance({1: PageCount.of(parts)}, document)
    assert (found.read, found.pictures, found.lost) == (48, 4, 0)


@pytest.mark.parametrize(("second", "lost"), [("Head Sum 3 4", 0), ("Sum 3 4", 3), ("Head Sum Head 3 4", 4)])
def test_heads_of_a_table_count_on_each_page_that_repeats_them(
    document: DoclingDocument, second: str, lost: int
) -> None:
    texts = [["Head", "Sum"], ["1", "2"], ["3", "4"]]
    cells = [
        TableCell(
            text=text,
            start_row_offset_idx=row,
            end_row_offset_idx=row + 1,
            start_col_offset_idx=col,
            end_col_offset_idx=col + 1,
            column_header=row == 0,
        )
        for row, line in enumerate(texts)
        for col, text in enumerate(line)
    ]
    table = document.add_table(TableData(table_cells=cells, num_rows=3, num_cols=2), prov=place())
    table.prov.append(place(2))
    assert [page.lost for page in balance(read(p1="Head Sum 1 2", p2=second), document)] == [0, lost]
