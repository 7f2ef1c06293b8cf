"""What the store knows of a document before a stage does it: its end, its inputs, and what was begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import FirstPages, NoPages, Selection, chunked, uncovered
from docmill.pipeline.stages.spec import PageStage, Stage

__all__ = ["Found", "Lookup"]


@dataclass(frozen=True)
class Found:
    """What there is of a document; what comes after the first of these that holds is not looked for.

    `finished` is a record that would only be made again, `missing` a stage before this one without a record,
    and `unusable` the record of one that gave the document up. `chunks` is the plan, and `parts` are the page
    chunks of it that an interrupted run left, by path.
    """

    finished: StageRecord | None = None
    missing: str = ""
    unusable: StageRecord | None = None
    upstream: Mapping[str, StageRecord] = field(default_factory=dict)
    chunks: Sequence[Selection] = ()
    parts: dict[str, StageRecord] = field(default_factory=dict)

    @property
    def covered(self) -> set[int]:
        """The pages that the page chunks hold."""
        return {page for part in self.parts.values() for page in part.pages}

    @property
    def left(self) -> list[Selection]:
        """What is left of the plan, given the page chunks."""
        if not self.parts:
            return list(self.chunks)
        chunks = self.chunks
        if FirstPages() in chunks:
            parts = self.parts.values()
            selected = next((part.selected for part in parts if part.selected is not None), None)
            if selected is None:
                return [NoPages()]
            chunks = chunked(selected)
        return uncovered(chunks, self.covered)


@dataclass(frozen=True)
class Lookup:
    """Looks documents up for one stage; from many threads at once.

    `fingerprints` are those of the stages that the conversion has. A stage that is not done by pages leaves
    page chunks only where its plan has several.
    """

    artifacts: ArtifactStore
    stage: Stage
    fingerprints: Mapping[str, str]

    def look_up(self, document: str) -> Found:
        """What there is of the document with this id."""
        stage, print_ = self.stage, self.fingerprints[self.stage.name]
        finished = self.artifacts.record(document, stage.name, print_)
        if finished and finished.final:
            return Found(finished=finished)
        upstream: dict[str, StageRecord] = {}
        for name in (name for name in stage.needs if name in self.fingerprints):
            record = self.artifacts.record(document, name, self.fingerprints[name])
            if record is None:
                return Found(missing=name)
            if not record.usable:
                return Found(unusable=record)
            upstream[name] = record
        chunks = stage.plan(upstream)
        in_parts = len(chunks) > (0 if isinstance(stage, PageStage) else 1)
        parts = self.artifacts.parts(document, stage.name, print_) if in_parts else {}
        return Found(upstream=upstream, chunks=chunks, parts=parts)
