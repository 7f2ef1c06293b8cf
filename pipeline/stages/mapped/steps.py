"""The steps of a stage over a batch that is cut: finding out where, and doing a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion, Step
from docmill.pipeline.stages.mapped.part_runner import PartRunner
from docmill.pipeline.stages.mapped.ranges import PageRange, cut, numbered
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import GivenUp, Overhead, tell_nobody
from docmill.pipeline.stages.running.lookups import Lookup
from docmill.pipeline.stages.running.runner import Progress
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.pipeline.stages.selection import FirstPages, NoPages, Pages, Selection, chunked, uncovered
from docmill.resources.clients.files.at_once import at_once

__all__ = ["CutBatch", "cut_batch", "run_range"]


@dataclass(frozen=True)
class CutBatch:
    """The ranges of a batch, none where one step does it all; and what it took to find them."""

    ranges: Sequence[PageRange]
    step: Step


def cut_batch(
    conversion: Conversion,
    stage: str,
    batch: Sequence[DocumentRef],
    most: int,
    progress: Progress,
    given_up: GivenUp = tell_nobody,
    failed: Callable[[Step], None] = tell_nobody,
    crew: Crew | None = None,
) -> CutBatch:
    """Cut what a stage has left to do of a batch into ranges of `most` pages.

    Which pages a document has may only be known once it is opened: then that is done here, and its first
    pages with it; `given_up`, `failed` and `crew` as those of `Conversion.run_step`. Raises `BackendError`.
    """
    documents = list(numbered(batch))
    lookup = Lookup(conversion.artifacts, conversion.stages[stage], conversion.fingerprints)
    found = list(at_once(lookup.look_up, [document.id for _, document in documents]))
    closed = [
        document
        for (_, document), known in zip(documents, found, strict=True)
        if not all(isinstance(chunk, Pages) for chunk in known.left)
    ]
    step = Step([], Overhead())
    if closed:
        opening = partial(PartRunner, choice=_to_open)
        alone = _PagesAlone(progress)
        step = conversion.run_step(stage, closed, alone, given_up, failed, runner=opening, crew=crew)
    opened = {record.document: record for record in step.records}
    left: list[tuple[int, list[Pages]]] = []
    for (number, document), known in zip(documents, found, strict=True):
        chunks = known.left
        if record := opened.get(document.id):
            chunks = uncovered(chunked(record.selected or []), known.covered | set(record.pages))
        left.append((number, [chunk for chunk in chunks if isinstance(chunk, Pages)]))
    return CutBatch(cut(left, most), step)


def run_range(
    conversion: Conversion,
    stage: str,
    batch: Sequence[DocumentRef],
    pages: PageRange,
    progress: Progress,
    given_up: GivenUp = tell_nobody,
    failed: Callable[[Step], None] = tell_nobody,
    crew: Crew | None = None,
) -> Step:
    """Do what is left of a range, and leave it as page chunks.

    `given_up`, `failed` and `crew` as those of `Conversion.run_step`. Raises `BackendError`.
    """
    numbers = {document.id: number for number, document in numbered(batch)}

    def choice(document: str, left: Sequence[Selection]) -> list[Selection]:
        chosen: list[Selection] = []
        for selection in left:
            if isinstance(selection, FirstPages):  # they were tried, and came to nothing
                chosen.append(NoPages())
            elif not isinstance(selection, Pages) or pages.holds(numbers[document], selection):
                chosen.append(selection)
        return chosen

    runner = partial(PartRunner, choice=choice)
    documents, alone = pages.documents(batch), _PagesAlone(progress)
    return conversion.run_step(stage, documents, alone, given_up, failed, runner=runner, crew=crew)


def _to_open(_document: str, left: Sequence[Selection]) -> list[Selection]:
    return [selection for selection in left if not isinstance(selection, Pages)]


class _PagesAlone:
    """Progress by pages: how documents end is told where that is decided."""

    def __init__(self, told: Progress) -> None:
        self._told = told
        self.begin, self.pages, self.end = told.begin, told.pages, told.end

    def document(self, record: StageRecord) -> None:
        """Not the end of it."""
