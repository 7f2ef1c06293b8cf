"""Documents written in each format."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pytest
from docling_core.types.doc import DoclingDocument
from docling_core.types.doc import TableCell as DoclingTableCell
from docling_core.types.doc.document import TableData

from docmill.pipeline.convert.document.assemble import add_pictures, assemble, document_json
from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.options import FORMATS, AssemblyOptions
from docmill.pipeline.convert.types import TableCell, TableStructure
from tests.convert.handmade import line, page, region


@pytest.fixture
def document() -> DoclingDocument:
    """A heading, a paragraph, a formula, code with a caption, a table and a picture, on two pages."""
    lines = [
        line("1 Sea & <tide>", 50, 40),
        line("Water rises. مرحبا", 50, 80),
        line("E = mc2", 50, 120),
        line("print(1)", 50, 160),
        line("Listing 1: Code.", 50, 175),
    ]
    labels = ["section_header", "text", "formula", "code", "caption"]
    first = page(1, lines, [(label, [n]) for n, label in enumerate(labels)])
    second = page(2, [line("Last words.", 50, 700)], [("text", [0])])
    second.layout.clusters += [
        region(8, "table", (50, 100, 400, 200)),
        region(9, "picture", (50, 300, 400, 400)),
    ]
    cells = [
        TableCell(row=0, col=0, text="k|ey", column_header=True),
        TableCell(row=0, col=1, text="value", column_header=True),
        TableCell(row=1, col=0, text="a"),
        TableCell(row=1, col=1, text="1"),
    ]
    second.tables.tables.append(TableStructure(region=8, num_rows=2, num_cols=2, cells=cells))
    return assemble("report.pdf", "a" * 64, [first, second], [], AssemblyOptions())


def exported(document: DoclingDocument, format_: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return export(document, format_).decode()


def test_every_format_is_written_without_a_warning(
    document: DoclingDocument, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for format_ in FORMATS:
        assert exported(document, format_)
    assert capfd.readouterr().err == ""
    assert caplog.records == []


def test_markdown(document: DoclingDocument) -> None:
    text = exported(document, "md")
    assert text.startswith("## 1 Sea &amp; &lt;tide&gt;\n\nWater rises. مرحبا\n")
    assert "```\nprint(1)\n```" in text
    assert "Listing 1: Code." in text
    assert "| a" in text
    assert "<!-- image -->" in text


def test_html(document: DoclingDocument) -> None:
    text = exported(document, "html")
    assert text.startswith("<!DOCTYPE html>")
    assert "1 Sea &amp; &lt;tide&gt;</h2>" in text
    assert "<td>1</td>" in text


def test_json_loads_as_the_same_document(document: DoclingDocument) -> None:
    assert DoclingDocument.model_validate_json(exported(document, "json")) == document
    assert export(document, "json") == document_json(document)


def test_doctags(document: DoclingDocument) -> None:
    text = exported(document, "doctags")
    assert text.startswith("<doctag>")
    assert text.rstrip().endswith("</doctag>")
    code = re.search(r"<code>.*</code>", text, re.DOTALL)
    assert code
    assert "Listing 1: Code.</caption>" in code[0]
    assert "print(1)" in code[0]
    assert "<ched>k|ey" in text


def test_doctags_are_docling_s_own_where_those_work() -> None:
    parts = page(
        1, [line("A heading", 50, 40), line("text", 50, 80)], [("section_header", [0]), ("text", [1])]
    )
    document = assemble("report.pdf", "a" * 64, [parts], [], AssemblyOptions())
    cells = [
        DoclingTableCell(
            text=str(n),
            start_row_offset_idx=n,
            end_row_offset_idx=n + 1,
            start_col_offset_idx=0,
            end_col_offset_idx=1,
        )
        for n in range(2)
    ]  # fmt: skip
    document.add_table(TableData(num_rows=2, num_cols=1, table_cells=cells))
    assert exported(document, "doctags") == document.export_to_doctags()


def test_chunks_say_where_they_stand(document: DoclingDocument) -> None:
    chunks = [json.loads(text) for text in exported(document, "chunks").splitlines()]
    by_text = {chunk["text"]: chunk for chunk in chunks}
    first, last = by_text["Water rises. مرحبا"], by_text["Last words."]
    assert (first["pages"], first["headings"]) == ([1], ["1 Sea & <tide>"])
    assert first["contextualized"] == "1 Sea & <tide>\nWater rises. مرحبا"
    assert last["pages"] == [2]
    refs = {item.self_ref for item, _ in document.iterate_items()}
    assert all(set(chunk["items"]) <= refs for chunk in chunks)


def test_pictures_are_embedded_when_there_are_any(document: DoclingDocument) -> None:
    assert "data:image" not in exported(document, "md") + exported(document, "html")
    add_pictures(document, lambda _page, _scale, _box: np.zeros((20, 30, 3), np.uint8))
    assert "![Image](data:image/png;base64," in exported(document, "md")
    assert 'src="data:image/png;base64,' in exported(document, "html")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_document_without_anything(format_: str) -> None:
    exported(DoclingDocument(name="empty"), format_)


def test_an_unknown_format() -> None:
    with pytest.raises(KeyError):
        export(DoclingDocument(name="empty"), "docx")
