"""Stages of `tests.support.workers` run over a store in a folder; as a program, to be killed from outside."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.runner import (
    FIRST_PAGES,
    WHOLE_DOCUMENT,
    StageRunner,
    StageSpec,
    chunked,
)
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.workers import Page, Script

_WORKERS = "tests.support.workers"
PRINTS = {"first": "f" * 16, "second": "5" * 16, "last": "1" * 16}


def failed_page(number: int, message: str) -> Page:
    return Page(number, error=message)


#: Finds out which pages there are, and looks over them at the end.
FIRST = StageSpec(
    name="first",
    version=1,
    needs=(),
    work="tests.support.workers:read",
    plan=lambda _: [FIRST_PAGES],
    failed_page=failed_page,
    finish="tests.support.workers:look_over",
)
#: Works on the pages of the first.
SECOND = StageSpec(
    name="second",
    version=1,
    needs=("first",),
    work="tests.support.workers:work",
    plan=lambda records: chunked(records["first"].pages),
    failed_page=failed_page,
)
#: Does the document whole.
LAST = StageSpec(
    name="last",
    version=1,
    needs=("first", "second"),
    work="tests.support.workers:whole",
    plan=lambda _: [WHOLE_DOCUMENT],
)


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
    spec: StageSpec,
    script: Script,
    documents: Sequence[DocumentRef],
    *,
    workers: int = 2,
    timeout_s: float = 20.0,
    told: Told | None = None,
) -> list[StageRecord]:
    limits = WorkerLimits(workers=workers)
    with WorkerPool(limits, f"{_WORKERS}:given_context", [script], preload=[_WORKERS]) as pool:
        return StageRunner(spec, store, PRINTS, pool, told or Told(), timeout_s).run(documents)


def main(store: str, calls: str, page_count: str, page_seconds: str) -> None:
    script = Script(calls, int(page_count), page_seconds=float(page_seconds))
    run_stage(artifacts(Path(store)), FIRST, script, [document()])


if __name__ == "__main__":
    main(*sys.argv[1:])
