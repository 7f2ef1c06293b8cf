"""Page ranges as people write them: `1-3,7,10-`."""

from __future__ import annotations

import re

from docmill.pipeline.convert.errors import BackendConfigError, PageRangeError

__all__ = ["check_page_range", "select_pages"]

_PART = re.compile(r"^(\d{0,9})(-?)(\d{0,9})$")


def check_page_range(text: str) -> None:
    """Raise `BackendConfigError` when `text` is no page range."""
    _parts(text)


def select_pages(text: str, page_count: int) -> list[int]:
    """The pages that `text` selects of a document of `page_count` pages, in ascending order.

    An empty text selects all. Raises `PageRangeError` when nothing is left.
    """
    if not text.strip():
        return list(range(1, page_count + 1))
    chosen: set[int] = set()
    for first, last in _parts(text):
        chosen.update(range(first, min(last or page_count, page_count) + 1))
    if not chosen:
        pages = "1 page" if page_count == 1 else f"{page_count} pages"
        raise PageRangeError(f"pages {text} were asked for and the document has {pages}")
    return sorted(chosen)


def _parts(text: str) -> list[tuple[int, int | None]]:
    parts: list[tuple[int, int | None]] = []
    for piece in text.replace(" ", "").split(","):
        match = _PART.match(piece)
        if not piece or not match or piece == "-":
            raise BackendConfigError(f"{text!r} is no page range; write for example 1-3,7,10-")
        first, dash, last = match.groups()
        start = int(first) if first else 1
        stop = (int(last) if last else None) if dash else start
        if start < 1 or (stop is not None and stop < start):
            raise BackendConfigError(f"{piece!r} in {text!r} is no page range: pages count up from 1")
        parts.append((start, stop))
    return parts
