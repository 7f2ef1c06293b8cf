"""What a step spent beyond what its documents' records hold: retries, lost chunks, the start of workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.metered import Counted, StepMeter
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["GivenUp", "Overhead", "StepAccounts", "step_accounts", "tell_nobody"]

#: Told how often workers gave a server up as silent, by model.
GivenUp = Callable[[Mapping[str, int]], None]


def tell_nobody(_: object) -> None:
    """Where nobody wants to know."""


@dataclass(frozen=True)
class Overhead:
    """Seconds of devices, by model, and of CPUs that no document's record holds, and what they went into.

    Lost workers, chunks that were tried again, and inferences that servers turned away.
    """

    device_seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    lost_workers: int = 0
    retries: int = 0
    rejections: int = 0

    def __add__(self, other: Overhead) -> Overhead:
        """What two steps spent."""
        return Overhead(
            summed([self.device_seconds, other.device_seconds]),
            self.cpu_seconds + other.cpu_seconds,
            self.lost_workers + other.lost_workers,
            self.retries + other.retries,
            self.rejections + other.rejections,
        )


@dataclass
class StepAccounts:
    """The books of a step; `folder` is where its workers count what they ask of servers, if they do.

    `told` is called at the end when workers gave servers up.
    """

    engine: Any = None
    folder: Path | None = None
    told: GivenUp = tell_nobody
    lost_workers: int = 0
    retries: int = 0
    #: Documents that have left the stage and were not finished before.
    done: list[StageRecord] = field(default_factory=list)
    _meter: StepMeter | None = None
    #: Of documents that are under way: their parts of an earlier run, and those of this one.
    _found: dict[str, list[StageRecord]] = field(default_factory=dict)
    _kept: dict[str, list[StageRecord]] = field(default_factory=dict)

    def begin(self) -> None:
        """Right before the step's first task."""
        if self.folder and isinstance(self.engine, Counted):
            self._meter = self.engine.open_meter(self.folder)

    def took(self, worker: int) -> dict[str, float]:
        """The device seconds, by model, of the chunk that a worker has just done; {} where nobody counts."""
        return self._meter.took(worker) if self._meter else {}

    def lost(self, worker: int) -> None:
        """What a worker has just done came to nothing."""
        if self._meter:
            self._meter.lost(worker)

    def found(self, parts: Iterable[StageRecord]) -> None:
        """Parts of a document that an earlier run has made: its record will hold what they took."""
        for part in parts:
            self._found.setdefault(part.document, []).append(part)

    def kept(self, part: StageRecord) -> None:
        """A part is in the store: the record will hold what it took, in this run or another one."""
        self._kept.setdefault(part.document, []).append(part)

    def ended(self, record: StageRecord) -> None:
        """A document has left the stage; one that was finished before costs nothing."""
        self._kept.pop(record.document, None)
        if not record.reused:
            self.done.append(record)

    def overhead(self, workers_cpu_seconds: float | None) -> Overhead:
        """What was spent besides, once all workers have ended; they computed for so long in all, if known.

        When the step has failed, what later runs build on is not among it.
        """
        spent = self._meter.close() if self._meter else {}
        held = [*self.done, *chain(*self._kept.values())]
        before = list(chain(*(self._found.get(record.document, []) for record in self.done)))
        devices = summed(record.device_seconds for record in held)
        found = summed(part.device_seconds for part in before)
        cpu = sum(record.cpu_seconds for record in held) - sum(part.cpu_seconds for part in before)
        return Overhead(
            {
                model: max(0.0, seconds - devices.get(model, 0.0) + found.get(model, 0.0))
                for model, seconds in spent.items()
            },
            max(0.0, (workers_cpu_seconds or 0.0) - cpu),
            self.lost_workers,
            self.retries,
            self._meter.rejections if self._meter else 0,
        )

    def stop(self) -> None:
        """Measure no more, whatever came of the step."""
        if self._meter:
            self._meter.stop()
            if given_up := self._meter.given_up:
                self.told(given_up)


@contextmanager
def step_accounts(engine: Any, given_up: GivenUp = tell_nobody) -> Iterator[StepAccounts]:
    """The books of a step whose workers hold this engine, while the step runs.

    `given_up` is told at its end of servers that workers gave up, whatever came of the step.
    """
    if not isinstance(engine, Counted):
        yield StepAccounts(engine)
        return
    with tempfile.TemporaryDirectory(prefix="docmill-step-", ignore_cleanup_errors=True) as folder:
        accounts = StepAccounts(engine, Path(folder), given_up)
        try:
            yield accounts
        finally:
            accounts.stop()
