"""What a stage is: one class, in one module, that a conversion, an asset and the command line are made from.

The class says what is so under all settings; an object of it is the stage under the settings of one
conversion. Both are light to import: `work` names the function that does it, which workers import, and
`resources` names Dagster's classes, which the definitions import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from docmill.pipeline.convert.pinned import Pinned
from docmill.pipeline.stages.checks import BatchCheck
from docmill.pipeline.stages.footprint import BASE_MB, IDLE, Footprint
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Selection, WholeDocument

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import Engine
    from docmill.pipeline.stages.running.pool import WorkerLimits

__all__ = [
    "DocumentStage",
    "ModelStage",
    "PageStage",
    "Progress",
    "ResourceConfig",
    "Stage",
    "StageOption",
    "TimeLimits",
    "backend_config",
]

#: Told of downloads: what, how many of how many.
Progress = Callable[[str, int, int], None]
#: Settings by the key of the Dagster resource that they belong to.
ResourceConfig = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class TimeLimits:
    """Seconds for a page chunk, and for what is done on a document as a whole."""

    task_s: float = 120.0
    document_s: float = 900.0


@dataclass(frozen=True)
class StageOption:
    """An option of `docmill convert` that a stage brings; stages may share one.

    `config` turns what was chosen into settings of Dagster resources. Of `choices` one is taken, or with
    `several` as many as are given, with commas between.
    """

    flag: str
    default: str | int | bool | None
    help: str
    config: Callable[[Any], ResourceConfig] = field(repr=False)
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    several: bool = False
    short: str | None = None

    @property
    def name(self) -> str:
        """Its name in Python: `--vlm-url` is `vlm_url`, `--flat/--nested` is `flat`."""
        return self.flag.partition("/")[0].removeprefix("--").replace("-", "_")

    def unknown(self, chosen: object) -> list[str]:
        """What was chosen that there is not."""
        named = str(chosen).split(",") if self.several else [str(chosen)]
        return [name.strip() for name in named if self.choices and name.strip() not in self.choices]


class Stage(ABC):
    """A stage under the settings of one conversion."""

    name: ClassVar[str]
    #: Raised whenever the same input gives another result: finished work made before is then done again.
    version: ClassVar[int]
    #: The stages whose artifacts it reads, in their order. One that a conversion leaves out is not missed.
    needs: ClassVar[tuple[str, ...]] = ()
    #: `module:function`, called in a worker with `(WorkerContext, Job, Selection)`; returns a `Chunk`.
    work: ClassVar[str]
    #: `module:function`, called with `(WorkerContext, parts)` once all page chunks of a long document are
    #: there; what it returns is added to the record's `extra`.
    finish: ClassVar[str | None] = None
    #: Nothing can be made of a document when this stage could do none of its pages: it is given up.
    needed: ClassVar[bool] = False

    #: The Dagster resources that configure it, by key: `module:class`.
    resources: ClassVar[Mapping[str, str]] = {}
    options: ClassVar[tuple[StageOption, ...]] = ()
    #: Of each of its workers: the share of a CPU, and the megabytes of its own, that it takes as a rule.
    worker_cpus: ClassVar[float] = 1.0
    worker_mb: ClassVar[int] = 512
    #: What is judged of every batch that it has done.
    checks: ClassVar[tuple[BatchCheck, ...]] = ()

    @classmethod
    @abstractmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """The stage as a run's resources have it, by key. Raises `BackendConfigError`."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What its results depend on besides its input; loads nothing."""

    @abstractmethod
    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """Which pages have work, in chunks, from the records of the stages before. None: it is finished.

        Called in several threads at once: it reads the records, and changes nothing.
        """

    @property
    def active(self) -> bool:
        """Whether a conversion has it; otherwise no other stage knows of it either."""
        return True

    @property
    def server(self) -> str | None:
        """The kind of server that does it (`triton`, `vllm`); None when the workers do."""
        return None

    @property
    def kinds(self) -> frozenset[str]:
        """What Dagster's UI marks its asset with, at most three; with a server where one does it."""
        return frozenset()

    @property
    def pinned(self) -> bool:
        """Whether its results depend on what a server has at the moment, which `served` tells."""
        return False

    def served(self) -> Mapping[str, str]:
        """What its server has, by model. Raises `BackendError`."""
        return {}

    @property
    def fallback(self) -> Self | None:
        """The stage as it is done while its server is away; None: then it is not done."""
        return None

    @property
    def preload(self) -> tuple[str, ...]:
        """Modules that its workers need besides the one of `work`, which are imported once for all."""
        return ()

    def prepare(self, progress: Progress | None = None) -> None:  # noqa: B027 -- most stages need nothing
        """Fetch what is missing, or check that a server answers: once, before anything is done."""

    def prepare_step(self) -> None:
        """The same right before a step's first task."""
        self.prepare()

    def workers(self, most: int) -> int:
        """How many of `most` workers it can use."""
        return most

    def footprint(self, limits: WorkerLimits) -> Footprint:
        """What a machine must have for it with so many workers, each of which may take `memory_mb` (0: any).

        Memory that a worker may take and does not is not kept free; a stage that is off needs next to none.
        """
        if not self.active:
            return IDLE
        count = self.workers(limits.workers)
        return Footprint(
            cpus=count * self.worker_cpus,
            most_cpus=limits.workers,
            memory_mb=BASE_MB + count * min(self.worker_mb, limits.memory_mb or self.worker_mb),
            most_memory_mb=BASE_MB + count * limits.memory_mb if limits.memory_mb else None,
        )

    @abstractmethod
    def time_limit_s(self, limits: TimeLimits, workers: int) -> float:
        """Seconds for one task."""

    @abstractmethod
    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Any:
        """What each of so many workers holds to do it; `identities` are those of the conversion's models."""

    def facts(self) -> dict[str, Any]:
        """What the metadata of its materializations says of its settings."""
        return {}


class PageStage(Stage):
    """A stage that is done by pages; a page that fails degrades."""

    #: Whether several steps may do the pages of a batch at once.
    mapped: ClassVar[bool] = True

    @abstractmethod
    def failed_page(self, number: int, message: str) -> msgspec.Struct:
        """The page that stands for one that could not be done."""

    def time_limit_s(self, limits: TimeLimits, workers: int) -> float:
        """That of a page chunk."""
        return limits.task_s


class ModelStage(PageStage):
    """A stage that a model does, whose identity documents name in their metadata."""

    engine: Engine | None
    #: What does it while the server of the engine is away, if anything does.
    spare: Engine | None = None

    def identity(self) -> dict[str, Any]:
        """What computes: backend, model, version, checksum."""
        return self.engine.identity() if self.engine else {"backend": "off"}

    @property
    def server(self) -> str | None:
        """The kind of server that its engine's backend is."""
        backend = str(self.identity()["backend"])
        return backend if backend in ("triton", "vllm") else None

    @property
    def pinned(self) -> bool:
        """Whether the server of its engine says which weights it has."""
        return isinstance(self.engine, Pinned)

    def served(self) -> Mapping[str, str]:
        """What the server of its engine has, by model: the digest of its weights, or its version."""
        return self.engine.served() if isinstance(self.engine, Pinned) else {}

    @property
    def fallback(self) -> Self | None:
        """With the spare engine, where there is one."""
        this: Any = self
        return replace(this, engine=self.spare, spare=None) if self.spare else None

    def prepare(self, progress: Progress | None = None) -> None:
        """Fetch weights that are missing, or check that the server has the model."""
        if self.engine:
            self.engine.prepare(progress)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Any:
        """The engine: it is pickled without what it has loaded. On a server, for the weights it has now."""
        served = identities.get(self.name, {}).get("served")
        return self.engine.pinned_to(served) if served and isinstance(self.engine, Pinned) else self.engine


class DocumentStage(Stage):
    """A stage that does documents whole."""

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """One task."""
        return [WholeDocument()]

    def time_limit_s(self, limits: TimeLimits, workers: int) -> float:
        """That of a document."""
        return limits.document_s


def backend_config(chosen: str) -> dict[str, Any]:
    """The `backend` of a resource from `KIND` or `KIND:CONTRACT`, as the command line has it."""
    kind, _, contract = chosen.partition(":")
    return {"backend": {kind: {"contract": contract} if contract else {}}}
