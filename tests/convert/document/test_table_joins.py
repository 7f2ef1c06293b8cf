"""Tables over page breaks: what becomes one table, and what stays two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from docling_core.types.doc import DoclingDocument
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.document.assemble import assemble
from docmill.pipeline.convert.document.docling_stages import PageParts, postprocess
from docmill.pipeline.convert.fused import open_tables
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageLayout, PageTables

LEFTS = (72, 150, 240, 390, 460)
HEADS = ["Notice", "Received", "Company", "Town", "No."]
OTHER = ["Code", "Counted", "Product", "Shelf", "Sum"]


def row(number: int) -> list[str]:
    return [
        f"{number:02}/06/2024",
        f"{number:02}/07/2024",
        f"Company {number} Ltd",
        "Anytown",
        str(7 * number),
    ]


def words(number: int) -> list[str]:
    return [
        f"letter {'abcdef'[number % 6]}",
        "by hand",
        f"to {['north', 'south', 'east'][number % 3]}",
        "Anytown",
        "open",
    ]


Page = list[tuple[str, list[list[str]]]]  # lines of text, and tables under them


def written(
    path: Path,
    pages: Sequence[Page],
    *,
    rules: bool = False,
    pitch: float = 15,
    shift: float = 0,
    foot: str = "",
) -> Path:
    """A document: for each page texts (bold) and tables from the top; a row of `HEADS` is bold."""
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    for number, page in enumerate(pages, 1):
        y = 800.0
        for text, rows in page:
            if text:
                canvas.setFont("Helvetica-Bold", 11)
                canvas.drawString(72, y, text)
                y -= 24
            for texts in rows:
                canvas.setFont("Helvetica-Bold" if texts in (HEADS, OTHER) else "Helvetica", 9)
                for left, cell in zip(LEFTS, texts, strict=True):
                    canvas.drawString(left + shift * (number % 2), y, cell)
                if rules:
                    canvas.line(66, y + 11, 520, y + 11)
                    canvas.line(66, y - 4, 520, y - 4)
                y -= pitch
            y -= 16
        if foot:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(280, 30, foot.format(number, len(pages)))
        canvas.showPage()
    canvas.save()
    return path


def converted(path: Path) -> DoclingDocument:
    """The document as geometry alone sees it: no detector, no table model."""
    with Pdf.open(path) as pdf:
        contents = [read_page(pdf, number) for number in range(1, pdf.page_count + 1)]
    style = document_style(contents)
    parts = []
    for content in contents:
        regions = postprocess(content, None, fuse(content, None, [], style))
        found = [region for region in regions if region.label == "table"]
        structures = open_tables(found, content, content.words, lambda *_: None).finished()  # type: ignore[arg-type]
        parts.append(
            PageParts(
                content,
                None,
                PageLayout(number=content.number, clusters=regions),
                PageTables(number=content.number, tables=structures),
            )
        )
    return assemble(path.name, "0" * 64, parts, [], AssemblyOptions())


def grid(document: DoclingDocument, table: int = 0) -> list[list[str]]:
    return [[cell.text for cell in cells] for cells in document.tables[table].data.grid]


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("pages", [2, 4])
@pytest.mark.parametrize("pitch", [13, 17])
def test_one_table_over_pages(
    tmp_path: Path, pages: int, pitch: float, *, rules: bool, repeated: bool
) -> None:
    full = int(660 / pitch)
    rows = [row(number) for number in range(1, pages * full)]
    parts = [rows[at * full : (at + 1) * full] for at in range(pages)]
    sheets: list[Page] = [
        [("", [HEADS, *part] if repeated or not at else part)] for at, part in enumerate(parts)
    ]
    sheets[0] = [("Report of notices", sheets[0][0][1])]
    document = converted(written(tmp_path / "t.pdf", sheets, rules=rules, pitch=pitch, foot="Page {} of {}"))
    assert len(document.tables) == 1
    assert grid(document) == [HEADS, *rows]
    assert [prov.page_no for prov in document.tables[0].prov] == list(range(1, pages + 1))
    heads = [cell.text for cell in document.tables[0].data.table_cells if cell.column_header]
    assert heads == HEADS


def test_pages_with_margins_for_binding(tmp_path: Path) -> None:
    sheets: list[Page] = [[("", [HEADS, *map(row, range(1, 45))])], [("", [row(n) for n in range(45, 60)])]]
    assert len(converted(written(tmp_path / "t.pdf", sheets, shift=20)).tables) == 1


def test_running_heads_do_not_part_a_table(tmp_path: Path) -> None:
    sheets: list[Page] = [
        [("Report of notices 2024", [HEADS, *map(row, range(1, 44))])],
        [("Report of notices 2024", [row(n) for n in range(44, 80)])],
    ]
    document = converted(written(tmp_path / "t.pdf", sheets, foot="{}"))
    assert len(document.tables) == 1


def test_a_table_of_words(tmp_path: Path) -> None:
    sheets: list[Page] = [[("", [HEADS, *map(words, range(44))])], [("", [words(n) for n in range(44, 60)])]]
    document = converted(written(tmp_path / "t.pdf", sheets))
    assert len(document.tables) == 1
    assert len(grid(document)) == 61


class TestTwoTables:
    @pytest.mark.parametrize("rules", [False, True])
    def test_with_heads_of_their_own(self, tmp_path: Path, *, rules: bool) -> None:
        sheets: list[Page] = [
            [("", [HEADS, *map(row, range(1, 44))])],
            [("", [OTHER, *map(row, range(50, 70))])],
        ]
        assert len(converted(written(tmp_path / "t.pdf", sheets, rules=rules)).tables) == 2

    def test_of_words_with_heads_of_their_own(self, tmp_path: Path) -> None:
        sheets: list[Page] = [
            [("", [HEADS, *map(words, range(44))])],
            [("", [OTHER, *map(words, range(20))])],
        ]
        assert len(converted(written(tmp_path / "t.pdf", sheets)).tables) == 2

    def test_under_headings_of_their_own(self, tmp_path: Path) -> None:
        sheets: list[Page] = [
            [("Report of notices", [HEADS, *map(row, range(1, 44))])],
            [("Stocks at the harbour", [HEADS, *map(row, range(50, 70))])],
        ]
        assert len(converted(written(tmp_path / "t.pdf", sheets)).tables) == 2

    def test_under_captions_of_their_own(self, tmp_path: Path) -> None:
        sheets: list[Page] = [
            [("Table 1: Notices", [HEADS, *map(row, range(1, 44))])],
            [("Table 2: Notices of the second year", [row(n) for n in range(50, 70)])],
        ]
        assert len(converted(written(tmp_path / "t.pdf", sheets)).tables) == 2

    def test_the_first_of_which_ends_long_before_the_page(self, tmp_path: Path) -> None:
        sheets: list[Page] = [[("", [HEADS, *map(row, range(1, 9))])], [("", [row(n) for n in range(9, 20)])]]
        assert len(converted(written(tmp_path / "t.pdf", sheets)).tables) == 2

    def test_with_other_kinds_of_values(self, tmp_path: Path) -> None:
        sheets: list[Page] = [[("", [HEADS, *map(row, range(1, 44))])], [("", [words(n) for n in range(20)])]]
        assert len(converted(written(tmp_path / "t.pdf", sheets)).tables) == 2
