"""Forms that are added to documents, as PDFium shows them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.pages.forms import add_form
from benchmarks.pages.marks import Marks, Role
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box
from tests.convert.pdf_builder import Builder


@pytest.mark.parametrize("seed", range(4))
def test_fields_have_their_values(seed: int, tmp_path: Path) -> None:
    builder = Builder()
    builder.page("")
    pdf, marks = builder.save(tmp_path / "form.pdf"), Marks()
    values = add_form(pdf, marks, Random(seed))
    with Pdf.open(pdf) as opened:
        page = read_page(opened, 2)
    for value in values:
        there = [word.text for word in page.words if Box(*value.box).padded(2).holds_centre(word.box)]
        assert value.text.split()[0] in there
        assert marks.known[value.mark].role is Role.VALUE
    boxes = [widget for widget in page.widgets if widget.kind == "checkbox"]
    ticked = sum(mark.role is Role.CHECKED for mark in marks.known.values())
    assert len(boxes) == 5
    assert sum(bool(widget.checked) for widget in boxes) == ticked
