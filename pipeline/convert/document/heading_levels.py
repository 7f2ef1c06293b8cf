"""Heading levels: from the PDF's bookmarks, then from numbering."""

from __future__ import annotations

from collections.abc import Sequence

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import SectionHeaderItem

from docmill.pipeline.convert.document.docling_stages import infer_heading_levels
from docmill.pipeline.convert.types import OutlineEntry

__all__ = ["set_heading_levels"]


def set_heading_levels(document: DoclingDocument, outline: Sequence[OutlineEntry]) -> None:
    """Set the level of each heading in place, by docling's own stage.

    docling compares every bookmark with every heading and list item of its page, letter by letter. When each
    bookmark has the very words of one heading, as it nearly always does, that says the same in no time.
    """
    exact = _same_words(document, outline)
    infer_heading_levels(document, [] if exact else outline)
    for heading, level in exact:
        heading.level = level


def _same_words(
    document: DoclingDocument, outline: Sequence[OutlineEntry]
) -> list[tuple[SectionHeaderItem, int]]:
    """Each bookmark's heading with its level; nothing unless every bookmark has exactly one."""
    headings: dict[tuple[int | None, str], list[SectionHeaderItem]] = {}
    for item in document.texts:
        if isinstance(item, SectionHeaderItem) and item.prov:
            headings.setdefault((item.prov[0].page_no, _words(item.text)), []).append(item)
    # as docling does: the depths in use, without gaps
    levels = {depth: level for level, depth in enumerate(sorted({entry.level for entry in outline}), 1)}
    found = []
    for entry in outline:
        match headings.get((entry.page, _words(entry.title)), []):
            case [heading]:
                found.append((heading, levels[entry.level]))
            case _:
                return []
    return found


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
