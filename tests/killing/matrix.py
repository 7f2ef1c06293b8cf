"""Kills at the boundaries of stages while batches pass through a deployment, and what became of it all."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import dagster as dg
import psutil
import pyarrow.parquet as pq

from docmill.pipeline.convert.errors import DocmillError
from docmill.pipeline.corpus.publish import INDEX
from docmill.pipeline.intake.batches import read_manifest
from tests.killing.gates import Message
from tests.support.deployment import Deployment

__all__ = [
    "BOUNDARIES",
    "VICTIMS",
    "Boundary",
    "Death",
    "Findings",
    "Kill",
    "Killer",
    "Victim",
    "every_kill",
    "few_kills",
    "spread",
]

#: The last ones are in a cluster only: tests/cluster.
Victim = Literal[
    "worker",
    "run",
    "warm",
    "daemon",
    "postgres",
    "s3",
    "machine",
    "step",
    "drained run",
    "drained step",
    "node",
    "scheduler",
    "apiserver",
    "triton",
]
VICTIMS: tuple[Victim, ...] = ("worker", "run", "warm", "daemon", "postgres", "s3", "machine")
STAGES = ("pages", "ocr", "layout", "tables", "documents", "exports")
#: How long servers are away, in turn: less and more than what is tried again at once.
_OUTAGES_S: dict[Victim, tuple[float, float]] = {"postgres": (2.0, 20.0), "s3": (2.0, 10.0)}
#: Kills that may end a run, of one batch. Those of other batches may end it too, and the instance starts it
#: again five times.
_FATAL: frozenset[Victim] = frozenset({"run", "postgres", "s3", "machine"})
_MAX_FATAL = 3


@dataclass(frozen=True)
class Boundary:
    """Of a stage: its `first` artifact of a batch has appeared, or its step has `ended`.

    `publish` is what follows the exports; its `first` copy has appeared.
    """

    stage: str
    moment: Literal["first", "ended"]

    def __str__(self) -> str:
        return f"{self.stage}, {self.moment}"


BOUNDARIES = (
    *(Boundary(stage, moment) for stage in STAGES for moment in ("first", "ended")),
    Boundary("publish", "first"),
)


@dataclass(frozen=True)
class Kill:
    """Whom to kill, where, and how long until it is started again.

    The `warm` parent is what runs are forked from. The `machine` is the daemon, its code server and all runs
    at once.
    """

    victim: Victim
    boundary: Boundary
    outage_s: float = 0.0


def every_kill() -> list[Kill]:
    """Every victim at every boundary. No worker is left once the exports are made."""
    return [
        _kill(victim, number)
        for victim in VICTIMS
        for number, boundary in enumerate(BOUNDARIES)
        if not (victim == "worker" and boundary.stage == "publish")
    ]


def few_kills() -> list[Kill]:
    """Every boundary once, and the victims in turn."""
    return [_kill(VICTIMS[number % len(VICTIMS)], number) for number in range(len(BOUNDARIES))]


def _kill(victim: Victim, number: int) -> Kill:
    outages = _OUTAGES_S.get(victim, (0.0,))
    return Kill(victim, BOUNDARIES[number], outages[number % len(outages)])


def spread(kills: Iterable[Kill], batches: int) -> list[list[Kill]]:
    """Which kills befall which batch: evenly, one at each boundary, and no more than a run is retried."""
    plans: list[list[Kill]] = [[] for _ in range(batches)]
    for kill in kills:
        fatal = kill.victim in _FATAL

        def fits(plan: list[Kill], kill: Kill = kill, fatal: bool = fatal) -> bool:
            if kill.boundary in {each.boundary for each in plan}:
                return False
            return not fatal or sum(each.victim in _FATAL for each in plan) < _MAX_FATAL

        min((plan for plan in plans if fits(plan)), key=len).append(kill)
    return plans


@dataclass
class Death:
    """A kill that was done."""

    kill: Kill
    batch: str
    at: float
    #: Artifacts of the batch that were there, and when each was written.
    standing: Mapping[str, datetime]
    #: Seconds until the batch went on.
    recovered_s: float | None = None


@dataclass(frozen=True)
class Findings:
    """What became of a corpus: each a list of what is wrong, by batch where that is known."""

    lost: Sequence[str]
    twice: Sequence[str]
    #: Stages of documents that were done more than once, as `batch stage document`.
    repeated: Sequence[str]
    #: Finished artifacts that were written again.
    rewritten: Sequence[str]
    runs: Mapping[str, int]

    def of(self, batch: str) -> tuple[int, int, int]:
        """Documents lost and twice, and stages repeated, of one batch."""
        lost, twice, repeated = (
            sum(each.startswith(f"{batch} ") for each in found)
            for found in (self.lost, self.twice, (*self.repeated, *self.rewritten))
        )
        return lost, twice, repeated


@dataclass
class Killer:
    """Watches the runs of a deployment and kills by plan; batches take their plans in order of arrival."""

    deployment: Deployment
    plans: list[list[Kill]]
    deaths: list[Death] = field(default_factory=list)
    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)
    #: How many were there to be killed. One that was killed comes back with the next run, and not before.
    warm_parents: int = 0
    _batches: dict[str, list[Kill]] = field(default_factory=dict)
    _begun: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    #: Held from a kill until the victim is there again: one disaster at a time.
    _disaster: threading.Lock = field(default_factory=threading.Lock)

    @property
    def left(self) -> list[Kill]:
        """Kills that were not done."""
        waiting = [kill for plan in self._batches.values() for kill in plan]
        return waiting + [kill for plan in self.plans[len(self._batches) :] for kill in plan]

    def passing(self, message: Message) -> None:
        """A run is at a gate; it goes on, or dies, when this returns."""
        try:
            boundary = self._note(message)
            kill = self._due(message.batch, boundary) if boundary else None
            if kill:
                self._kill(kill, message)
            if message.stage == "exports" and message.moment == "end":
                published = self._due(message.batch, Boundary("publish", "first"))
                if published:
                    threading.Thread(target=self._at_publish, args=(published, message), daemon=True).start()
        except BaseException as error:
            self.errors.append(error)
            raise

    def _note(self, message: Message) -> Boundary | None:
        """Count; the boundary that the run is at."""
        with self._lock:
            if message.batch not in self._batches:
                number = len(self._batches)
                self._batches[message.batch] = self.plans[number] if number < len(self.plans) else []
            if message.done or message.moment == "begin":
                for death in self.deaths:
                    if death.batch == message.batch and death.recovered_s is None:
                        death.recovered_s = time.monotonic() - death.at
            if message.done and message.status in ("converted", "partial"):
                self.done[message.batch, message.stage, message.document] += 1
            if message.done and (message.batch, message.stage) not in self._begun:
                self._begun.add((message.batch, message.stage))
                return Boundary(message.stage, "first")
            if message.moment == "begin" and message.stage != STAGES[0]:
                return Boundary(STAGES[STAGES.index(message.stage) - 1], "ended")
            if message.moment == "end" and message.stage == STAGES[-1]:
                return Boundary(message.stage, "ended")
        return None

    def _due(self, batch: str, boundary: Boundary) -> Kill | None:
        with self._lock:
            plan = self._batches[batch]
            kill = next((kill for kill in plan if kill.boundary == boundary), None)
            if kill:
                plan.remove(kill)
            return kill

    def _at_publish(self, kill: Kill, message: Message) -> None:
        """Kill when the first copy of the batch's results is there."""
        try:
            documents = read_manifest(self.deployment.store, message.batch).documents
            while not any(self.deployment.out.exists(f"{ref.stem}.md") for ref in documents[:3]):
                time.sleep(0.01)
            self._kill(kill, message)
        except DocmillError:  # another victim's end came first
            with self._lock:
                self._batches[message.batch].append(kill)
        except BaseException as error:
            self.errors.append(error)
            raise

    def _kill(self, kill: Kill, message: Message) -> None:
        self._disaster.acquire()
        standing = self._standing(message.batch)
        with self._lock:
            self.deaths.append(Death(kill, message.batch, time.monotonic(), standing))
        match kill.victim:
            case "worker":
                _kill_worker(message.pid)
            case "run":
                psutil.Process(message.pid).kill()
            case "warm":
                self.warm_parents += self.deployment.kill_warm_parents()
            case "daemon":
                self.deployment.kill_daemon()
                self.deployment.start_daemon()
            case "machine":
                self.deployment.kill_everything()
                self.deployment.start_daemon()
            case "postgres":
                self.deployment.postgres.kill()
            case "s3":
                self.deployment.s3.kill()
        if kill.victim in ("postgres", "s3"):
            threading.Thread(target=self._supervise, args=(kill,), daemon=True).start()
        else:
            self._disaster.release()

    def _supervise(self, kill: Kill) -> None:
        try:
            time.sleep(kill.outage_s)
            server = self.deployment.postgres if kill.victim == "postgres" else self.deployment.s3
            server.start()
        except BaseException as error:
            self.errors.append(error)
            raise
        finally:
            self._disaster.release()

    def _standing(self, batch: str) -> dict[str, datetime]:
        """The finished artifacts of a batch."""
        store = self.deployment.store
        found: dict[str, datetime] = {}
        for ref in read_manifest(store, batch).documents:
            for each in store.details(f"documents/{ref.id[:2]}/{ref.id}"):
                if each.path.endswith(".json.zst") and ".parts/" not in each.path:
                    found[each.path] = each.modified
        return found

    def findings(self, expected: Mapping[str, str]) -> Findings:
        """What became of documents, given the reason of each name that cannot be converted, or none."""
        deployment = self.deployment
        rows = deployment.rows()
        lost, twice = [], []
        indexed: Counter[str] = Counter()
        for path in deployment.out.list(INDEX):
            table = pq.read_table(io.BytesIO(deployment.out.read(path)), columns=["name"])
            indexed.update(table["name"].to_pylist())
        outputs = Counter(name.partition(".")[0] for name in deployment.out.list("") if INDEX not in name)
        for name, reason in expected.items():
            row = rows.get(name)
            state = "quarantined" if reason else "converted"
            if row is None or (row.state, row.reason) != (state, reason) or not indexed[name]:
                lost.append(f"{row.batch if row else '?'} {name} {row}")
                continue
            if indexed[name] > 1 or outputs[row.ref.stem] != (0 if reason else 3):
                twice.append(f"{row.batch} {name} {indexed[name]} {outputs[row.ref.stem]}")
        bad = {row.id for name, row in rows.items() if expected.get(name)}
        now: dict[str, datetime] = {}
        stages: defaultdict[tuple[str, str], int] = defaultdict(int)
        for each in deployment.store.details("documents"):
            if not each.path.endswith(".json.zst"):
                continue
            now[each.path] = each.modified
            _, _, id_, stage, _ = each.path.split("/", 4)
            stages[id_, stage] += 1
        by_id = {row.id: row for row in rows.values()}
        twice += [f"{by_id[id_].batch} {id_} {stage}" for (id_, stage), count in stages.items() if count > 1]
        rewritten = {
            f"{death.batch} {path}"
            for death in self.deaths
            for path, written in death.standing.items()
            if now.get(path) != written and path.split("/")[2] not in bad
        }
        repeated = [f"{batch} {stage} {id_}" for (batch, stage, id_), count in self.done.items() if count > 1]
        return Findings(lost, twice, repeated, sorted(rewritten), self._runs())

    def _runs(self) -> dict[str, int]:
        with self.deployment.instance() as instance:
            runs = instance.get_runs(dg.RunsFilter(job_name="convert_documents"))
        return dict(Counter(run.tags["dagster/partition"] for run in runs))


def _kill_worker(run: int) -> None:
    """The youngest worker; between stages, when there is none, the fork server that they come from."""
    [server] = [
        child
        for child in psutil.Process(run).children()
        if any("forkserver" in argument for argument in child.cmdline())
    ]
    workers = server.children()
    os.kill(max(workers, key=lambda each: each.create_time()).pid if workers else server.pid, signal.SIGKILL)
