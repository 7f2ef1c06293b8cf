"""What a deployment survives: `python -m benchmarks.endurance`.

200 small PDFs go from an inbox on an S3 server (SeaweedFS) through Dagster's daemon on PostgreSQL to
published documents, while a worker process, the run, the warm parent that runs are forked from, the daemon,
PostgreSQL, the S3 server and the machine are killed (SIGKILL) at every boundary of a stage in turn. Daemon
and servers are started again as a supervisor would. For each kill it says how long its batch stood still, and
what its batch lost or did twice.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.metrics.environment import Environment, environment
from docmill.resources.weights.embedded_weights import default_folder
from tests.killing.endurance import Endured, endure
from tests.killing.matrix import every_kill, few_kills

__all__ = ["Endurance", "Outage", "main", "measure", "print_endurance"]


class Outage(msgspec.Struct, frozen=True):
    """One kill. `away_s` is how long the victim was away, `stood_s` how long its batch stood still."""

    victim: str
    boundary: str
    away_s: float
    stood_s: float | None
    lost: int
    twice: int
    repeated: int


class Endurance(msgspec.Struct, frozen=True):
    """What the corpus went through, and what is wrong with it."""

    environment: Environment
    documents: int
    batches: int
    seconds: float
    outages: list[Outage]
    #: Kills that were never due.
    undue: int
    #: How many warm parents were there when they were to be killed.
    warm_parents: int
    stages_done: int
    #: How many batches took so many runs.
    batches_by_runs: dict[int, int]
    #: Partitions of each asset that the web server shows as materialized.
    materialized: dict[str, int]
    lost: list[str]
    twice: list[str]
    repeated: list[str]
    rewritten: list[str]

    @property
    def wrong(self) -> list[str]:
        """Everything that must not happen."""
        return [*self.lost, *self.twice, *self.repeated, *self.rewritten]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8, help="documents of a batch")
    parser.add_argument("--few", action="store_true", help="every boundary once, not with every victim")
    parser.add_argument("--minutes", type=float, default=60.0, help="give up after so long")
    parser.add_argument("--models", type=Path, default=default_folder())
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    found = measure(options.documents, options.batch, options.few, options.minutes, options.models)
    print_endurance(found, Console())
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return 1 if found.wrong else 0


def measure(
    documents: int, batch: int, few: bool, minutes: float = 60.0, models: Path | None = None
) -> Endurance:
    """Send so many documents through it. AssertionError when that takes longer than so many minutes."""
    kills = few_kills() if few else every_kill()
    folder = (models or default_folder()).absolute()
    endured = endure(folder, documents, batch, kills, 60 * minutes)
    findings = endured.findings
    return Endurance(
        environment=environment(),
        documents=documents,
        batches=len(findings.runs),
        seconds=round(endured.seconds, 1),
        outages=_outages(endured),
        undue=len(endured.unfinished),
        warm_parents=endured.killer.warm_parents,
        stages_done=sum(endured.killer.done.values()),
        batches_by_runs=dict(sorted(Counter(findings.runs.values()).items())),
        materialized=endured.materialized,
        lost=list(findings.lost),
        twice=list(findings.twice),
        repeated=list(findings.repeated),
        rewritten=list(findings.rewritten),
    )


def print_endurance(found: Endurance, console: Console) -> None:
    """Each kill, the totals, and all that is wrong."""
    table = Table(title="kills")
    for number, column in enumerate(
        ("victim", "boundary", "away, s", "until it went on, s", "lost", "twice", "repeated")
    ):
        table.add_column(column, justify="right" if number > 1 else "left")
    for outage in found.outages:
        stood = "-" if outage.stood_s is None else f"{outage.stood_s:.1f}"
        table.add_row(
            *(outage.victim, outage.boundary, f"{outage.away_s:g}", stood),
            *(str(count or "") for count in (outage.lost, outage.twice, outage.repeated)),
        )
    console.print(table)
    totals = {
        "documents, in batches": f"{found.documents} in {found.batches}",
        "kills (never due)": f"{len(found.outages)} ({found.undue})",
        "warm parents killed": found.warm_parents,
        "seconds": found.seconds,
        "documents lost": len(found.lost),
        "documents twice": len(found.twice),
        "stages of documents repeated": f"{len(found.repeated)} of {found.stages_done}",
        "finished artifacts written again": len(found.rewritten),
        "batches by the runs they took": found.batches_by_runs,
        "materialized, as Dagster shows it": found.materialized,
    }
    for name, value in totals.items():
        console.print(f"{name:<36} {value}")
    for wrong in found.wrong:
        console.print(f"[red]{escape(wrong)}")


def _outages(endured: Endured) -> list[Outage]:
    return [
        Outage(
            death.kill.victim,
            str(death.kill.boundary),
            death.kill.outage_s,
            death.recovered_s,
            *endured.findings.of(death.batch),
        )
        for death in sorted(endured.killer.deaths, key=lambda death: death.kill.victim)
    ]


if __name__ == "__main__":
    sys.exit(main())
