"""Heading levels: from the PDF's bookmarks, then from numbering, then from how headings are set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import SectionHeaderItem

from docmill.pipeline.convert.document.docling_stages import infer_heading_levels
from docmill.pipeline.convert.document.heading_looks import HeadingLooks, Look, ranks
from docmill.pipeline.convert.layout.labels.headings import is_usual
from docmill.pipeline.convert.types import OutlineEntry

__all__ = ["set_heading_levels"]

_LETTERED = re.compile(r"[A-Z](?P<rest>(?:\.\d{1,2})*)[.:]?\s+\S")
_UNKNOWN = 100  # the greatest level that docling takes; none of its own are that deep
_DEEPEST = 6


def set_heading_levels(
    document: DoclingDocument, outline: Sequence[OutlineEntry], looks: HeadingLooks | None = None
) -> None:
    """Set the level of each heading in place: by docling's own stage, and where that says nothing by `looks`.

    docling compares every bookmark with every heading and list item of its page, letter by letter. When each
    bookmark has the very words of one heading, as it nearly always does, that says the same in no time.
    """
    exact = _same_words(document, outline)
    for item in document.texts:
        if isinstance(item, SectionHeaderItem):
            item.level = _UNKNOWN
    infer_heading_levels(document, [] if exact else outline)
    _level_letters([item for item in document.texts if isinstance(item, SectionHeaderItem)])
    for heading, level in exact:
        heading.level = level
    _restore_numbers(document)
    headings = [item for item in document.texts if isinstance(item, SectionHeaderItem)]
    _set_by_looks(headings, looks.of(document) if looks else {})


def _level_letters(headings: Sequence[SectionHeaderItem]) -> None:
    """Level `A.1` under `A`, of which docling reads the letters alone; where there are such numbers."""
    found = {number: match for number, item in enumerate(headings) if (match := _LETTERED.match(item.text))}
    if not any(match["rest"] for match in found.values()):
        return
    top = min(item.level for item in headings)
    for number, match in found.items():
        headings[number].level = top + match["rest"].count(".")


def _set_by_looks(headings: Sequence[SectionHeaderItem], looks: Mapping[int, Look]) -> None:
    """Level the headings that have no level yet, each by those that are set like it, or next to it.

    A look that is more prominent than those of all headings with levels stands over them.
    """
    ranked = ranks(looks.values())
    levels: dict[int, set[int]] = {}  # of headings that have one, by the rank of their look
    for number, heading in enumerate(headings):
        if number in looks:
            known = levels.setdefault(ranked[looks[number]], set())
            if heading.level != _UNKNOWN:
                known.add(heading.level)
    over = 0  # levels of looks above those that are known
    by_rank: dict[int, int] = {}
    last = 0
    for rank in sorted(levels):
        if levels[rank]:
            by_rank[rank] = min(levels[rank]) + over
            last = max(last, max(levels[rank]) + over)
        else:
            over += not any(levels[other] for other in levels if other < rank)
            last += 1
            by_rank[rank] = last
    top = min((min(known) for known in levels.values() if known), default=1) + over
    for number, heading in enumerate(headings):
        if heading.level != _UNKNOWN:
            heading.level += over
        elif number in looks:
            rank = ranked[looks[number]]
            usual = not levels[rank] and any(levels.values()) and is_usual(heading.text)
            heading.level = top if usual else by_rank[rank]
        else:
            heading.level = top
        heading.level = max(1, min(heading.level, _DEEPEST))


def _restore_numbers(document: DoclingDocument) -> None:
    """Put back the numbers of list items that docling has made headings of: an item had its in its marker."""
    for item in document.texts:
        if isinstance(item, SectionHeaderItem) and item.text != item.orig and item.orig.endswith(item.text):
            item.text = item.orig


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
