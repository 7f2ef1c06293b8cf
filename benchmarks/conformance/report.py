"""The result of a conformance run: for machines as JSON, for people as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rich.markup import escape
from rich.table import Table

from benchmarks.conformance.cases import Case
from benchmarks.conformance.compare import CaseScore, Share
from benchmarks.conformance.floor import Floor, shortfalls
from benchmarks.metrics.environment import Environment

__all__ = ["CaseReport", "Report", "make_report", "score_table", "values_of"]

_COLUMNS = {
    "items": "items",
    "labels": "labels",
    "texts": "texts",
    "texts_but_spaces": "texts\nbut spaces",
    "box_pt": "largest box\ndifference, pt",
    "shapes": "table\nshapes",
    "cells": "cells",
    "markdown_wer": "Markdown\nWER",
}
#: A document that was not made counts as having nothing right.
_NOTHING = {name: 1.0 if name == "markdown_wer" else 0.0 for name in _COLUMNS if name != "box_pt"}


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """One case; `below` says what of the floor it does not reach."""

    name: str
    kind: str
    failure: str | None
    values: dict[str, float]
    below: list[str]
    score: CaseScore | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the command writes as JSON."""

    kit: str
    text: str
    tables: str
    seconds: float
    environment: Environment
    totals: dict[str, float]
    below: list[str]
    skipped: dict[str, str]
    cases: list[CaseReport]

    @property
    def passed(self) -> bool:
        """Whether everything reaches the floor and every document was made."""
        return not self.below and not any(case.below or case.score is None for case in self.cases)


def values_of(score: CaseScore | None) -> dict[str, float]:
    """The measures of one case by name."""
    if score is None:
        return dict(_NOTHING)
    return {
        "items": score.items.value,
        "labels": score.labels,
        "texts": score.texts.value,
        "texts_but_spaces": score.texts_but_spaces.value,
        "box_pt": score.box_pt,
        "shapes": score.shapes.value,
        "cells": score.cells.value,
        "markdown_wer": score.markdown_wer,
    }


def make_report(
    cases: Sequence[Case],
    scores: Mapping[str, CaseScore | None],
    failures: Mapping[str, str],
    *,
    floor: Floor,
    kit: str,
    text: str,
    tables: str,
    seconds: float,
    environment: Environment,
    skipped: Mapping[str, str],
) -> Report:
    """Bring the cases together and hold them against the floor."""
    reports = []
    for case in cases:
        values = values_of(scores[case.name])
        below = list(shortfalls(floor.of(case.name, case.kind), values))
        reports.append(
            CaseReport(
                name=case.name,
                kind=case.kind,
                failure=failures.get(case.name),
                values=values,
                below=below,
                score=scores[case.name],
            )
        )
    totals = _totals(scores.values())
    return Report(
        kit=kit,
        text=text,
        tables=tables,
        seconds=round(seconds, 3),
        environment=environment,
        totals=totals,
        below=list(shortfalls(floor.totals, totals)),
        skipped=dict(skipped),
        cases=reports,
    )


def score_table(report: Report) -> Table:
    """A row per case, and the totals."""
    table = Table(
        title=f"Conformance of {escape(report.kit)}: text {report.text}, tables {report.tables}",
        caption="items, texts, shapes, cells: right of expected; labels: likeness of the sequences, "
        "'=' when equal",
        caption_justify="left",
    )
    table.add_column("case", overflow="fold")
    for title in _COLUMNS.values():
        table.add_column(title, justify="right", no_wrap=True)
    for case in report.cases:
        name = escape(case.name) + (" [red](below its floor)[/red]" if case.below else "")
        if case.score is None:
            table.add_row(name, "[red]failed[/red]")
        else:
            table.add_row(name, *_numbers(case.score))
    table.add_section()
    names = [name for name in _COLUMNS if name in report.totals]
    totals = [f"{report.totals[name]:.4f}" if name in names else "" for name in _COLUMNS]
    table.add_row(f"all {len(report.cases)}", *totals, style="bold")
    return table


def _numbers(score: CaseScore) -> list[str]:
    labels = "=" if score.labels_equal else f"{score.labels:.4f}"
    shares = {
        name: f"{share.hit}/{share.of}" if share.of else "–"
        for name, share in msgspec.structs.asdict(score).items()
        if isinstance(share, Share)
    }
    others = {"labels": labels, "box_pt": f"{score.box_pt:.3f}", "markdown_wer": f"{score.markdown_wer:.4f}"}
    return [(shares | others)[name] for name in _COLUMNS]


def _totals(scores: Iterable[CaseScore | None]) -> dict[str, float]:
    """Counts summed over all cases; texts without right-to-left documents."""
    present = [score for score in scores if score is not None]
    ltr = [score for score in present if not score.rtl]
    words = sum(score.markdown_words for score in present)
    shares = {
        "items": sum((score.items for score in present), Share()),
        "texts": sum((score.texts for score in ltr), Share()),
        "texts_but_spaces": sum((score.texts_but_spaces for score in ltr), Share()),
        "shapes": sum((score.shapes for score in present), Share()),
        "cells": sum((score.cells for score in present), Share()),
    }
    totals = {name: share.value for name, share in shares.items()}
    totals["labels"] = sum(score.labels for score in present) / max(1, len(present))
    totals["box_pt"] = max((score.box_pt for score in present), default=0.0)
    totals["markdown_wer"] = sum(score.markdown_edits for score in present) / max(1, words)
    return totals
