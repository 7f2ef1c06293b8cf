"""The result of a run: as a file, as tables, and against an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.markup import escape
from rich.table import Table

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.document import TOTAL_RULES, DocumentScore, Summary, layout_summary, summary, totals
from benchmarks.metrics.environment import Environment
from benchmarks.metrics.layout import THRESHOLDS, LayoutCounts, add_layouts

__all__ = [
    "DocumentReport",
    "PageReport",
    "Report",
    "class_table",
    "comparison_table",
    "document_table",
    "make_report",
    "page_table",
]

_TITLES = {
    "layout_f1_50": "boxes\n@.50",
    "layout_f1_75": "boxes\n@.75",
    "layout_labelled_f1_50": "+class\n@.50",
    "layout_labelled_f1_75": "+class\n@.75",
    "text": "text",
    "words_f1": "words",
    "order": "order",
    "headings_f1": "head-\nings",
    "cells_f1": "cells",
    "teds": "TEDS",
    "teds_structure": "TEDS\nstruct",
}
#: changes below this are rounding
_NOTABLE = 0.0005


class F1(msgspec.Struct, frozen=True):
    """Counts with what they come to."""

    f1: float | None
    precision: float | None
    recall: float | None
    hit: int
    missed: int
    false: int


class PageReport(msgspec.Struct, frozen=True):
    """Layout of one page."""

    page: int
    summary: Summary
    layout: LayoutCounts


class DocumentReport(msgspec.Struct, frozen=True):
    """Numbers of one document, and the counts behind them."""

    name: str
    truth: str
    failure: str | None
    summary: Summary
    counts: dict[str, F1]
    classes: dict[str, dict[str, F1]]
    tables: list[dict[str, Any]]
    extra_tables: int
    pages: list[PageReport]


class Report(msgspec.Struct, frozen=True):
    """What the command writes as JSON."""

    kit: str
    source: str  # where the documents came from
    convert_seconds: float | None
    environment: Environment
    total_rules: dict[str, str]
    totals: Summary
    counts: dict[str, F1]
    classes: dict[str, dict[str, F1]]
    failed: dict[str, str]
    skipped: dict[str, str]
    documents: list[DocumentReport]


def make_report(
    scores: Sequence[DocumentScore],
    *,
    kit: str,
    source: str,
    environment: Environment,
    convert_seconds: float | None = None,
    skipped: dict[str, str] | None = None,
) -> Report:
    """Bring the scores of all documents together."""
    layout = add_layouts([score.layout for score in scores])
    return Report(
        kit=kit,
        source=source,
        convert_seconds=convert_seconds,
        environment=environment,
        total_rules=TOTAL_RULES,
        totals=totals(scores),
        counts=_all_counts(
            layout,
            words=sum((score.words for score in scores), Counts()),
            headings=sum((score.headings for score in scores), Counts()),
            cells=sum((score.cells for score in scores), Counts()),
        ),
        classes=_classes(layout),
        failed={score.name: score.failure for score in scores if score.failure},
        skipped=skipped or {},
        documents=[_document(score) for score in scores],
    )


def document_table(report: Report) -> Table:
    """A row per document, and the totals."""
    pages = sum(len(document.pages) for document in report.documents)
    table = _table("Accuracy", "document", *_TITLES.values())
    for document in report.documents:
        name = escape(document.name) + (" [red](failed)[/red]" if document.failure else "")
        table.add_row(name, *_numbers(document.summary))
    table.add_section()
    label = f"all (documents: {len(report.documents)}, pages: {pages})"
    table.add_row(label, *_numbers(report.totals), style="bold")
    table.caption = (
        "Totals: layout and cells are micro (counts summed over pages, tables); text, words, order and "
        "headings are means over documents; TEDS is the mean over the truth's tables. "
        "A failed document counts as zeros. –: does not apply."
    )
    return table


def class_table(report: Report) -> Table:
    """Layout F1 of each class over all pages."""
    table = _table("Layout by class", "class", "F1@.50", "F1@.75", "precision@.50", "recall@.50", "truth")
    for label, counts in report.classes.items():
        loose, strict = counts["50"], counts["75"]
        values = (loose.f1, strict.f1, loose.precision, loose.recall)
        table.add_row(label, *(_number(value) for value in values), str(loose.hit + loose.missed))
    return table


def page_table(report: Report) -> Table:
    """Layout F1 of each page."""
    names = [f"layout_f1_{name}" for name in THRESHOLDS]
    names += [f"layout_labelled_f1_{name}" for name in THRESHOLDS]
    table = _table("Layout by page", "page", *(_TITLES[name] for name in names), "hit", "missed", "false")
    for document in report.documents:
        for page in document.pages:
            counts = page.layout.boxes["50"]
            table.add_row(
                f"{escape(document.name)} p. {page.page}",
                *(_number(page.summary[name]) for name in names),
                *(str(count) for count in (counts.hit, counts.missed, counts.false)),
            )
    return table


def comparison_table(earlier: Report, now: Report) -> Table:
    """What changed since an earlier report; metrics that did not change are blank.

    Totals are of each report's own documents, so they compare only when both have the same ones.
    """
    table = _table("Change since the earlier run", "document", *_TITLES.values())
    before = {document.name: document for document in earlier.documents}
    after = {document.name: document for document in now.documents}
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in before or name not in after:
            table.add_row(f"{escape(name)} ({'new' if name in after else 'gone'})")
            continue
        changes = list(_changes(before[name].summary, after[name].summary))
        if any(changes):
            table.add_row(escape(name), *changes)
    table.add_section()
    same = "" if before.keys() == after.keys() else " (other documents)"
    table.add_row(f"all{same}", *_changes(earlier.totals, now.totals), style="bold")
    return table


def _document(score: DocumentScore) -> DocumentReport:
    return DocumentReport(
        name=score.name,
        truth=score.truth,
        failure=score.failure,
        summary=summary(score),
        counts=_all_counts(score.layout, words=score.words, headings=score.headings, cells=score.cells),
        classes=_classes(score.layout),
        tables=[msgspec.structs.asdict(table) for table in score.tables.tables],
        extra_tables=score.tables.extra,
        pages=[PageReport(page, layout_summary(layout), layout) for page, layout in score.pages.items()],
    )


def _all_counts(layout: LayoutCounts, **others: Counts) -> dict[str, F1]:
    boxes = {f"layout_{name}": layout.boxes[name] for name in THRESHOLDS}
    labelled = {f"layout_labelled_{name}": layout.labelled(name) for name in THRESHOLDS}
    return {name: _f1(counts) for name, counts in (boxes | labelled | others).items()}


def _classes(layout: LayoutCounts) -> dict[str, dict[str, F1]]:
    return {
        label: {name: _f1(counts) for name, counts in by_threshold.items()}
        for label, by_threshold in layout.classes.items()
    }


def _f1(counts: Counts) -> F1:
    return F1(counts.f1, counts.precision, counts.recall, counts.hit, counts.missed, counts.false)


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, caption_justify="left")
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _numbers(values: Summary) -> list[str]:
    return [_number(values[name]) for name in _TITLES]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _changes(before: Summary, after: Summary) -> Iterator[str]:
    for name in _TITLES:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield "" if old is new else f"{_number(old)}→{_number(new)}"
        elif abs(new - old) < _NOTABLE:
            yield ""
        else:
            yield f"[{'green' if new > old else 'red'}]{new - old:+.3f}[/]"
