"""What docmill costs beyond the work on documents, and how far it goes.

    python -m benchmarks.orchestration

measures, with Dagster's own daemon and web server on an instance of its own in a temporary folder: the CPU
seconds of orchestration a document; how soon a file in an idle inbox is published; what `docmill convert`
takes, and when its results come; the daemon at rest and with many partitions; Dagster's pages in Chromium;
what the inbox's sensor takes; and says on paper what that makes of one and ten million documents. Then what
it bears: 200 documents while every part is killed at every boundary of a stage (`benchmarks.endurance`,
with PostgreSQL and an S3 server), and 600 malformed files (`benchmarks.hostile`). It ends with 1 when one of
those is lost, done twice or without a typed outcome. Linux; an hour and a half on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from rich.console import Console

from benchmarks import endurance, ingest
from benchmarks.comparing.trees import CHECKOUT, tree_at, worktree
from benchmarks.hostile.report import Report as Hostile
from benchmarks.hostile.report import examine, print_report
from benchmarks.hostile.run import RunSettings
from benchmarks.metrics.environment import Environment, environment
from benchmarks.scale.command import CommandCost, measure_command
from benchmarks.scale.deployment import Deployment
from benchmarks.scale.dropping import Dropped, measure_drops
from benchmarks.scale.filling import Filled, fill
from benchmarks.scale.pages import PageTime, measure_pages
from benchmarks.scale.postgres import InPostgres, measure_postgres
from benchmarks.scale.report import print_figures
from benchmarks.scale.resting import DaemonAtRest, measure_daemon
from benchmarks.scale.runs import RunCost, measure_runs, one_page_documents

__all__ = ["Figures", "main"]


class Figures(msgspec.Struct):
    """All that was measured; None: not in this run."""

    environment: Environment
    runs: list[RunCost] | None = None
    command: list[CommandCost] | None = None
    drops: Dropped | None = None
    database: Filled | None = None
    postgres: InPostgres | None = None
    daemon: list[DaemonAtRest] | None = None
    pages: list[PageTime] | None = None
    ingest: dict[str, Any] | None = None
    kills: endurance.Endurance | None = None
    hostile: Hostile | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    figures = Figures(environment())
    if options.known:
        figures = msgspec.json.decode(options.known.read_bytes(), type=Figures)
    for part in options.only:
        with tempfile.TemporaryDirectory(prefix="docmill-scale-") as folder:
            _PARTS[part](figures, options, Path(folder))
        if options.json:
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    console = Console()
    print_figures(figures, console)
    if figures.kills:
        endurance.print_endurance(figures.kills, console)
    if figures.hostile:
        print_report(figures.hostile, console)
    kills, hostile = figures.kills, figures.hostile
    return 1 if (kills and kills.wrong) or (hostile and hostile.violations) else 0


def _runs(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    figures.runs = measure_runs(folder, options.batches, options.repeat, options.rest)


def _command(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    with ExitStack() as stack:
        trees = [tree_at(CHECKOUT)]
        if options.before:
            trees.insert(0, stack.enter_context(worktree(CHECKOUT, options.before)))
        figures.command = measure_command(trees, folder, options.repeat, options.documents)


def _drops(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    figures.drops = measure_drops(folder, one_page_documents(folder, options.drops))


def _partitions(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    """Parts that need an instance with many partitions, which takes a while to make."""
    at_rest = measure_daemon(Deployment(folder / "empty"), 0, options.ticks)
    deployment = Deployment(folder / "full")
    filled = fill(deployment, one_page_documents(folder, max(options.batches)), options.partitions)
    figures.database = filled
    figures.daemon = [at_rest, measure_daemon(deployment, filled.partitions, options.ticks)]
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    figures.pages = measure_pages(deployment, filled.materialized, options.repeat, options.pictures)


def _ingest(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    figures.ingest = ingest.measure(folder, str(folder / "inbox"), options.files)


def _postgres(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    if options.postgres:
        documents = one_page_documents(folder, max(options.batches))
        figures.postgres = measure_postgres(folder / "postgres", options.postgres, documents)


def _kills(figures: Figures, options: argparse.Namespace, _folder: Path) -> None:
    documents, batch, few = options.kill_documents, options.kill_batch, options.few_kills
    figures.kills = endurance.measure(documents, batch, few)


def _hostile(figures: Figures, options: argparse.Namespace, _folder: Path) -> None:
    figures.hostile = examine(options.malformed, RunSettings(), Console())


_PARTS: Mapping[str, Callable[[Figures, argparse.Namespace, Path], None]] = MappingProxyType(
    {
        "runs": _runs,
        "command": _command,
        "drops": _drops,
        "partitions": _partitions,
        "postgres": _postgres,
        "ingest": _ingest,
        "kills": _kills,
        "hostile": _hostile,
    }
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orchestration", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=list(_PARTS),
        default=list(_PARTS),
        help="runs: CPU seconds; drops: from an inbox to results; command: docmill convert; "
        "partitions: daemon, database and pages with many; ingest: the sensor; "
        "kills: nothing lost or done twice; hostile: malformed files",
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 64], help="documents of a batch")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the median counts")
    parser.add_argument("--documents", type=int, default=60, help="of one page that the command converts")
    parser.add_argument("--before", metavar="REV", help="a commit whose command is measured in turn with it")
    parser.add_argument("--rest", type=float, default=120.0, help="seconds to look at the daemon before runs")
    parser.add_argument("--drops", type=int, default=5, help="files put into an idle inbox, one by one")
    parser.add_argument("--partitions", type=int, default=16_000)
    parser.add_argument("--ticks", type=int, default=3, help="of each sensor before the daemon is looked at")
    parser.add_argument(
        "--postgres", default="", help="SQLAlchemy address of an empty database, measured too"
    )
    parser.add_argument("--files", type=int, default=100_000, help="of the inbox")
    parser.add_argument("--kill-documents", type=int, default=200, help="sent through while parts are killed")
    parser.add_argument("--kill-batch", type=int, default=8, help="documents of a batch of those")
    parser.add_argument("--few-kills", action="store_true", help="every boundary once, not with every victim")
    parser.add_argument("--malformed", type=int, default=600, help="malformed files")
    parser.add_argument("--pictures", type=Path, help="folder for what the pages looked like")
    parser.add_argument(
        "--known", type=Path, help="figures of an earlier run, for the parts that are left out"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
