"""What a deployment survives: `python -m benchmarks.endurance`.

200 small PDFs go from an inbox on an S3 server (SeaweedFS) through Dagster's daemon on PostgreSQL to
published documents, while a worker process, the run, the daemon, PostgreSQL and the S3 server are killed
(SIGKILL) at every boundary of a stage in turn. Daemon and servers are started again as a supervisor would.
For each kill it says how long its batch stood still, and what its batch lost or did twice.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import msgspec

from benchmarks.metrics.environment import environment
from resources.store import default_home
from tests.killing.endurance import Endured, endure
from tests.killing.matrix import every_kill, few_kills

__all__ = ["main"]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8, help="Documents of a batch")
    parser.add_argument("--few", action="store_true", help="Every boundary once, not with every victim")
    parser.add_argument("--minutes", type=float, default=60.0, help="Give up after so long")
    parser.add_argument("--models", type=Path, default=default_home() / "models")
    parser.add_argument("--json", type=Path, help="Also write the figures here")
    options = parser.parse_args()
    kills = few_kills() if options.few else every_kill()
    models = options.models.absolute()
    endured = endure(models, options.documents, options.batch, kills, 60 * options.minutes)
    rows = _rows(endured)
    print(
        f"{'victim':<10} {'boundary':<18} {'away, s':>8} {'until it went on, s':>20} {'lost':>5} {'twice':>6}"
        f" {'repeated':>9}"
    )
    for row in rows:
        waited = "-" if row["went on after s"] is None else f"{row['went on after s']:.1f}"
        print(
            f"{row['victim']:<10} {row['boundary']:<18} {row['away s']:>8} {waited:>20} {row['lost']:>5}"
            f" {row['twice']:>6} {row['repeated']:>9}"
        )
    totals = _totals(endured, options.documents)
    for name, value in totals.items():
        print(f"{name:<40} {value}")
    for found in (
        *endured.findings.lost,
        *endured.findings.twice,
        *endured.findings.repeated,
        *endured.findings.rewritten,
    ):
        print(found)
    if options.json:
        figures = {"kills": rows, "totals": totals, "environment": environment()}
        options.json.write_text(msgspec.json.format(msgspec.json.encode(figures)).decode())


def _rows(endured: Endured) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for death in sorted(endured.killer.deaths, key=lambda death: death.kill.victim):
        lost, twice, repeated = endured.findings.of(death.batch)
        rows.append(
            {
                "victim": death.kill.victim,
                "boundary": str(death.kill.boundary),
                "away s": death.kill.outage_s,
                "went on after s": death.recovered_s,
                "lost": lost,
                "twice": twice,
                "repeated": repeated,
            }
        )
    return rows


def _totals(endured: Endured, documents: int) -> dict[str, object]:
    findings = endured.findings
    runs = Counter(findings.runs.values())
    return {
        "documents": documents,
        "batches": len(findings.runs),
        "kills": len(endured.killer.deaths),
        "kills that were never due": len(endured.unfinished),
        "seconds": round(endured.seconds, 1),
        "documents lost": len(findings.lost),
        "documents twice": len(findings.twice),
        "stages of documents repeated": len(findings.repeated),
        "finished artifacts written again": len(findings.rewritten),
        "stages of documents done": sum(endured.killer.done.values()),
        "batches by the runs they took": dict(sorted(runs.items())),
    }


if __name__ == "__main__":
    main()
