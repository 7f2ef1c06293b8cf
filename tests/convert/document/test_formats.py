"""Documents written in each format."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from docling_core.types.doc import DocItemLabel, DoclingDocument
from docling_core.types.doc import TableCell as DoclingTableCell
from docling_core.types.doc.base import ImageRefMode
from docling_core.types.doc.document import TableData
from transformers import AutoTokenizer

from docmill.pipeline.convert.document.assemble import add_pictures, assemble, document_json
from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.document.pictures.picture_names import pointed_at
from docmill.pipeline.convert.document.pictures.referenced_pictures import with_references
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.options import FORMATS, AssemblyOptions, Chunking, ExportOptions, ImageMode
from docmill.pipeline.convert.types import TableCell, TableStructure
from tests.convert.handmade import line, page, region

TOKENIZER = Path(__file__).parents[3] / "deploy" / "vllm" / "tiny"


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


def test_a_formula_without_notation_is_its_symbols_in_markdown(document: DoclingDocument) -> None:
    assert "\n\nE = mc2\n\n" in exported(document, "md")
    [formula] = [item for item in document.texts if item.label == DocItemLabel.FORMULA]
    formula.text = "E = mc^2"
    assert "\n\n$$E = mc^2$$\n\n" in exported(document, "md")


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


@pytest.fixture
def pictured(document: DoclingDocument) -> DoclingDocument:
    """The same, with its picture in it."""
    add_pictures(document, lambda page, scale, box: np.full((40, 60, 3), 200, np.uint8))
    assert document.pictures[0].image
    return document


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("auto", "![Image](data:image/png;base64,"),
        ("placeholder", "<!-- image -->"),
        ("embedded", "![Image](data:image/png;base64,"),
    ],
)
def test_pictures_in_markdown(pictured: DoclingDocument, mode: ImageMode, words: str) -> None:
    assert words in export(pictured, "md", ExportOptions(images=mode)).decode()


def test_pictures_as_files_are_docling_s(
    pictured: DoclingDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pictured.save_as_markdown(
        Path("an été.md"), artifacts_dir=Path("an été_artifacts"), image_mode=ImageRefMode.REFERENCED
    )
    [expected] = (tmp_path / "an été_artifacts").iterdir()
    referring, files = with_references(pictured)
    assert files == {expected.name: expected.read_bytes()}
    options = ExportOptions(images="referenced")
    made = {format_: export(referring, format_, options) for format_ in ("md", "html", "json")}
    under = {format_: pointed_at(data, format_, files, "reports/an été") for format_, data in made.items()}
    written = (tmp_path / "an été.md").read_text()
    assert under["md"].decode() == written.replace("<!-- formula-not-decoded -->", "E = mc2")
    assert f'<img src="an%20%C3%A9t%C3%A9_artifacts/{expected.name}">' in under["html"].decode()
    again = DoclingDocument.model_validate_json(under["json"])
    assert again.pictures[0].image
    assert str(again.pictures[0].image.uri) == f"an été_artifacts/{expected.name}"


def test_chunks_by_tokens(document: DoclingDocument) -> None:
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    document.texts[1].text = "Water rises. " * 60
    by_structure = [json.loads(line) for line in exported(document, "chunks").splitlines()]
    options = ExportOptions(chunking=Chunking(str(TOKENIZER), 64))
    lines = [json.loads(line) for line in export(document, "chunks", options).decode().splitlines()]
    assert len(lines) > len(by_structure)
    assert max(len(tokenizer.tokenize(line["text"])) for line in lines) <= 64
    assert max(len(tokenizer.tokenize(line["text"])) for line in by_structure) > 64


def test_a_tokenizer_that_cannot_be_had(document: DoclingDocument, tmp_path: Path) -> None:
    options = ExportOptions(chunking=Chunking(str(tmp_path), 64))
    with pytest.raises(BackendConfigError, match="cannot be used"):
        export(document, "chunks", options)
