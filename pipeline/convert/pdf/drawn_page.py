"""A page of an open PDF, drawn for docling's models without being read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.pdf.docling_image import page_image
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["drawn_page"]


def drawn_page(pdf: Pdf, number: int, scale: float) -> tuple[PageContent, NDArray[np.uint8]]:
    """The page, with its size and nothing else known, and its picture at `scale` pixels per point."""
    width, height = pdf.page_size(number)
    page = PageContent(number=number, width=width, height=height)

    def render(at: float, box: Box | None) -> NDArray[np.uint8]:
        return pdf.render(number, at, box=box)

    return page, page_image(render, page, scale)
