"""A hostile corpus made, converted and judged; what is kept of it, and how it is printed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.hostile.corpus import make_corpus
from benchmarks.hostile.outcomes import Outcome, by_kind, by_reason, outcomes, violations
from benchmarks.hostile.run import RunSettings, convert_corpus
from benchmarks.metrics.environment import Environment, environment

__all__ = ["Report", "allowed_mb", "examine", "print_report"]

_STATUSES = ("converted", "partial", "quarantined", "failed")
_SLOWEST = 12
#: What the run itself, the fork server and the pages that workers share may take beside the workers, in MB.
_BASE_MB = 1024


class Report(msgspec.Struct, frozen=True):
    """What became of a corpus; `violations` are what must not happen."""

    environment: Environment
    seed: int
    timeout_s: float
    memory_mb: int
    workers: int
    seconds: float
    peak_mb: float
    lost_workers: int
    violations: list[str]
    outcomes: list[Outcome]


def allowed_mb(settings: RunSettings) -> int:
    """The memory that a run may take with these limits of its workers."""
    return settings.workers * settings.memory_mb + _BASE_MB


def examine(
    count: int,
    settings: RunSettings,
    console: Console,
    *,
    seed: int = 0,
    kinds: Sequence[str] = (),
    keep: Path | None = None,
) -> Report:
    """Make so many files, in the folder `keep` or for the time being, and convert them."""
    with tempfile.TemporaryDirectory(prefix="docmill-hostile-") as scratch:
        corpus = keep or Path(scratch) / "corpus"
        files = make_corpus(corpus, count, seed, kinds)
        console.print(f"{len(files)} files of {len({file.kind for file in files})} kinds, seed {seed}")
        run = convert_corpus(corpus, Path(scratch) / "home", settings)
    broken = list(violations(files, run.records))
    if run.peak_mb > allowed_mb(settings):
        limit = allowed_mb(settings)
        broken.append(f"memory: {run.peak_mb:.0f} MB of {limit} MB that the limits allow")
    return Report(
        environment=environment(),
        seed=seed,
        timeout_s=settings.timeout,
        memory_mb=settings.memory_mb,
        workers=settings.workers,
        seconds=round(run.seconds, 1),
        peak_mb=round(run.peak_mb),
        lost_workers=sum(run.lost_workers.values()),
        violations=broken,
        outcomes=outcomes(files, run.records, run.lost_workers),
    )


def print_report(report: Report, console: Console) -> None:
    """Outcomes by kind and reason, the slowest files, memory and lost workers, and what is wrong."""
    found = report.outcomes
    kinds = Table("kind", *_STATUSES, title="malformed files by kind")
    for kind, counts in by_kind(found).items():
        kinds.add_row(kind, *(str(counts[status] or "") for status in _STATUSES))
    total = [str(sum(outcome.status == status for outcome in found)) for status in _STATUSES]
    kinds.add_row("all", *total, style="bold")
    console.print(kinds)
    reasons = Table("status", "reason", "files", title="malformed files by reason")
    for (status, reason), count in sorted(by_reason(found).items(), key=lambda item: -item[1]):
        reasons.add_row(status, reason, str(count))
    console.print(reasons)
    slowest = Table("file", "status", "worker seconds", "workers lost", title="the slowest")
    for outcome in sorted(found, key=lambda outcome: -outcome.seconds)[:_SLOWEST]:
        slowest.add_row(
            escape(outcome.name), outcome.status, f"{outcome.seconds:.1f}", str(outcome.lost_workers or "")
        )
    console.print(slowest)
    settings = RunSettings(report.workers, report.timeout_s, report.memory_mb)
    lost = f"{report.lost_workers} workers lost and replaced"
    console.print(f"{len(found)} malformed files in {report.seconds:.0f} s; {lost}")
    console.print(f"peak memory {report.peak_mb:.0f} MB of {allowed_mb(settings)} MB that the limits allow")
    for violation in report.violations:
        console.print(f"[red]{escape(violation)}")
