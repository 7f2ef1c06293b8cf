"""CPU seconds that a run costs beyond its documents' conversion.

The same documents are converted twice: by runs that Dagster's daemon launches, a process each, and by the
stages alone, in one warm process. The difference is orchestration, all of it: the daemon's ticks, the queue,
the code server, the start of the run's process and of its fork server, events, metadata, overlays, checks,
the ledger, copies of results. A run that finds everything done already says the same without a difference.
"""

from __future__ import annotations

import json
import pickle
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import dagster as dg
import msgspec

from benchmarks.material.corpus import make_corpus, ordinary_samples
from benchmarks.scale.deployment import Deployment, wait_until
from benchmarks.scale.tree import ProcessTree
from docmill.pipeline.cli.convert_files import configured_conversion
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.intake.batches import DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.ingest import find_documents
from docmill.pipeline.intake.requests import write_request
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["RunCost", "measure_runs", "one_page_documents"]

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST_S = 900.0
#: In the names and on the command lines of runs and of what their workers come from.
_OF_RUNS = ("multiprocessing.spawn", "stages.running.preload", "docmill-run", "docmill-workers")


class RunCost(msgspec.Struct, frozen=True):
    """CPU seconds of runs of so many documents, each the median of the repetitions.

    `daemon_s_per_hour` is what Dagster's services take at rest; the runs' figures are without it.
    `first_step_s` is how long after a run is launched its first step begins.
    """

    documents: int
    run_s: float
    stages_s: float
    again_s: float
    repetitions: int
    daemon_s_per_hour: float
    first_step_s: float = 0.0

    @property
    def orchestration_s(self) -> float:
        """CPU seconds of orchestration in a run."""
        return self.run_s - self.stages_s

    @property
    def per_document_s(self) -> float:
        """CPU seconds of orchestration for each document."""
        return self.orchestration_s / self.documents

    @property
    def again_per_document_s(self) -> float:
        """CPU seconds for each document of a run that finds all of them done."""
        return self.again_s / self.documents


def measure_runs(
    folder: Path, sizes: Sequence[int] = (1, 16, 64), repetitions: int = 3, rest_s: float = 120.0
) -> list[RunCost]:
    """Batches of one-page documents, the smallest that docmill's samples give, of each of the sizes."""
    documents = iter(one_page_documents(folder, (1 + repetitions) * sum(sizes)))
    warm = [list(islice(documents, size)) for size in sizes]
    rounds = [[list(islice(documents, size)) for size in sizes] for _ in range(repetitions)]
    deployment = Deployment(folder / "deployment")
    with deployment.instance() as instance, deployment.services() as daemon:
        runner = _Runner(deployment, instance, daemon)
        manifests = [[runner.make(batch) for batch in batches] for batches in rounds]
        runner.run(runner.make(warm[0]))
        rest = runner.rest(rest_s)
        costs = [[runner.run(manifest) for manifest in batches] for batches in manifests]
        again = [[runner.run(manifest) for manifest in batches] for batches in manifests]
        alone = _alone(folder, warm, rounds)

    def median(table: list[list[_Spent]], column: int) -> float:
        return statistics.median(row[column].cpu_s - rest * row[column].wall_s for row in table)

    return [
        RunCost(
            documents=size,
            run_s=round(median(costs, column), 2),
            stages_s=round(statistics.median(row[column] for row in alone), 2),
            again_s=round(median(again, column), 2),
            repetitions=repetitions,
            daemon_s_per_hour=round(3600 * rest, 1),
            first_step_s=round(statistics.median(row[column].first_step_s for row in costs), 2),
        )
        for column, size in enumerate(sizes)
    ]


@dataclass(frozen=True)
class _Spent:
    """CPU and wall seconds from the request of a run until nothing is left of it."""

    cpu_s: float
    wall_s: float
    first_step_s: float


@dataclass(frozen=True)
class _Runner:
    deployment: Deployment
    instance: dg.DagsterInstance
    daemon: ProcessTree

    def make(self, documents: Sequence[DocumentRef]) -> Manifest:
        manifest = write_manifest(self.deployment.store, documents)
        open_ledger(self.deployment.store).queue([manifest])
        return manifest

    def rest(self, seconds: float) -> float:
        """CPU seconds a second of a daemon that has nothing to run."""
        before = self.daemon.cpu_seconds()
        time.sleep(seconds)
        return (self.daemon.cpu_seconds() - before) / seconds

    def run(self, manifest: Manifest) -> _Spent:
        """Have the daemon run it."""
        known = {run.run_id for run in self._runs()}
        before, started = self.daemon.cpu_seconds(), time.monotonic()
        write_request(self.deployment.store, [manifest.key], "interactive", "benchmark")

        def over() -> bool:
            new = [run for run in self._runs() if run.run_id not in known]
            return bool(new) and all(run.is_finished for run in new) and not self.daemon.runs(_OF_RUNS)

        wait_until(f"the run of {manifest.key}", over, _LONGEST_S)
        [run] = [run for run in self._runs() if run.run_id not in known]
        if not run.is_success:
            raise RuntimeError(f"the run {run.run_id} did not succeed; see {self.daemon.log}")
        spent, passed = self.daemon.cpu_seconds() - before, time.monotonic() - started
        return _Spent(spent, passed, self._first_step(run.run_id))

    def _first_step(self, run: str) -> float:
        times = [
            min(entry.timestamp for entry in self.instance.all_logs(run, of_type=kind))
            for kind in (dg.DagsterEventType.RUN_STARTING, dg.DagsterEventType.STEP_START)
        ]
        return times[1] - times[0]

    def _runs(self) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(job_name=CONVERT_DOCUMENTS)))


def one_page_documents(folder: Path, count: int) -> list[DocumentRef]:
    """Different documents of one page each, the smallest that docmill's samples give."""
    files = make_corpus(ordinary_samples(), pages=count, length=1, folder=folder / "corpus")
    return list(find_documents([str(file.path) for file in files], SourceCache(folder / "sources")))


def _alone(
    folder: Path, warm: list[list[DocumentRef]], rounds: list[list[list[DocumentRef]]]
) -> list[list[float]]:
    """CPU seconds of the stages alone, by round and size."""
    store = {"store": {"config": {"url": str(folder / "alone")}}}
    conversion = configured_conversion({"resources": store})
    lists = [warm[0], *(batch for batches in rounds for batch in batches)]
    job = folder / "alone.pickle"
    job.write_bytes(pickle.dumps((conversion, lists)))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale.bare", str(job)],
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        check=True,
    )
    seconds = iter(json.loads(done.stdout)[1:])
    return [list(islice(seconds, len(batches))) for batches in rounds]
