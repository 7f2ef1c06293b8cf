"""Pictures of pages for an exporter to measure parity on: what docmill would send to the layout model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.convert import heron
from pipeline.convert.docling_image import page_image
from pipeline.convert.pdf import Pdf
from pipeline.convert.types import Box, PageContent

__all__ = ["PAGES", "draw_pages"]

#: The sample PDFs, and their pages.
PAGES = (
    ("two_column_paper.pdf", 1),
    ("annual_report.pdf", 1),
    ("annual_report.pdf", 2),
    ("financial_statement.pdf", 1),
)


@dataclass(frozen=True)
class _Drawing:
    """One page, as `page_image` asks for it."""

    pdf: Pdf
    number: int

    def __call__(self, scale: float, box: Box | None) -> NDArray[np.uint8]:
        return self.pdf.render(self.number, scale, box=box)


def draw_pages(samples: Path, folder: Path) -> list[Path]:
    """Draw `PAGES` as PNG files into `folder`, at 72 dpi as docling does."""
    folder.mkdir(parents=True)
    drawn = []
    for name, number in PAGES:
        with Pdf.open(samples / name) as pdf:
            width, height = pdf.page_size(number)
            page = PageContent(number=number, width=width, height=height)
            picture = page_image(_Drawing(pdf, number), page, heron.SCALE)
        path = folder / f"{Path(name).stem}-{number}.png"
        Image.fromarray(picture).save(path)
        drawn.append(path)
    return drawn
