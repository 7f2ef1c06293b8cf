"""Imports everything that workers need, so that the fork server pays for it once."""

from __future__ import annotations

import logging
import warnings

from pipeline import worker
from pipeline.stages import documents, exports, layout, ocr, overlays, pages, tables, understanding

__all__ = ["documents", "exports", "layout", "ocr", "overlays", "pages", "tables", "understanding", "worker"]

# Hostile files have these by the thousand, and none of them is for whoever converts: docling clips boxes that
# reach over the edge of a page, and PDFium has no XFA.
warnings.filterwarnings("ignore", message="Provenance bbox", category=UserWarning)
logging.getLogger("pypdfium2").setLevel(logging.ERROR)
