"""The result: for machines as JSON, for people as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.metrics.environment import Environment
from benchmarks.quality.cases import CaseVerdict, Verdict
from benchmarks.quality.corpus import Corpus
from benchmarks.quality.effort import Effort, Worth, worth
from benchmarks.quality.fair import Fairness
from benchmarks.quality.halves import Half
from benchmarks.quality.scores import DocumentScore, Figures, HalfScore

__all__ = [
    "EngineReport",
    "Report",
    "print_changes",
    "print_engine",
    "read_report",
    "worth_of",
    "write_report",
]

_TITLES = {
    "overall": "overall",
    "nid": "NID",
    "teds": "TEDS",
    "mhs": "MHS",
    "headings_f1": "headings F1",
    "relations_f1": "relations F1",
    "relations_recall": "recall",
    "relations_precision": "precision",
    "relations_mean": "mean F1",
}
_COLOURS = {Verdict.RIGHT: "green", Verdict.WRONG: "red", Verdict.LOOK: "yellow"}
#: A change of a document's figure that is told.
_NOTABLE = 0.002


class EngineReport(msgspec.Struct, frozen=True, kw_only=True):
    """One converter on one corpus; `unavailable` says why it could not be had."""

    corpus: str
    engine: str
    version: str = ""
    fair: Fairness
    seconds: float = 0.0
    effort: Effort | None = None
    halves: list[HalfScore] = []
    documents: list[DocumentScore] = []
    cases: list[CaseVerdict] = []
    skipped: dict[str, str] = {}
    unavailable: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the command writes as JSON. `worth` has a list of one for each engine whose CPU was counted."""

    environment: Environment
    engines: list[EngineReport]
    worth: dict[str, list[Worth]] = {}


def worth_of(reports: Sequence[EngineReport]) -> dict[str, list[Worth]]:
    """What each engine's pages cost and are worth, over the corpora that were counted and have figures."""
    counted: dict[str, list[tuple[Effort, float]]] = {}
    for report in reports:
        main = next((half.main for half in report.halves if half.half is Half.ALL), None)
        if report.effort is not None and main is not None:
            counted.setdefault(report.engine, []).append((report.effort, main))
    return {
        engine: [worth([effort for effort, _ in pairs], [main for _, main in pairs])]
        for engine, pairs in counted.items()
    }


def read_report(path: Path) -> Report:
    """An earlier report. Raises `msgspec.DecodeError`, `OSError`."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


def write_report(path: Path, report: Report) -> None:
    """Write it; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def print_engine(console: Console, corpus: Corpus, report: EngineReport, worst: int) -> None:
    """The halves, and the documents with the lowest figures: so many, or all with 0."""
    title = f"{report.corpus}: {report.engine} {report.version}".rstrip()
    if report.unavailable is not None:
        console.print(f"[red]unavailable[/red] {escape(f'{title}: {report.unavailable}')}", highlight=False)
        return
    spent = f", {report.effort.cpu_ms_a_page:.0f} CPU ms a page" if report.effort else ""
    title = f"{title} ({report.seconds:.0f} s{spent})"
    if report.documents:
        console.print(_half_table(title, report.halves))
        console.print(_document_table(report.documents[: worst or None]))
    if report.cases:
        console.print(_case_table(title, report.cases))
    for score in report.documents:
        if score.failure:
            what = escape(f"{score.name}: {score.failure}")
            console.print(f"[red]incomplete[/red] {what}", highlight=False)
    for name, reason in corpus.skipped.items():
        console.print(f"skipped {escape(f'{name}: {reason}')}", highlight=False)


def print_changes(console: Console, earlier: Report, now: EngineReport) -> None:
    """What became of the figures since an earlier report of the same engine and corpus."""
    known = {(report.corpus, report.engine): report for report in earlier.engines}
    before = known.get((now.corpus, now.engine)) or next(
        (report for report in earlier.engines if report.corpus == now.corpus), None
    )
    if before is None or before.unavailable is not None or now.unavailable is not None:
        return
    verdicts = {case.kind: case.verdict for case in before.cases}
    for case in now.cases:
        if case.kind in verdicts and case.verdict is not verdicts[case.kind]:
            console.print(f"{case.kind}: {verdicts[case.kind]} before, {case.verdict} now", markup=False)
    if not now.documents:
        return
    table = Table(title=f"{now.corpus}: {before.engine} before, {now.engine} now")
    names = [name for name in _TITLES if any(name in half.figures for half in now.halves)]
    for column in ("", *(_TITLES[name] for name in names)):
        table.add_column(column, justify="left" if not column else "right")
    halves = {half.half: half.figures for half in before.halves}
    for half in now.halves:
        table.add_row(half.half.value, *_changes(names, halves.get(half.half, {}), half.figures))
    table.add_section()
    documents = {score.name: score for score in before.documents}
    changed = [
        (score.main - documents[score.name].main, score) for score in now.documents if score.name in documents
    ]
    for change, score in sorted(changed, key=lambda pair: pair[0]):
        if abs(change) >= _NOTABLE:
            old = documents[score.name].figures
            table.add_row(f"{score.name} ({score.half.value})", *_changes(names, old, score.figures))
    console.print(table)


def _half_table(title: str, halves: Sequence[HalfScore]) -> Table:
    table = Table(title=escape(title))
    names = [name for name in _TITLES if any(name in half.figures for half in halves)]
    for column in ("half", "documents", *(_TITLES[name] for name in names)):
        table.add_column(column, justify="left" if column == "half" else "right")
    for half in halves:
        table.add_row(half.half.value, str(half.documents), *_numbers(names, half.figures))
    return table


def _document_table(scores: Sequence[DocumentScore]) -> Table:
    table = Table(title="worst first")
    names = [name for name in _TITLES if any(name in score.figures for score in scores)]
    for column in ("document", "half", *(_TITLES[name] for name in names)):
        table.add_column(column, justify="left" if column in ("document", "half") else "right")
    for score in scores:
        table.add_row(escape(score.name), score.half.value, *_numbers(names, score.figures))
    return table


def _case_table(title: str, cases: Sequence[CaseVerdict]) -> Table:
    counts = Counter(case.verdict for case in cases)
    table = Table(
        title=f"{escape(title)}: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    )
    table.add_column("kind")
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", overflow="fold")
    for case in cases:
        colour = _COLOURS[case.verdict]
        table.add_row(escape(case.kind), f"[{colour}]{case.verdict}[/]", escape(case.why))
    return table


def _numbers(names: Sequence[str], figures: Figures) -> Iterator[str]:
    for name in names:
        yield _number(figures.get(name))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _changes(
    names: Sequence[str], before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> Iterator[str]:
    for name in names:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield "–" if old is new else f"{_number(old)}→{_number(new)}"
        else:
            change = new - old
            colour = "dim" if abs(change) < _NOTABLE else "green" if change > 0 else "red"
            yield f"{new:.3f} [{colour}]{change:+.3f}[/]"
