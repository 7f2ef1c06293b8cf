"""One conversion: everything that a run is made with, the fingerprints that follow, and how stages run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import msgspec

from docmill.pipeline.convert.engines import Engine, LayoutEngine, OcrEngine, TableEngine
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.registry import OVERLAY, AssemblyEngine, active_stages
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.artifacts import ArtifactStore, fingerprint
from docmill.pipeline.stages.results.records import StageRecord, renamed
from docmill.pipeline.stages.running.pool import Success, Task, WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.runner import CHUNK_PAGES, Job, Progress, StageRunner, StageSpec
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.resources.clients.files.sources import SourceCache
from docmill.resources.clients.vllm.engine import VlmEngine

__all__ = ["Conversion", "TimeLimits"]

#: Records read at once: a store answers many requests as fast as one.
_READERS = 16
#: Makes what a worker holds.
_CONTEXT = "docmill.pipeline.stages.running.worker:make_context"
#: All that workers need, docling included: seconds to import.
_PRELOAD = ("docmill.pipeline.stages.running.preload", "docmill.resources.engines.embedded")
#: ... and what only some formats need: a second more.
_FORMAT_PRELOAD = MappingProxyType({"chunks": "docmill.pipeline.convert.document.chunks"})


@dataclass(frozen=True)
class TimeLimits:
    """Seconds for a page chunk, and for what is done on a document as a whole."""

    task_s: float = 120.0
    document_s: float = 900.0


@dataclass(frozen=True)
class Conversion:
    """The settings of a run. Stages are run one after another, each in worker processes of its own."""

    artifacts: ArtifactStore
    sources: SourceCache
    reader: ReaderSettings
    ocr: OcrEngine | None
    layout: LayoutEngine
    tables: TableEngine
    assembly: AssemblyOptions
    formats: Sequence[str]
    workers: WorkerLimits
    limits: TimeLimits
    #: None: no vision-language model is asked anything.
    understanding: VlmEngine | None = None

    @property
    def stages(self) -> Mapping[str, StageSpec]:
        """The stages that this conversion has, in order."""
        return active_stages(understanding=self.understanding is not None)

    @cached_property
    def identities(self) -> dict[str, dict[str, Any]]:
        """What computes each model stage."""
        return {
            name: engine.identity() if engine else {"backend": "off"}
            for name, engine in self._engines.items()
        }

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The name of each stage's artifacts under these settings."""
        settings: dict[str, dict[str, Any]] = {
            "pages": {"range": self.reader.pages} | self._text,
            **self.identities,
            "documents": asdict(self.assembly),
            "exports": {"formats": list(self.formats)},
        }
        prints: dict[str, str] = {}
        for name, spec in self.stages.items():
            upstream = [prints[needed] for needed in spec.needs]
            made_with = {"version": spec.version, "settings": settings[name]}
            prints[name] = fingerprint(name, made_with, upstream)
        return prints

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Make every engine ready: fetch weights that are missing."""
        for engine in (self.reader.text, *self._engines.values()):
            if engine:
                engine.prepare(progress)

    def run(self, stage: str, batch: Sequence[DocumentRef], progress: Progress) -> list[StageRecord]:
        """Run one stage over a batch; the record of each document, in order."""
        spec, engine = self.stages[stage], self._engines.get(stage)
        timeout = self.limits.task_s if spec.failed_page else self.limits.document_s
        if isinstance(engine, VlmEngine):
            shared = engine.shared_by(self._limits(stage).workers)
            timeout = max(timeout, shared.time_limit_s(CHUNK_PAGES))
        with self._pool(stage) as pool:
            runner = StageRunner(spec, self.artifacts, self.fingerprints, pool, progress, timeout)
            if isinstance(engine, VlmEngine):
                # the step may be another try, after a server that is about to come back
                runner.prepare = partial(engine.prepare, patience_s=engine.server.patience_s)
            elif engine:
                runner.prepare = engine.prepare
            return runner.run(batch)

    def records(self, stage: str, batch: Sequence[DocumentRef]) -> Iterator[StageRecord]:
        """The records of a stage that was run before, of those documents that have one."""
        for document in batch:
            record = self.artifacts.record(document.id, stage, self.fingerprints[stage])
            if record:
                yield record

    def final_records(self, batch: Sequence[DocumentRef]) -> list[StageRecord]:
        """What became of each document: its last stage's record, with the seconds of all stages."""
        prints = self.fingerprints

        def final(document: DocumentRef) -> StageRecord:
            found = (self.artifacts.record(document.id, stage, prints[stage]) for stage in self.stages)
            records = [record for record in found if record]
            return msgspec.structs.replace(
                renamed(records[-1], document.name),
                seconds=sum(record.seconds for record in records),
                device_seconds=summed(record.device_seconds for record in records),
            )

        with ThreadPoolExecutor(_READERS) as readers:
            return list(readers.map(final, batch))

    def overlays(
        self, pages: Sequence[tuple[DocumentRef, int]], max_side: int = 1600
    ) -> Iterator[tuple[DocumentRef, int, bytes]]:
        """Pages with their regions drawn on them, as JPEG of at most so many pixels a side.

        Those that cannot be drawn are left out.
        """
        with self._pool("overlays") as pool:
            for document, page in pages:
                job = Job(document, "layout", self.fingerprints)
                pool.submit(Task((document, page), OVERLAY, (job, page, max_side), self.limits.task_s))
            drawn = {r.task.key: r.value for r in pool.run() if isinstance(r, Success)}
        for document, page in pages:
            if image := drawn.get((document, page)):
                yield document, page, image

    def _pool(self, stage: str) -> WorkerPool:
        engine: Any = self._engines.get(stage)
        if stage == "documents":
            engine = AssemblyEngine(self.assembly, self.identities, _versions())
        elif stage == "exports":
            engine = list(self.formats)
        elif isinstance(engine, VlmEngine):
            engine = engine.shared_by(self._limits(stage).workers)
        arguments = (self.artifacts, self.sources, self.reader, engine)
        preload = (*_PRELOAD, *(_FORMAT_PRELOAD[name] for name in self.formats if name in _FORMAT_PRELOAD))
        return WorkerPool(self._limits(stage), _CONTEXT, arguments, preload)

    def _limits(self, stage: str) -> WorkerLimits:
        """No more workers than there may be requests in flight: each has at least one."""
        if stage != "understanding" or self.understanding is None:
            return self.workers
        return replace(self.workers, workers=min(self.workers.workers, self.understanding.concurrency))

    @property
    def _text(self) -> dict[str, Any]:
        """What is unusual about the text of the pages: what stands in for it, and how it is written."""
        recorded = {"text": self.reader.text.identity()} if self.reader.text else {}
        return recorded | ({"legacy_text": True} if self.reader.legacy_text else {})

    @property
    def _engines(self) -> dict[str, Engine | None]:
        engines: dict[str, Engine | None] = {"ocr": self.ocr, "layout": self.layout, "tables": self.tables}
        return engines | ({"understanding": self.understanding} if self.understanding else {})


def _versions() -> dict[str, str]:
    """What a document's metadata says it was made with."""
    return {name: version(name) for name in ("docmill", "docling-slim", "docling-core", "pypdfium2")}
