"""`python -m benchmarks.hostile --count 600`: malformed PDFs through docmill, and what becomes of each.

It makes the corpus, converts it as `docmill convert` does, and prints outcomes by kind and reason, the
slowest files, the peak memory of all processes, and how many workers were lost. It ends with 1 when a file
has no typed outcome, when docmill itself is at fault, or when more memory is used than the limits allow.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.hostile.corpus import ALL_CASES, KINDS, make_corpus
from benchmarks.hostile.outcomes import Outcome, by_kind, by_reason, outcomes, violations
from benchmarks.hostile.run import Run, RunSettings, convert_corpus
from benchmarks.metrics.environment import environment

_STATUSES = ("converted", "partial", "quarantined", "failed")
_SLOWEST = 12
#: What the run itself, the fork server and the pages that workers share may take beside the workers, in MB.
BASE_MB = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    settings = RunSettings(options.workers, options.timeout, options.memory)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="docmill-hostile-") as scratch:
        corpus = options.keep or Path(scratch) / "corpus"
        files = make_corpus(corpus, options.count, options.seed, options.kind)
        console.print(
            f"{len(files)} files of {len({file.kind for file in files})} kinds, seed {options.seed}"
        )
        run = convert_corpus(corpus, Path(scratch) / "home", settings)
    found = outcomes(files, run.records, run.lost_workers)
    broken = list(violations(files, run.records))
    allowed = settings.workers * settings.memory_mb + BASE_MB
    if run.peak_mb > allowed:
        broken.append(f"memory: {run.peak_mb:.0f} MB of {allowed} MB that the limits allow")
    _print(console, found, run, allowed)
    for violation in broken:
        console.print(f"[red]{escape(violation)}")
    if options.json:
        options.json.write_bytes(msgspec.json.format(_report(options, found, run, broken)))
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=len(ALL_CASES), help="files; default: each case once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=KINDS, help="only files of this kind; repeatable")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=15.0, help="seconds for up to 8 pages in a stage")
    parser.add_argument("--memory", type=int, default=1024, help="megabytes of a worker")
    parser.add_argument("--keep", type=Path, help="make the files here, and leave them")
    parser.add_argument("--json", type=Path, help="also write every outcome here")
    return parser


def _report(options: argparse.Namespace, found: Sequence[Outcome], run: Run, broken: Sequence[str]) -> bytes:
    return msgspec.json.encode(
        {
            "environment": environment(),
            "seed": options.seed,
            "timeout_s": options.timeout,
            "memory_mb": options.memory,
            "workers": options.workers,
            "seconds": round(run.seconds, 1),
            "peak_mb": round(run.peak_mb),
            "lost_workers": sum(run.lost_workers.values()),
            "violations": broken,
            "outcomes": found,
        }
    )


def _print(console: Console, found: Sequence[Outcome], run: Run, allowed: int) -> None:
    kinds = Table("kind", *_STATUSES, title="files by kind")
    for kind, counts in by_kind(found).items():
        kinds.add_row(kind, *(str(counts[status] or "") for status in _STATUSES))
    total = [str(sum(outcome.status == status for outcome in found)) for status in _STATUSES]
    kinds.add_row("all", *total, style="bold")
    console.print(kinds)
    reasons = Table("status", "reason", "files", title="files by reason")
    for (status, reason), count in sorted(by_reason(found).items(), key=lambda item: -item[1]):
        reasons.add_row(status, reason, str(count))
    console.print(reasons)
    slowest = Table("file", "status", "worker seconds", "workers lost", title="the slowest")
    for outcome in sorted(found, key=lambda outcome: -outcome.seconds)[:_SLOWEST]:
        slowest.add_row(
            escape(outcome.name), outcome.status, f"{outcome.seconds:.1f}", str(outcome.lost_workers or "")
        )
    console.print(slowest)
    lost = sum(run.lost_workers.values())
    console.print(f"{len(found)} files in {run.seconds:.0f} s; {lost} workers lost and replaced")
    console.print(f"peak memory {run.peak_mb:.0f} MB of {allowed} MB that the limits allow")


if __name__ == "__main__":
    sys.exit(main())
