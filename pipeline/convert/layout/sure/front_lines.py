"""What stands over the abstract of a paper: names and addresses, side by side, which are no table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.types import Box, Cluster, PageContent

__all__ = ["front_lines"]

_ABSTRACT = re.compile(r"\W*(?:abstract|résumé|zusammenfassung|resumen|resumo|riassunto)\b", re.IGNORECASE)
_LOWEST = 0.7  # of the page's height
_TEXT = frozenset({"text", "section_header", "title"})


def front_lines(page: PageContent, regions: Sequence[Cluster]) -> list[Box]:
    """Boxes of the lines over the abstract on a document's first page, if none of them is in a table."""
    if page.number != 1:
        return []
    tops = [cell.box.t for cell in page.cells if _ABSTRACT.match(cell.text)]
    if not tops or min(tops) > _LOWEST * page.height:
        return []
    over = [region for region in regions if region.box.b <= min(tops) + 1.0]
    if any(region.label == "table" for region in over):
        return []
    return [region.box.padded(1.0) for region in over if region.label in _TEXT]
