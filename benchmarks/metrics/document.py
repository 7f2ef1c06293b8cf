"""All metrics of one document, and of all of them together."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from docling_core.types.doc import DoclingDocument

from benchmarks.metrics.counts import Counts, mean
from benchmarks.metrics.headings import compare_headings, heading_texts
from benchmarks.metrics.layout import THRESHOLDS, LayoutCounts, add_layouts, compare_layout
from benchmarks.metrics.order import compare_order
from benchmarks.metrics.tables import TableScores, compare_cells, compare_tables
from benchmarks.metrics.text import plain_text, similarity, words

__all__ = ["TOTAL_RULES", "DocumentScore", "Summary", "score_document", "summary", "totals"]

#: metric -> value from 0 to 1, or None where the metric does not apply
Summary = dict[str, float | None]

#: how `totals` brings the documents together
TOTAL_RULES = {
    "layout": "micro: counts summed over all pages",
    "text": "mean over documents",
    "words_f1": "mean over documents",
    "order": "mean over documents with two paired items or more",
    "headings_f1": "mean over documents with headings on either side",
    "cells_f1": "micro: counts summed over all tables",
    "teds": "mean over the truth's tables, missing ones 0",
}


class DocumentScore(msgspec.Struct, frozen=True, kw_only=True):
    """One document against its truth. With a `failure`, it is scored as an empty document."""

    name: str
    truth: str  # which ground truth: recorded or derived
    failure: str | None
    pages: dict[int, LayoutCounts]
    layout: LayoutCounts
    text: float
    words: Counts
    order: float | None
    headings: Counts
    cells: Counts
    tables: TableScores


def score_document(
    name: str,
    truth: DoclingDocument,
    predicted: DoclingDocument | None,
    *,
    truth_kind: str,
    failure: str | None = None,
) -> DocumentScore:
    """Compare a document with its truth; `predicted` is None when there is none, and `failure` says why."""
    if predicted is None:
        failure = failure or "no document"
        predicted = DoclingDocument(name=name)
    pages = compare_layout(truth, predicted)
    expected_text, found_text = plain_text(truth), plain_text(predicted)
    return DocumentScore(
        name=name,
        truth=truth_kind,
        failure=failure,
        pages=pages,
        layout=add_layouts(list(pages.values())),
        text=0.0 if failure else similarity(expected_text, found_text),
        words=words(expected_text, found_text),
        order=0.0 if failure else compare_order(truth, predicted),
        headings=compare_headings(heading_texts(truth), heading_texts(predicted)),
        cells=compare_cells(truth, predicted),
        tables=compare_tables(truth, predicted),
    )


def summary(score: DocumentScore) -> Summary:
    """The numbers of one document."""
    return {
        **layout_summary(score.layout),
        "text": score.text,
        "words_f1": score.words.f1,
        "order": score.order,
        "headings_f1": score.headings.f1,
        "cells_f1": score.cells.f1,
        "teds": mean(table.teds for table in score.tables.tables),
        "teds_structure": mean(table.teds_structure for table in score.tables.tables),
    }


def totals(scores: Sequence[DocumentScore]) -> Summary:
    """The numbers of all documents together, by `TOTAL_RULES`."""
    tables = [table for score in scores for table in score.tables.tables]
    return {
        **layout_summary(add_layouts([score.layout for score in scores])),
        "text": mean(score.text for score in scores),
        "words_f1": mean(score.words.f1 for score in scores),
        "order": mean(score.order for score in scores),
        "headings_f1": mean(score.headings.f1 for score in scores),
        "cells_f1": sum((score.cells for score in scores), Counts()).f1,
        "teds": mean(table.teds for table in tables),
        "teds_structure": mean(table.teds_structure for table in tables),
    }


def layout_summary(layout: LayoutCounts) -> Summary:
    """F1 of boxes, and of boxes with their classes, at each threshold."""
    boxes: Summary = {f"layout_f1_{name}": layout.boxes[name].f1 for name in THRESHOLDS}
    return boxes | {f"layout_labelled_f1_{name}": layout.labelled(name).f1 for name in THRESHOLDS}
