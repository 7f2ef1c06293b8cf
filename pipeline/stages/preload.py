"""Imports everything that workers need, so that the fork server pays for it once."""

from __future__ import annotations

from pipeline import worker
from pipeline.stages import documents, exports, layout, ocr, overlays, pages, tables, understanding

__all__ = ["documents", "exports", "layout", "ocr", "overlays", "pages", "tables", "understanding", "worker"]
