"""The bookmarks of a PDF."""

from __future__ import annotations

import ctypes

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.strings import wide_string
from docmill.pipeline.convert.types import OutlineEntry

__all__ = ["read_outline"]

MAX_ENTRIES = 20_000
MAX_DEPTH = 32
MAX_TITLE = 4_096


def read_outline(document: pdfium.PdfDocument) -> list[OutlineEntry]:
    """All bookmarks in document order; entries seen before (cycles) and beyond the limits are left out."""
    entries: list[OutlineEntry] = []
    seen: set[int] = set()
    # Depth first with an explicit stack of next siblings: a chain of siblings may be as long as the file.
    stack = [(pdfium_c.FPDFBookmark_GetFirstChild(document, None), 1)]
    while stack and len(entries) < MAX_ENTRIES:
        bookmark, level = stack.pop()
        if not bookmark:
            continue
        address = ctypes.addressof(bookmark.contents)
        if address in seen:
            continue
        seen.add(address)
        title = _title(bookmark)
        if title:
            entries.append(OutlineEntry(title=title, level=level, page=_target(document, bookmark)))
        stack.append((pdfium_c.FPDFBookmark_GetNextSibling(document, bookmark), level))
        if level < MAX_DEPTH:
            stack.append((pdfium_c.FPDFBookmark_GetFirstChild(document, bookmark), level + 1))
    return entries


def _title(bookmark: ctypes.Structure) -> str:
    title = wide_string(
        lambda buffer, size: pdfium_c.FPDFBookmark_GetTitle(bookmark, buffer, size), MAX_TITLE
    )
    return " ".join(title.split())


def _target(document: pdfium.PdfDocument, bookmark: ctypes.Structure) -> int | None:
    """The page a bookmark leads to, from 1."""
    target = pdfium_c.FPDFBookmark_GetDest(document, bookmark)
    if not target:
        action = pdfium_c.FPDFBookmark_GetAction(bookmark)
        if action and pdfium_c.FPDFAction_GetType(action) == pdfium_c.PDFACTION_GOTO:
            target = pdfium_c.FPDFAction_GetDest(document, action)
    index = pdfium_c.FPDFDest_GetDestPageIndex(document, target) if target else -1
    return index + 1 if index >= 0 else None
