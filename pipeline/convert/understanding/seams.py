"""Paragraphs that run on over a page's end, where one of the two pages is made of a model's answer.

docling joins them by itself within pages that it assembles. The same rule holds here: the last text of a page
ends in a small letter, a comma or a hyphen, and the first of the next page begins with a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from docling_core.types.doc import ContentLayer, DocItem, DocItemLabel, DoclingDocument, NodeItem
from docling_core.types.doc.document import TextItem

__all__ = ["join_across_seams"]

#: What may stand between the two halves of a paragraph, as in docling's reading order.
_BETWEEN = {
    DocItemLabel.PAGE_HEADER,
    DocItemLabel.PAGE_FOOTER,
    DocItemLabel.TABLE,
    DocItemLabel.PICTURE,
    DocItemLabel.CAPTION,
    DocItemLabel.FOOTNOTE,
}
_RUNS_ON = re.compile(r".+[a-z,\-\u00AD]\s*", re.DOTALL)
_GOES_ON = re.compile(r"\s*[a-zA-Z\u00C0-\u024F].+", re.DOTALL)


def join_across_seams(document: DoclingDocument, seams: Iterable[int]) -> None:
    """Join the halves of paragraphs, in place; `seams` are the pages at whose end it may have to be done."""
    wanted = set(seams)
    if not wanted:
        return
    gone: list[NodeItem] = []
    before: TextItem | None = None
    for item, _ in list(document.iterate_items(included_content_layers=set(ContentLayer))):
        if not isinstance(item, DocItem) or item.label in _BETWEEN or not item.prov:
            continue
        after = item if isinstance(item, TextItem) and item.label == DocItemLabel.TEXT else None
        if before and after and _is_seam(before, after, wanted) and _halves(before.text, after.text):
            _join(before, after)
            gone.append(after)
        else:
            before = after
    if gone:
        document.delete_items(node_items=gone)


def _is_seam(before: TextItem, after: TextItem, seams: set[int]) -> bool:
    page = before.prov[-1].page_no
    return page in seams and after.prov[0].page_no == page + 1


def _halves(before: str, after: str) -> bool:
    return bool(_RUNS_ON.fullmatch(before) and _GOES_ON.fullmatch(after))


def _join(before: TextItem, after: TextItem) -> None:
    """As docling merges: a hyphen at the end of a line goes when a small letter follows."""
    rest = after.text.lstrip()
    start = len(before.text) + 1
    for prov in after.prov:
        prov.charspan = (start, start + len(after.text))
    if before.text.endswith("\u00ad") or (before.text.endswith("-") and rest[:1].islower()):
        before.text = before.text[:-1] + rest
        before.orig = before.orig[:-1] + rest
    else:
        before.text = f"{before.text} {rest}"
        before.orig = f"{before.orig} {rest}"
    before.prov += after.prov
