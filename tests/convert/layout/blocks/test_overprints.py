"""Stamps and watermarks are no part of the sentences that they lie on."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.document.docling_stages import postprocess
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Cluster, PageContent

LINES = (
    "The committee met in the small hall and went through the figures of the past year. Most members",
    "had read the papers beforehand and asked only short questions. The treasurer explained why the",
    "heating had cost more than planned and what had been done about it since. It was agreed to ask",
    "for two further offers before the summer.",
)


def stamped(
    path: Path, text: str, angle: float, size: float, *, under: bool = False
) -> tuple[PageContent, list[Cluster]]:
    """A page of six paragraphs with a text across them, and its regions as layout leaves them."""
    canvas = Canvas(str(path), pagesize=(612, 792))

    def stamp() -> None:
        canvas.saveState()
        canvas.translate(200, 540)
        canvas.rotate(angle)
        canvas.setFont("Helvetica-Bold", size)
        canvas.drawString(0, 0, text)
        canvas.restoreState()

    if under:
        stamp()
    y = 700.0
    for _ in range(6):
        canvas.setFont("Helvetica", 10.5)
        for line in LINES:
            canvas.drawString(72, y, line)
            y -= 13
        y -= 10
    if not under:
        stamp()
    canvas.save()
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
    return page, postprocess(page, None, fuse(page, None, []))


@pytest.mark.parametrize("under", [False, True])
@pytest.mark.parametrize(
    ("text", "angle", "size"),
    [
        ("DRAFT", 45, 110),
        ("COPY", 0, 60),
        ("31-12-2024 17:01:28", 8, 12),
        ("31-12-2024 17:01:28", 0, 30),
        ("RECEIVED", 12, 18),
        ("Paid", 90, 12),
        ("Checked by J. Sample", 0, 18),
    ],
)
def test_a_stamp_parts_no_paragraph(
    text: str, angle: float, size: float, under: bool, tmp_path: Path
) -> None:
    page, regions = stamped(tmp_path / "stamped.pdf", text, angle, size, under=under)
    texts = [" ".join(page.cells[cell].text for cell in region.cells) for region in regions]
    assert texts.count(" ".join(LINES)) == 6
    assert len(texts) == 7
    assert "section_header" not in {region.label for region in regions}


def test_a_watermark_is_furniture(tmp_path: Path) -> None:
    _, regions = stamped(tmp_path / "draft.pdf", "DRAFT", 45, 110)
    assert sorted(region.label for region in regions) == ["page_header", *["text"] * 6]


def test_a_heading_a_poster_s_title_and_a_superscript_are_no_stamps(tmp_path: Path) -> None:
    path = tmp_path / "plain.pdf"
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.setFont("Helvetica-Bold", 24)
    canvas.drawString(72, 700, "A heading close over its text")
    canvas.setFont("Helvetica", 10)
    for number, line in enumerate(LINES):
        canvas.drawString(72, 684 - 12 * number, line)
    canvas.setFont("Helvetica", 6)
    canvas.drawString(275, 652, "12")
    canvas.setFont("Helvetica-Bold", 60)
    canvas.drawString(72, 430, "Garden Days")
    canvas.setFont("Helvetica", 7)
    canvas.drawString(72, 425, "May 3 to 5, Mill Lane, Anytown")
    canvas.save()
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
    assert {region.source for region in fuse(page, None, [])} <= {"geometry", "model"}


@pytest.mark.parametrize("drop", [3.0, 6.0])
def test_a_stamp_that_begins_on_the_last_line_of_a_paragraph(drop: float, tmp_path: Path) -> None:
    path = tmp_path / "copy.pdf"
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.setFont("Helvetica-Bold", 26)
    canvas.drawString(190, 640 - drop, "Copy for the files")
    y = 680.0
    for lines in (LINES, LINES):
        canvas.setFont("Helvetica", 10)
        for line in lines:
            canvas.drawString(72, y, line)
            y -= 12
        y -= 8
    canvas.save()
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
    regions = fuse(page, None, [])
    assert [region.source for region in regions].count("overprint") == 1
    assert "section_header" not in {region.label for region in regions}
