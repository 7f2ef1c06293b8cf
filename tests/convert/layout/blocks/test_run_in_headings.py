"""Headings within the first line of a paragraph stay with it; equation numbers stay in their column."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.layout.sheet import Sheet, seen
from tests.samples.make.typesetting import typeset_text

PROSE = (
    "The committee met in the small hall and went through the figures of the past year. Most members had "
    "read the papers beforehand and asked only short questions. It was agreed to ask for two further offers. "
)


def paragraphs(folder: Path, body: str) -> list[tuple[str, str]]:
    """(label, text) of a page of two columns, typeset from Typst markup."""
    path = folder / "paper.pdf"
    path.write_bytes(
        typeset_text(
            '#set page(paper: "us-letter", margin: 50pt, columns: 2)\n#set columns(gutter: 14pt)\n'
            '#set text(font: "New Computer Modern", size: 10pt)\n#set math.equation(numbering: "(1)")\n'
            f"#set par(justify: true, leading: 0.5em, spacing: 0.9em)\n{body}"
        )
    )
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
    return [
        (region.label, " ".join(page.cells[cell].text for cell in region.cells))
        for region in fuse(page, None, [])
    ]


@pytest.mark.parametrize("mark", ["*", "_"])
@pytest.mark.parametrize(
    "heading",
    [
        "Data.",
        "Choice of gardens and Harbour Halls.",
        "The second garden of the town and the Halls that it has:",
    ],
)
def test_a_run_in_heading_is_part_of_its_paragraph(mark: str, heading: str, tmp_path: Path) -> None:
    body = f"{PROSE * 3}\n\n{mark}{heading}{mark} Harbour Halls are open to all. {PROSE * 2}"
    found = paragraphs(tmp_path, body)
    assert [label for label, _ in found] == ["text", "text"]
    assert found[1][1].startswith(heading)


def test_a_bold_line_over_a_paragraph_is_its_heading() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 8)
    box = sheet.line(72, 220, "Choice of gardens and halls", bold=True, font="Body-Bold")
    sheet.prose(72, 234, 8)
    labels = [region.label for region in fuse(sheet.page, None, [seen("title", box)])]
    assert labels.count("section_header") == 1


def test_an_author_with_a_mark_stays_over_the_institute() -> None:
    sheet = Sheet()
    sheet.line(72, 100, "Edda Brandt 1", bold=True, font="Body-Bold")
    sheet.page.words[-1] = sheet.page.words[-1].__class__(
        "1", sheet.page.words[-1].box, 10, sheet.font("Body", bold=False, italic=False, mono=False)
    )
    sheet.line(72, 112, "Institute of Tides, Norland")
    sheet.prose(72, 160, 8)
    assert len(fuse(sheet.page, None, [])) == 3


def test_equation_numbers_join_no_other_column(tmp_path: Path) -> None:
    formula = "\n$ y = beta_0 + beta_1 x + epsilon $\nwhere beta is known. "
    found = paragraphs(tmp_path, (PROSE * 2 + formula) * 14)
    numbered = [text for label, text in found if label == "formula"]
    assert len(numbered) >= 8
    assert all(text.endswith(")") for text in numbered)
    assert not any(label == "list_item" for label, _ in found)
    assert not any(text.startswith("(") for _, text in found)


def test_items_with_numbers_in_brackets_stay_items() -> None:
    sheet = Sheet()
    for y in range(100, 220, 12):
        sheet.line(72, y, "the left column runs here and on to its edge")
    for n, y in enumerate(range(100, 220, 24)):
        sheet.line(320, y, f"({n + 1})")
        sheet.line(340, y, "an item of the right column that is")
        sheet.line(340, y + 12, "set in two lines.")
    labels = [region.label for region in fuse(sheet.page, None, [])]
    assert labels.count("list_item") == 5
