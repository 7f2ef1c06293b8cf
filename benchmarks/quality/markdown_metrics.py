"""NID, TEDS and MHS of a Markdown text, as opendataloader-bench defines them, and the F1 of its headings.

- NID, normalised indel similarity: rapidfuzz's `ratio` of the two texts / 100; emphasis is left out, white
  space collapsed, tables are HTML.
- TEDS: `benchmarks.metrics.teds` of the first table of each text, as that benchmark takes it.
- MHS, heading similarity: the same edit distance of two trees, whose root has a heading after another, each
  with one node for the text under it; 1 - distance / nodes of the bigger tree.
- headings F1: `benchmarks.metrics.headings`; levels do not matter.

What a truth has none of (tables, headings) is not measured; what only the output lacks is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.headings import compare_headings
from benchmarks.metrics.items import normalised
from benchmarks.metrics.teds import TableNode, exact_distance, teds
from benchmarks.quality.markdown import (
    HtmlCell,
    headings,
    html_rows,
    plain,
    sections,
    with_html_tables,
)

__all__ = ["heading_counts", "heading_similarity", "table_similarity", "text_similarity"]


def text_similarity(truth: str, predicted: str) -> float:
    """NID."""
    return fuzz.ratio(plain(with_html_tables(truth)), plain(with_html_tables(predicted))) / 100


def table_similarity(truth: str, predicted: str) -> float | None:
    """TEDS of the first tables."""
    expected, found = html_rows(truth), html_rows(predicted)
    if not expected:
        return None
    return teds(_table(expected[0]), _table(found[0])).value if found else 0.0


def heading_similarity(truth: str, predicted: str) -> float | None:
    """MHS."""
    expected, found = _outline(truth), _outline(predicted)
    if not _has_heading(expected):
        return None
    if not _has_heading(found):
        return 0.0
    return max(0.0, 1.0 - exact_distance(expected, found) / max(expected.size, found.size))


def heading_counts(truth: str, predicted: str) -> Counts:
    """Headings that both have, that are missing, and that are none."""
    return compare_headings(headings(truth), headings(predicted))


def _table(rows: Sequence[Sequence[HtmlCell]]) -> TableNode:
    return TableNode(
        "table",
        children=tuple(
            TableNode(
                "tr",
                children=tuple(
                    TableNode("td", cell.rowspan, cell.colspan, normalised(cell.text)) for cell in row
                ),
            )
            for row in rows
        ),
    )


def _outline(markdown: str) -> TableNode:
    """The tree of headings; what stands before the first one is a node of the root."""
    nodes: list[TableNode] = []
    for section in sections(markdown):
        text = (TableNode("content", text=section.text),) if section.text else ()
        nodes += [TableNode("heading", text=section.heading, children=text)] if section.heading else text
    return TableNode("document", children=tuple(nodes))


def _has_heading(outline: TableNode) -> bool:
    return any(node.tag == "heading" for node in outline.children)
