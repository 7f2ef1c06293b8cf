"""Stages of `tests.support.workers` run over a store in a folder; as a program, to be killed from outside."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.runner import StageRunner
from docmill.pipeline.stages.selection import FirstPages, Selection, chunked
from docmill.pipeline.stages.spec import DocumentStage, PageStage, Stage
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.workers import Page, Script

_WORKERS = "tests.support.workers"
PRINTS = {"first": "f" * 16, "second": "5" * 16, "last": "1" * 16}


class _Unconfigured(Stage):
    """A stage without settings."""

    version = 1

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        return cls()

    def identity(self) -> dict[str, Any]:
        return {}

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> None:
        return None


class _ByPages(_Unconfigured, PageStage):
    def failed_page(self, number: int, message: str) -> Page:
        return Page(number, error=message)


class First(_ByPages):
    """Finds out which pages there are, and looks over them at the end."""

    name = "first"
    work = f"{_WORKERS}:read"
    finish = f"{_WORKERS}:look_over"

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        return [FirstPages()]


class Needed(First):
    """The same, and nothing can be made of a document without it."""

    needed = True


class Second(_ByPages):
    """Works on the pages of the first."""

    name = "second"
    needs = ("first",)
    work = f"{_WORKERS}:work"

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        return chunked(records["first"].pages)


class Last(_Unconfigured, DocumentStage):
    """Does the document whole."""

    name = "last"
    needs = ("first", "second")
    work = f"{_WORKERS}:whole"


FIRST, SECOND, LAST = First(), Second(), Last()


@dataclass
class Told:
    """A progress that remembers what it was told."""

    events: list[str] = field(default_factory=list)
    page_count: int = 0
    records: list[StageRecord] = field(default_factory=list)

    def begin(self, stage: str, documents: int) -> None:
        self.events.append(f"begin {stage} {documents}")

    def pages(self, count: int) -> None:
        self.page_count += count

    def document(self, record: StageRecord) -> None:
        self.records.append(record)

    def end(self) -> None:
        self.events.append("end")


def document(name: str = "a.pdf", content: str = "a") -> DocumentRef:
    return DocumentRef(sha256(content.encode()).hexdigest(), name, f"/in/{name}", 100)


def artifacts(folder: Path) -> ArtifactStore:
    return ArtifactStore(DocumentStore(str(folder)))


def run_stage(
    store: ArtifactStore,
    stage: Stage,
    script: Script,
    documents: Sequence[DocumentRef],
    *,
    workers: int = 2,
    timeout_s: float = 20.0,
    told: Told | None = None,
) -> list[StageRecord]:
    limits = WorkerLimits(workers=workers)
    with WorkerPool(limits, f"{_WORKERS}:given_context", [script], preload=[_WORKERS]) as pool:
        return StageRunner(stage, store, PRINTS, pool, told or Told(), timeout_s).run(documents)


def main(store: str, calls: str, page_count: str, page_seconds: str) -> None:
    script = Script(calls, int(page_count), page_seconds=float(page_seconds))
    run_stage(artifacts(Path(store)), FIRST, script, [document()])


if __name__ == "__main__":
    main(*sys.argv[1:])
