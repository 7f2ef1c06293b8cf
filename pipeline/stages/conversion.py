"""One conversion: everything that a run is made with, the fingerprints that follow, and how stages run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from docmill.pipeline.convert.errors import BackendError, BackendUnavailableError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore, fingerprint
from docmill.pipeline.stages.results.final import final_record
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import GivenUp, Overhead, step_accounts, tell_nobody
from docmill.pipeline.stages.running.forking import preloaded
from docmill.pipeline.stages.running.job import Job
from docmill.pipeline.stages.running.pool import Success, Task, WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.runner import Progress, StageRunner
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.pipeline.stages.spec import ModelStage, Stage, TimeLimits
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["FELL_BACK", "Conversion", "Step"]

S = TypeVar("S", bound=Stage)

#: Stands for what a server has, of a stage that was done without it because it was away.
FELL_BACK: Mapping[str, str] = {"fallback": "embedded"}
#: Makes what a worker holds.
_CONTEXT = "docmill.pipeline.stages.running.worker:make_context"
#: Draws a page with its regions; no stage of its own, but the same workers do it.
_OVERLAY = "docmill.pipeline.stages.running.overlays:draw_overlay"


@dataclass(frozen=True)
class Step:
    """What became of each document in a stage, in order, and what the step spent besides."""

    records: list[StageRecord]
    overhead: Overhead


@dataclass(frozen=True)
class Conversion:
    """The settings of a run. Its stages are run one after another, in worker processes."""

    artifacts: ArtifactStore
    sources: SourceCache
    reader: ReaderSettings
    #: In their order; those that are not active are left out.
    all_stages: Sequence[Stage]
    workers: WorkerLimits
    limits: TimeLimits
    #: What servers have, by stage and model, as far as they were asked.
    served: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def stages(self) -> Mapping[str, Stage]:
        """The stages that this conversion has, by name, in order."""
        return {stage.name: self._in_force(stage) for stage in self.all_stages if stage.active}

    def fell_back(self, name: str) -> bool:
        """Whether a stage is done without its server, which was away."""
        return self.served.get(name) == FELL_BACK

    def stage(self, kind: type[S]) -> S:
        """The stage of a class, as it is set. Raises KeyError where the conversion leaves it out."""
        found = self.stages[kind.name]
        assert isinstance(found, kind)
        return found

    @cached_property
    def identities(self) -> dict[str, dict[str, Any]]:
        """What computes each stage that a model does."""
        return {
            name: stage.identity() | self._served_identity(name)
            for name, stage in self.stages.items()
            if isinstance(stage, ModelStage)
        }

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The name of each stage's artifacts under these settings.

        Left out are stages whose server was not asked what it has, and those that follow them.
        """
        prints: dict[str, str] = {}
        for name, stage in self.stages.items():
            needs = [needed for needed in stage.needs if needed in self.stages]
            if (stage.pinned and name not in self.served) or not all(needed in prints for needed in needs):
                continue
            upstream = [prints[needed] for needed in needs]
            settings = self.identities[name] if name in self.identities else stage.identity()
            prints[name] = fingerprint(name, {"version": stage.version, "settings": settings}, upstream)
        return prints

    def before(self, name: str) -> set[str]:
        """The stages that a stage rests on."""
        needs = {needed for needed in self.stages[name].needs if needed in self.stages}
        return needs.union(*(self.before(needed) for needed in needs))

    def with_served(self, served: Mapping[str, Mapping[str, str]]) -> Conversion:
        """This conversion, with what servers are known to have, by stage."""
        return replace(self, served={**self.served, **served})

    def asked(self, stages: Iterable[str] | None = None, *, fall_back: bool = False) -> Conversion:
        """This conversion, with what the servers of these stages have now; of all that were not asked yet.

        With `fall_back` a stage is done without a server that is away, where the settings say so. Raises
        `BackendUnavailableError` when one does not answer, `BackendConfigError` for an unknown model.
        """
        names = [name for name in self.stages if name not in self.served] if stages is None else stages
        return self.with_served(
            {name: self._ask(self.stages[name], fall_back) for name in names if self.stages[name].pinned}
        )

    def fallback_fingerprints(self, name: str) -> set[str]:
        """Those of a stage where servers were away for one or more of the stages, the others as they are.

        As far as these were asked.
        """
        able = [each for each, stage in self.stages.items() if stage.fallback]
        some = (chosen for count in range(len(able)) for chosen in combinations(able, count + 1))
        fallen = (self.with_served(dict.fromkeys(chosen, FELL_BACK)).fingerprints for chosen in some)
        return {prints[name] for prints in fallen if name in prints}

    def fingerprints_now(self) -> dict[str, str]:
        """The fingerprints with what servers have now; as they are where one does not answer."""
        try:
            return self.asked().fingerprints
        except BackendError:
            return self.fingerprints

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Make every stage ready: fetch weights that are missing."""
        for stage in self.stages.values():
            stage.prepare(progress)

    def run(self, name: str, batch: Sequence[DocumentRef], progress: Progress) -> list[StageRecord]:
        """Run one stage over a batch; the record of each document, in order."""
        return self.run_step(name, batch, progress).records

    def run_step(
        self,
        name: str,
        batch: Sequence[DocumentRef],
        progress: Progress,
        given_up: GivenUp = tell_nobody,
        failed: Callable[[Step], None] = tell_nobody,
        runner: Callable[..., StageRunner] = StageRunner,
        crew: Crew | None = None,
    ) -> Step:
        """The same, and what it spent beyond what the records hold; with another runner a part of it.

        `given_up` is told of servers that workers gave up, also when the step fails of that. `failed` is told
        of what was done and spent until an exception ended the step, which then passes. Workers come from the
        `crew`, and go back to it.
        """
        stage = self.stages[name]
        timeout = stage.time_limit_s(self.limits, self._limits(name).workers)
        with step_accounts(self._engine(name), given_up) as accounts:
            pool = self._pool(name, accounts.folder, crew)
            try:
                with pool:
                    own = runner(stage, self.artifacts, self.fingerprints, pool, progress, timeout, accounts)
                    records = own.run(batch)
            except BaseException:
                failed(Step(accounts.done, accounts.overhead(pool.cpu_seconds)))
                raise
            return Step(records, accounts.overhead(pool.cpu_seconds))

    def records(self, stage: str, batch: Sequence[DocumentRef]) -> Iterator[StageRecord]:
        """The records of a stage that was run before, of those documents that have one."""
        print_ = self.fingerprints[stage]
        found = at_once(lambda document: self.artifacts.record(document.id, stage, print_), batch)
        return (record for record in found if record)

    def final_records(self, batch: Sequence[DocumentRef]) -> list[StageRecord]:
        """What became of each document: its last stage's record, with the seconds of all stages."""
        prints = {stage: self.fingerprints[stage] for stage in self.stages}
        return list(at_once(partial(final_record, self.artifacts, prints), batch))

    def overlays(
        self, pages: Sequence[tuple[DocumentRef, int]], max_side: int = 1600, crew: Crew | None = None
    ) -> Iterator[tuple[DocumentRef, int, bytes]]:
        """Pages with their regions drawn on them, as JPEG of at most so many pixels a side.

        Those that cannot be drawn are left out.
        """
        with self._pool("overlays", crew=crew) as pool:
            for document, page in pages:
                job = Job(document, "layout", self.fingerprints)
                pool.submit(Task((document, page), _OVERLAY, (job, page, max_side), self.limits.task_s))
            drawn = {r.task.key: r.value for r in pool.run() if isinstance(r, Success)}
        for document, page in pages:
            if image := drawn.get((document, page)):
                yield document, page, image

    def _ask(self, stage: Stage, fall_back: bool) -> Mapping[str, str]:
        if not (fall_back and stage.fallback):
            return stage.served()
        try:
            stage.prepare()  # a server need not be asked what it has where that is set
            return stage.served()
        except BackendUnavailableError:
            return FELL_BACK

    def _in_force(self, stage: Stage) -> Stage:
        return (stage.fallback if self.fell_back(stage.name) else None) or stage

    def _served_identity(self, name: str) -> dict[str, Any]:
        if name not in self.served or self.fell_back(name):
            return {}
        return {"served": dict(self.served[name])}

    def _engine(self, name: str) -> Any:
        """What each worker of a stage holds; None for what is none."""
        stage = self.stages.get(name)
        return stage.worker_engine(self._limits(name).workers, self.identities) if stage else None

    def _pool(self, name: str, counts: Path | None = None, crew: Crew | None = None) -> WorkerPool:
        """Workers for a stage, or for what is none; one fork server serves all, so all preload the same.

        They keep `counts` of what they ask servers in that folder.
        """
        limits, engine = self._limits(name), self._engine(name)
        others = (module for stage in self.stages.values() for module in stage.preload)
        preload = preloaded(self.stages.values(), others)
        context = (self.artifacts, self.sources, self.reader, engine, counts)
        return WorkerPool(limits, _CONTEXT, context, preload, crew)

    def _limits(self, name: str) -> WorkerLimits:
        stage = self.stages.get(name)
        most = self.workers.workers
        return replace(self.workers, workers=stage.workers(most) if stage else most)
