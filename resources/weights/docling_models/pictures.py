"""Pictures of pages for an exporter to measure parity on: what docmill would send to the layout model."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.drawn_page import drawn_page
from docmill.pipeline.convert.pdf.pdf import Pdf

__all__ = ["PAGES", "draw_pages"]

#: The sample PDFs, and their pages.
PAGES = (
    ("two_column_paper.pdf", 1),
    ("annual_report.pdf", 1),
    ("annual_report.pdf", 2),
    ("financial_statement.pdf", 1),
)


def draw_pages(samples: Path, folder: Path) -> list[Path]:
    """Draw `PAGES` as PNG files into `folder`, at 72 dpi as docling does."""
    folder.mkdir(parents=True)
    drawn = []
    for name, number in PAGES:
        with Pdf.open(samples / name) as pdf:
            _, picture = drawn_page(pdf, number, heron.SCALE)
        path = folder / f"{Path(name).stem}-{number}.png"
        Image.fromarray(picture).save(path)
        drawn.append(path)
    return drawn
