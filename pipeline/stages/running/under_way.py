"""What a stage's runner knows of a document that it has begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from docmill.pipeline.stages.results.artifacts import Piece
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.selection import Pages, Selection
from docmill.resources.clients.tracing.spans import NO_SPAN, Span

__all__ = ["DocumentUnderWay", "Key"]

#: Finished chunks of a document of so few are held until all are done: fewer objects are written, read and
#: removed. One that took so many seconds is kept at once all the same, and so are those of longer documents.
_FEW_CHUNKS = 4
_DEAR_S = 2.0


@dataclass(frozen=True)
class Key:
    """A task; without a selection it looks over the page chunks of a document."""

    document: str
    selection: Selection | None

    @property
    def pages(self) -> tuple[int, ...]:
        """The pages that it names."""
        return self.selection.numbers if isinstance(self.selection, Pages) else ()


@dataclass
class DocumentUnderWay:
    """A document under way in this stage."""

    job: Job
    upstream: Mapping[str, StageRecord]
    span: Span = NO_SPAN
    #: Chunks that it has, as far as is known; those that no worker has answered, and page chunks that the
    #: store has not taken yet.
    chunks: int = 0
    waiting: int = 0
    writing: int = 0
    #: Finished page chunks: by their paths in the store, and those that are held.
    parts: dict[str, StageRecord] = field(default_factory=dict)
    held: list[Chunk] = field(default_factory=list)
    single: bytes | None = None
    single_record: StageRecord | None = None
    several: bool = False
    lost_workers: int = 0
    #: What was tried again after its worker was killed.
    forgiven: set[Key] = field(default_factory=set)
    #: Its end is decided; `last` writes it as soon as no page chunk is being written.
    closed: bool = False
    last: Callable[[], StageRecord] | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    page_seconds: dict[int, float] = field(default_factory=dict)

    @property
    def pieces(self) -> list[Piece]:
        """The finished page chunks in page order: paths, and frames with their pages."""
        return [piece for _, piece in self._finished()]

    @property
    def done(self) -> list[StageRecord]:
        """The records of the finished page chunks, in page order."""
        return [record for record, _ in self._finished()]

    def _finished(self) -> list[tuple[StageRecord, Piece]]:
        stored: list[tuple[StageRecord, Piece]] = [(record, path) for path, record in self.parts.items()]
        held = ((chunk.record, (chunk.record.pages, chunk.frame)) for chunk in self.held)
        return sorted([*stored, *held], key=lambda each: each[0].pages[0])

    def forget(self) -> None:
        """Drop what was to be written."""
        self.single, self.held, self.last = None, [], None

    def may_hold(self, record: StageRecord) -> bool:
        """Whether a finished page chunk may wait in memory for the others."""
        return self.chunks <= _FEW_CHUNKS and record.seconds < _DEAR_S
