"""Scores of many documents as tables, and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec
from rich.table import Table

from benchmarks.metrics.environment import Environment
from benchmarks.pages.scoring.document import DocumentScore
from benchmarks.pages.scoring.roles import CLASSES, RoleCounts
from benchmarks.pages.scoring.tables import Overlap, TableScore

__all__ = [
    "Report",
    "Summary",
    "make_report",
    "mistake_table",
    "role_table",
    "scan_table",
    "table_table",
    "whole_table",
    "worst_table",
]

_MOST_MISTAKES, _EXAMPLES = 14, 40
_OF_SCANS = ("kept", "doubled", "read", "order", "blocks")


class Summary(msgspec.Struct):
    """Figures of some documents; None where they have nothing of the kind."""

    documents: int
    lines: int
    f1: dict[str, float | None]
    right: float | None
    blocks: float
    split: float
    merged: float
    order: float
    kept: float
    doubled: float
    read: float
    levels: float | None
    tables_found: float | None
    cells: float | None
    relations: float | None


class Report(msgspec.Struct):
    """What a run keeps."""

    command: dict[str, str]
    environment: Environment
    seconds: dict[str, float]
    all: Summary
    setters: dict[str, Summary]
    scans: dict[str, Summary]
    table_kinds: dict[str, dict[str, float | None]]
    mistakes: list[tuple[str, str, int]]
    documents: list[DocumentScore]


def make_report(
    scores: Sequence[DocumentScore],
    command: dict[str, str],
    environment: Environment,
    seconds: dict[str, float],
) -> Report:
    """Worst documents first."""
    setters = sorted({score.setter for score in scores})
    total = RoleCounts()
    for score in scores:
        total.merge(score.roles)
    kinds = sorted({table.kind for score in scores for table in score.tables})
    return Report(
        command=command,
        environment=environment,
        seconds=seconds,
        all=_summary(scores),
        setters={name: _summary([score for score in scores if score.setter == name]) for name in setters},
        scans=_scans(scores),
        table_kinds={
            kind: _tables([table for score in scores for table in score.tables if table.kind == kind])
            for kind in kinds
        },
        mistakes=[(*pair, count) for pair, count in total.mistakes().most_common(_MOST_MISTAKES)],
        documents=sorted(scores, key=lambda score: score.whole),
    )


def _scans(scores: Sequence[DocumentScore]) -> dict[str, Summary]:
    """Scans by what is known of them: `layer good`, `turned 90`."""
    kinds: dict[str, list[DocumentScore]] = defaultdict(list)
    for score in scores:
        for fact in ("layer", "turned", "scan"):
            if fact in score.facts:
                kinds[f"{fact} {score.facts[fact]}"].append(score)
    return {kind: _summary(kinds[kind]) for kind in sorted(kinds)}


def _summary(scores: Sequence[DocumentScore]) -> Summary:
    roles, letters = RoleCounts(), Overlap()
    for score in scores:
        roles.merge(score.roles)
        letters.merge(score.letters)
    pairs = max(1, sum(score.pairs for score in scores))
    levels = [sum(score.levels[n] for score in scores) for n in (0, 1)]
    tables = _tables([table for score in scores for table in score.tables])
    return Summary(
        documents=len(scores),
        lines=sum(roles.lines(name) for name in roles.pairs),
        f1={name: roles.f1(name) for name in CLASSES},
        right=roles.right(),
        blocks=1 - sum(score.split + score.merged for score in scores) / pairs,
        split=sum(score.split for score in scores) / pairs,
        merged=sum(score.merged for score in scores) / pairs,
        order=sum(score.order for score in scores) / max(1, len(scores)),
        kept=letters.both / max(1, letters.truth),
        doubled=(letters.outcome - letters.both) / max(1, letters.truth),
        read=sum(score.read for score in scores) / max(1, sum(score.lines for score in scores)),
        levels=levels[1] / levels[0] if levels[0] else None,
        tables_found=tables["found"],
        cells=tables["cells"],
        relations=tables["relations"],
    )


def _tables(tables: Sequence[TableScore]) -> dict[str, float | None]:
    """Means over tables, long or short. `structure` is of those that were found."""
    found = [table for table in tables if table.found > 0.8]
    return {
        "tables": float(len(tables)),
        "found": _mean([table.found for table in tables]),
        "cells": _mean([table.cells.f1 or 0.0 for table in tables]),
        "relations": _mean([table.relations.f1 or 0.0 for table in tables]),
        "structure": _mean([table.relations.f1 or 0.0 for table in found]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def role_table(report: Report) -> Table:
    """F1 of each role, a column a setter."""
    table = Table("role (F1 of lines)", *report.setters, "all", "lines", title="Roles")
    total = RoleCounts()
    for score in report.documents:
        total.merge(score.roles)
    for name in CLASSES:
        row = [_figure(summary.f1[name]) for summary in report.setters.values()]
        table.add_row(name, *row, _figure(report.all.f1[name]), str(total.lines(name)))
    row = [_figure(summary.right) for summary in report.setters.values()]
    table.add_row("all lines right", *row, _figure(report.all.right), str(report.all.lines))
    return table


def whole_table(report: Report) -> Table:
    """The other figures, a column a setter."""
    table = Table("", *report.setters, "all", title="Documents")
    sides = [*report.setters.values(), report.all]
    table.add_row("documents", *(str(side.documents) for side in sides))
    for name in (
        "blocks",
        "split",
        "merged",
        "order",
        "kept",
        "doubled",
        "read",
        "levels",
        "tables_found",
        "cells",
        "relations",
    ):
        table.add_row(name.replace("_", " "), *(_figure(getattr(side, name)) for side in sides))
    return table


def scan_table(report: Report) -> Table:
    """Scans by what OCR had before it."""
    table = Table("scans", "documents", "lines right", *_OF_SCANS, title="Scans")
    for kind, side in report.scans.items():
        figures = (side.right, *(getattr(side, name) for name in _OF_SCANS))
        table.add_row(kind, str(side.documents), *map(_figure, figures))
    return table


def table_table(report: Report) -> Table:
    """Tables by how they are ruled."""
    table = Table("tables", "count", "found", "cells", "relations", "of those found", title="Tables")
    for kind, figures in report.table_kinds.items():
        names = ("found", "cells", "relations", "structure")
        table.add_row(kind, f"{figures['tables']:.0f}", *(_figure(figures[name]) for name in names))
    return table


def mistake_table(report: Report) -> Table:
    """What was taken for what, with an example."""
    examples: dict[tuple[str, str], str] = {}
    where: Counter[tuple[str, str]] = Counter()
    for score in report.documents:
        for pair in {(line.truth, line.outcome) for line in score.wrong}:
            where[pair] += 1
        for line in score.wrong:
            examples.setdefault(
                (line.truth, line.outcome), f"{line.text[:_EXAMPLES]} ({score.name} p{line.page})"
            )
    table = Table("is", "taken for", "lines", "documents", "such as", title="Mistakes")
    for truth, outcome, count in report.mistakes:
        table.add_row(truth, outcome, str(count), str(where[truth, outcome]), examples[truth, outcome])
    return table


def worst_table(report: Report, count: int) -> Table:
    """The worst documents."""
    table = Table(
        "document", "source", "whole", "roles", "blocks", "order", "kept", "relations", title="Worst first"
    )
    for score in report.documents[:count]:
        figures = (
            score.whole,
            score.roles.right(),
            score.blocks,
            score.order,
            score.kept,
            score.relations.f1,
        )
        table.add_row(score.name, score.source, *map(_figure, figures))
    return table
