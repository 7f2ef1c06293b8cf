"""Whether memory grows in a deployment that works on and on: `python -m benchmarks.speed.soak`.

Dagster as `docmill ui` starts it, with one code server whose runs start warm, converts batch after batch of
new documents, some of them scanned, for half an hour. All processes are looked at every few seconds. What all
of them hold is the sum of their proportional set sizes, so shared pages count once; what each of those holds
that stay is its resident set, so it does not matter who shares it just then. It says by how much that grows
in an hour, with two standard errors, and whether it is flat: the last third is at most 2 % above the first,
or the growth is no surer than that. Linux.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import dagster as dg
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.metrics.environment import Environment, environment
from benchmarks.scale.deployment import Deployment, wait_until
from benchmarks.scale.tree import Memory, ProcessTree
from benchmarks.speed.memory_trend import Trend, trend
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.intake.batches import write_manifest
from docmill.pipeline.intake.ingest import find_documents
from docmill.pipeline.intake.requests import write_request
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["Figures", "Looked", "main", "measure"]

#: Documents of the corpus that batches are made of: of 1, 3 and 8 pages.
_LENGTHS, _PAGES_OF_EACH = (1, 3, 8), 24
_SCAN = CorpusFile(ordinary_samples()[0].with_name("scanned.pdf"), 1)
_SCAN_EVERY = 16
#: Batches that wait, so that there is always work.
_AHEAD = 3
_LONGEST_S = 900.0
#: For what is said of whole minutes.
_LEAST_MINUTES = 4
#: The share of the time in which a deployment warms up.
_WARMING = 0.1
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_ALL, _MOST, _STAYING = "all processes", "all processes, the most of a minute", "those that stay"
_RUNS = "runs"
_PARTITION = "dagster/partition"
#: What a process is, by its name and command line; runs and their workers are forked from the warm parent.
_KINDS = {
    "docmill-run": _RUNS,
    "docmill-workers": _RUNS,
    "docmill-warm": "warm parent",
    "resource_tracker": "warm parent",
    "dagster_webserver": "web server",
    "dagster._daemon": "daemon",
    "dagster dev": "supervisor",
    "dagster code-server": "code server",
    "dagster api": "code server",
}


class Looked(msgspec.Struct, frozen=True):
    """What was there so many minutes after the first batch: megabytes of all, and resident ones by kind."""

    minute: float
    processes: int
    all_mb: float
    resident_mb: dict[str, float]
    staying_mb: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured; trends are without the first tenth of the time, the warming up."""

    environment: Environment
    minutes: float
    batches: int
    documents: int
    pages: int
    failed: int
    peak_mb: float
    trends: dict[str, Trend]
    looked: list[Looked]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="of work (default 30)")
    parser.add_argument("--documents", type=int, default=8, help="of a batch (default 8)")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between looks (default 4)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="docmill-soak-") as folder:
        figures = measure(Path(folder), options.minutes, options.documents, options.every)
    _print(figures, Console())
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(folder: Path, minutes: float, documents: int, every_s: float) -> Figures:
    """Keep a deployment in the folder busy for so many minutes, with batches of so many documents."""
    work = _Work(Deployment(folder / "deployment"), folder, documents)
    with work.deployment.instance() as instance, work.deployment.services() as tree:
        work.ask()
        wait_until("the first batch is through", lambda: not work.waiting(instance), _LONGEST_S)
        looked = list(_looks(work, instance, tree, 60 * minutes, every_s))
        wait_until("the last batches are through", lambda: not work.waiting(instance), _LONGEST_S)
        runs = list(instance.get_runs(dg.RunsFilter(job_name=CONVERT_DOCUMENTS)))
    return Figures(
        environment=environment(),
        minutes=minutes,
        batches=len(runs),
        documents=work.documents,
        pages=work.pages,
        failed=sum(run.is_failure for run in runs),
        peak_mb=max(each.all_mb for each in looked),
        trends=_trends([each for each in looked if each.minute >= _WARMING * minutes]),
        looked=looked,
    )


def _trends(looked: Sequence[Looked]) -> dict[str, Trend]:
    staying = sorted({kind for each in looked for kind in each.resident_mb} - {_RUNS})
    series = {
        _ALL: [(each.minute, each.all_mb) for each in looked],
        _STAYING: [(each.minute, each.staying_mb) for each in looked],
        **{
            kind: [(each.minute, each.resident_mb[kind]) for each in looked if kind in each.resident_mb]
            for kind in staying
        },
    }
    most = _most_of_minutes(looked)
    if len(most) >= _LEAST_MINUTES:
        series[_MOST] = most
    return {name: trend(points) for name, points in series.items()}


def _most_of_minutes(looked: Sequence[Looked]) -> list[tuple[float, float]]:
    """What a machine must have: between batches there is less, and how much depends on when one looks."""
    most: dict[int, float] = {}
    for each in looked:
        most[int(each.minute)] = max(most.get(int(each.minute), 0.0), each.all_mb)
    return [(float(minute), megabytes) for minute, megabytes in most.items()]


@dataclass
class _Work:
    """Batches of documents that nobody has seen, and how many there have been."""

    deployment: Deployment
    folder: Path
    batch: int
    documents: int = 0
    pages: int = 0
    asked: int = 0
    _supply: Iterator[CorpusFile] = field(init=False)

    def __post_init__(self) -> None:
        self._supply = cycle(_corpus(self.folder / "corpus"))

    def ask(self) -> None:
        """Ask for a batch more."""
        number = self.asked = self.asked + 1
        place = self.folder / f"batch-{number}"
        place.mkdir()
        for file in islice(self._supply, self.batch):
            self.documents, self.pages = self.documents + 1, self.pages + file.pages
            new = place / f"{self.documents}-{file.path.name}"
            new.write_bytes(file.path.read_bytes() + f"\n% batch {number}\n".encode())
        found = list(find_documents([str(place)], SourceCache(self.folder / "sources")))
        manifest = write_manifest(self.deployment.store, found)
        open_ledger(self.deployment.store).queue([manifest])
        write_request(self.deployment.store, [manifest.key], "interactive", "soak")

    def waiting(self, instance: dg.DagsterInstance) -> int:
        """Batches that were asked for and are not through."""
        runs = instance.get_runs(dg.RunsFilter(job_name=CONVERT_DOCUMENTS, statuses=_ENDED))
        # by batch: one that failed is run again
        return self.asked - len({run.tags[_PARTITION] for run in runs})


def _corpus(folder: Path) -> list[CorpusFile]:
    """Documents of several lengths in turn, and now and then one that is scanned."""
    short, *longer = [
        make_corpus(ordinary_samples(), _PAGES_OF_EACH, length, folder / str(length)) for length in _LENGTHS
    ]
    mixed = [file for files in zip(short, *map(cycle, longer), strict=False) for file in files]
    for place in range(0, len(mixed), _SCAN_EVERY):
        mixed.insert(place, _SCAN)
    return mixed


def _looks(
    work: _Work, instance: dg.DagsterInstance, tree: ProcessTree, seconds: float, every_s: float
) -> Iterator[Looked]:
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        while work.waiting(instance) < _AHEAD:
            work.ask()
        yield _look(passed / 60, tree.memory())
        time.sleep(every_s)


def _look(minute: float, processes: Sequence[Memory]) -> Looked:
    resident: dict[str, float] = {}
    for each in processes:
        kind = _kind(each)
        resident[kind] = round(resident.get(kind, 0.0) + each.rss_mb, 1)
    return Looked(
        minute=round(minute, 3),
        processes=len(processes),
        all_mb=round(sum(each.pss_mb for each in processes), 1),
        resident_mb=resident,
        staying_mb=round(sum(megabytes for kind, megabytes in resident.items() if kind != _RUNS), 1),
    )


def _kind(process: Memory) -> str:
    words = f"{process.name} {process.command}"
    return next((kind for known, kind in _KINDS.items() if known in words), "others")


def _print(figures: Figures, console: Console) -> None:
    work = f"{figures.documents} documents, {figures.pages} pages in {figures.batches} batches"
    console.print(f"{work} in {figures.minutes:g} minutes; {figures.peak_mb:.0f} MB at most")
    table = Table("", "MB an hour", "give or take", "first third, MB", "last third, MB", "")
    for name, each in figures.trends.items():
        values = (
            f"{each.mb_an_hour:+.1f}",
            f"{each.give_or_take:.1f}",
            f"{each.first_mb:.0f}",
            f"{each.last_mb:.0f}",
        )
        table.add_row(name, *values, "flat" if each.flat else "grows")
    console.print(table)
    if figures.failed:
        console.print(f"[red]{figures.failed} runs failed")


if __name__ == "__main__":
    sys.exit(main())
