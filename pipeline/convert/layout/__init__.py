"""Layout: from a page's text geometry and a detector's boxes to docling's layout regions."""

from __future__ import annotations

from pipeline.convert.layout.fusion import fuse
from pipeline.convert.layout.style import DocumentStyle, StyleCollector, document_style

__all__ = ["DocumentStyle", "StyleCollector", "document_style", "fuse"]
