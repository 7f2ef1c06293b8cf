"""Two ways of making the same documents, page by page, each beside the reference and beside the other."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from docling_core.types.doc import DoclingDocument
from rich.markup import escape
from rich.table import Table

from benchmarks.metrics.layout import compare_layout
from benchmarks.metrics.text import similarity, strip_markdown

__all__ = ["PageBeside", "beside_table", "pages_beside"]


class PageBeside(msgspec.Struct, frozen=True, kw_only=True):
    """One page: text similarity and layout F1@0.5 of each side against the reference, and of one another."""

    document: str
    page: int
    text_classic: float
    text_other: float
    text_between: float
    layout_classic: float | None
    layout_other: float | None


def pages_beside(
    name: str, truth: DoclingDocument, classic: DoclingDocument, other: DoclingDocument
) -> Iterable[PageBeside]:
    """Every page of the reference; a side that lacks the page scores nothing on it."""
    layouts = [compare_layout(truth, side) for side in (classic, other)]
    for page in sorted(truth.pages):
        expected, first, second = (_text(document, page) for document in (truth, classic, other))
        f1 = [layout[page].boxes["50"].f1 if page in layout else None for layout in layouts]
        yield PageBeside(
            document=name,
            page=page,
            text_classic=similarity(expected, first),
            text_other=similarity(expected, second),
            text_between=similarity(first, second),
            layout_classic=f1[0],
            layout_other=f1[1],
        )


def beside_table(pages: Iterable[PageBeside], other: str) -> Table:
    """The pages, the classic path first; `other` names the other side."""
    table = Table(title=f"Page by page: the classic path, and {other}")
    for column in (
        "page",
        "text, classic",
        f"text, {other}",
        "both alike",
        "boxes, classic",
        f"boxes, {other}",
    ):
        table.add_column(column, justify="left" if column == "page" else "right")
    for page in pages:
        numbers = (
            page.text_classic,
            page.text_other,
            page.text_between,
            page.layout_classic,
            page.layout_other,
        )
        table.add_row(
            f"{escape(page.document)} p. {page.page}",
            *("" if number is None else f"{number:.3f}" for number in numbers),
        )
    return table


def _text(document: DoclingDocument, page: int) -> str:
    if page not in document.pages:
        return ""
    return strip_markdown(document.export_to_markdown(page_no=page, image_placeholder="", escape_html=False))
