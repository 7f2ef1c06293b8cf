"""Run some pages of a stage and leave them as page chunks, as a run does that is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord, merge
from docmill.pipeline.stages.running.lookups import Found
from docmill.pipeline.stages.running.runner import LOST_WORKERS, StageRunner
from docmill.pipeline.stages.running.under_way import DocumentUnderWay
from docmill.pipeline.stages.selection import Selection

__all__ = ["Choice", "PartRunner"]

#: What of the work that is left of a document, by its id, is to be done here.
Choice = Callable[[str, Sequence[Selection]], Sequence[Selection]]


@dataclass
class PartRunner(StageRunner):
    """Does what `choice` takes of each document, and ends none: who runs the stage afterwards decides that.

    So what has to be given up here is only left: where it is tried again, all pages are known. A record says
    what was done here and is kept, whatever had been there; of a document that was finished, its own.
    """

    holds: ClassVar[bool] = False

    choice: Choice = field(kw_only=True)
    #: By document: the page chunks that were there, and of how many lost workers a new one tells.
    _before: dict[str, frozenset[str]] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def _start(self, document: DocumentRef, found: Found) -> StageRecord | None:
        if found.finished:
            return super()._start(document, found)
        nothing = StageRecord(stage=self.stage.name, document=document.id, name=document.name)
        if found.missing or found.unusable:
            return nothing
        chosen = self.choice(document.id, found.left)
        if not chosen:
            return nothing
        state = self._opened(document, found)
        state.parts, state.several = dict(found.parts), True
        self._before[document.id] = frozenset(found.parts)
        self._queue(state, chosen)
        return None

    def _queue_known(self, state: DocumentUnderWay, rest: Sequence[Selection]) -> None:
        self._queue(state, self.choice(state.job.document.id, rest))

    def _keep(self, state: DocumentUnderWay, frame: bytes, record: StageRecord) -> None:
        told = self._told.get(record.document, 0)
        if record.pages and state.lost_workers > told:
            record.counts[LOST_WORKERS] = state.lost_workers - told
            self._told[record.document] = state.lost_workers
        super()._keep(state, frame, record)

    def _conclude(self, state: DocumentUnderWay) -> None:
        self._leave(state)

    def _give_up(self, state: DocumentUnderWay, error: DocumentError, page_count: int = 0) -> None:
        self._leave(state)

    def _leave(self, state: DocumentUnderWay) -> None:
        self._close(state, lambda: self._done_here(state))

    def _done_here(self, state: DocumentUnderWay) -> StageRecord:
        before = self._before[state.job.document.id]
        made = [part for path, part in state.parts.items() if path not in before]
        record = merge(made) if made else self._blank(state)
        if state.single_record:  # it has no pages, and says which there are
            record.selected = state.single_record.selected
        return record
