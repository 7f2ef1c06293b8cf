"""Trees of form fields that cost PDFium minutes, and forms as they are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Name, String

from docmill.pipeline.convert.pdf.annotations.field_tree import count_fields
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.pdf_builder import Builder, text


def shared_kids(path: Path, levels: int, *, on_page: bool, twins: bool = False) -> Path:
    """A form whose fields have the next one twice, or two others (`twins`) that share theirs."""
    builder = Builder()
    page = builder.page(text(72, 700, "A page with a form"))
    make = builder.pdf.make_indirect
    leaf = make(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("leaf"), V=String("value"),
                   Rect=Array([72, 600, 272, 620]))
    )  # fmt: skip
    kids = [leaf, leaf]
    for _ in range(levels):
        level = [make(Dictionary(Kids=Array(kids))) for _ in range(1 + twins)]
        kids = [level[0], level[-1]]
    builder.pdf.Root.AcroForm = Dictionary(Fields=Array([kids[0]]))
    if on_page:
        page.obj.Annots = Array([leaf])
    return builder.save(path / "form.pdf")


@pytest.mark.parametrize("twins", [False, True])
@pytest.mark.parametrize("on_page", [False, True])
def test_a_tree_of_shared_kids_costs_nothing(tmp_path: Path, on_page: bool, twins: bool) -> None:
    begin = time.process_time()
    with Pdf.open(shared_kids(tmp_path, 26, on_page=on_page, twins=twins)) as pdf:
        for _ in range(2):
            assert "A page with a form" in [cell.text for cell in read_page(pdf, 1).cells]
            pdf.render(1, 0.5)
    assert time.process_time() - begin < 2.0


def test_an_ordinary_tree_is_loaded(tmp_path: Path) -> None:
    path = shared_kids(tmp_path, 3, on_page=True)
    assert count_fields(path) == 8
    with Pdf.open(path) as pdf:
        assert [widget.kind for widget in read_page(pdf, 1).widgets] == ["text"]


def test_a_tree_that_grows_into_itself(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    field = builder.pdf.make_indirect(Dictionary(T=String("round")))
    field.Kids = Array([field, field])
    builder.pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    assert count_fields(builder.save(tmp_path / "round.pdf")) == 1


@pytest.mark.parametrize(
    "content", [b"", b"/Kids", b"/Kids [", b"x obj /Kids [1 0 R]", b"7 0 obj /Kids [] /Kids[a b c]"]
)
def test_no_tree(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pdf"
    path.write_bytes(content)
    assert count_fields(path) <= 1
