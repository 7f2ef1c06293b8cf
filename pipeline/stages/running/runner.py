"""Run one stage over the documents of a batch: plan, isolate, resume, record.

The unit of work is a chunk of pages of one document. Chunks of all documents share the workers; a finished
chunk of a long document is kept at once, so that a run which is killed resumes at the page it had reached.
Those of a shorter one are held until it is done, unless they were dear: a killed run does them again.

Documents are looked up and artifacts written in the background, while workers work; whatever is decided is
decided in one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Protocol

from docmill.pipeline.convert.errors import (
    BackendError,
    CorruptPdfError,
    DocumentError,
    InternalDocumentError,
    OutOfMemoryError,
    PageError,
    document_error,
)
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, merge, quarantine, renamed
from docmill.pipeline.stages.results.step_accounts import StepAccounts
from docmill.pipeline.stages.running.background import Background
from docmill.pipeline.stages.running.heavy_pages import heaviest_page
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.lookups import Found, Lookup
from docmill.pipeline.stages.running.pool import Failure, Success, Task, WorkerPool
from docmill.pipeline.stages.running.under_way import DocumentUnderWay, Key
from docmill.pipeline.stages.selection import FirstPages, NoPages, Selection, chunked, singly, uncovered
from docmill.pipeline.stages.spec import PageStage, Stage
from docmill.resources.clients.files.at_once import AT_ONCE
from docmill.resources.clients.tracing.spans import current_span

__all__ = ["LOST_WORKERS", "Progress", "StageRunner"]

#: The count of workers that a document cost.
LOST_WORKERS = "lost_workers"

#: A document that cost more workers is given up.
_MAX_LOST_WORKERS = 3
#: ... than that, and one for each so many chunks of it that went well.
_PARTS_PER_LOST_WORKER = 10
#: What may concern one page of a chunk only: the pages are then tried one by one.
_ERRORS_OF_A_PAGE = (PageError, InternalDocumentError, OutOfMemoryError)


class Progress(Protocol):
    """Told of progress while a stage runs."""

    def begin(self, stage: str, documents: int) -> None:
        """A stage starts."""

    def pages(self, count: int) -> None:
        """So many more pages are done."""

    def document(self, record: StageRecord) -> None:
        """A document left the stage."""

    def end(self) -> None:
        """The stage is over."""


@dataclass
class StageRunner:
    """Runs `stage` over documents; `fingerprints` names the artifacts of this stage and of those it needs."""

    #: Whether finished chunks of short documents wait in memory for the others.
    holds: ClassVar[bool] = True

    stage: Stage
    artifacts: ArtifactStore
    fingerprints: Mapping[str, str]
    pool: WorkerPool
    progress: Progress
    timeout_s: float = 300.0
    accounts: StepAccounts = field(default_factory=StepAccounts)
    _prepared: bool = False
    _open: dict[str, DocumentUnderWay] = field(default_factory=dict)
    _background: Background[StageRecord] = field(init=False, repr=False)

    def run(self, documents: Sequence[DocumentRef]) -> list[StageRecord]:
        """The record of every document, in the order given. Documents with the same bytes are done once."""
        self.progress.begin(self.stage.name, len(documents))
        distinct: dict[str, DocumentRef] = {}
        for document in documents:
            distinct.setdefault(document.id, document)
        # the biggest first: whoever comes last should not keep the other workers waiting
        waiting = iter(sorted(distinct.values(), key=lambda document: -document.size))
        done: dict[str, StageRecord] = {}
        try:
            with Background[StageRecord]() as self._background:
                for _ in range(AT_ONCE):
                    self._look_up(waiting)
                for record in self._records():
                    done[record.document] = record
                    self.accounts.ended(record)
                    self._left(record)
                    self.progress.document(record)
        except BaseException:
            self._keep_what_is_held()
            raise
        finally:
            for state in self._open.values():
                state.span.end("the stage ended before it")
        self.progress.end()
        return [renamed(done[document.id], document.name) for document in documents]

    def _records(self) -> Iterator[StageRecord]:
        """All that happens, as it happens: answers of workers and of the store."""
        while self._background.busy:
            yield from self._background.done(wait=True)
            for result in self.pool.run_beside(self._background.ready):
                if result:
                    self._answered(result)
                yield from self._background.done()

    def _look_up(self, waiting: Iterator[DocumentRef]) -> None:
        """Look the next document up, and after it another one."""
        document = next(waiting, None)
        if document is None:
            return
        lookup = Lookup(self.artifacts, self.stage, self.fingerprints)

        def then(found: Found) -> StageRecord | None:
            self._look_up(waiting)
            return self._start(document, found)

        self._background.submit(partial(lookup.look_up, document.id), then)

    def _start(self, document: DocumentRef, found: Found) -> StageRecord | None:
        """Queue a document's work; its record at once when nothing is to be written."""
        stage = self.stage.name
        if found.finished:
            found.finished.reused = True
            return found.finished
        if found.missing:
            missing = (
                f"the stage {found.missing} has no finished artifact of it; materialize {found.missing} first"
            )
            return quarantine(stage, document.id, document.name, InternalDocumentError(missing), 0.0)
        state = self._opened(document, found)
        if record := found.unusable:
            record.stage, record.seconds, record.cpu_seconds = stage, 0.0, 0.0
            record.counts, record.page_seconds = {}, {}
            self._close(state, partial(self._write, b"", record))
        elif not found.chunks:
            self._write_single(state, b"", self._blank(state))
        else:
            state.parts = found.parts
            self.accounts.found(found.parts.values())
            state.several = len(found.chunks) > 1 or bool(state.parts)
            left = found.left
            state.chunks = len(left) + len(found.parts)
            self._queue(state, left)
            self._go_on(state)
        return None

    def _opened(self, document: DocumentRef, found: Found) -> DocumentUnderWay:
        about = {"docmill.document.id": document.id, "docmill.document.name": document.name}
        span = current_span().child("document", inherited=about)
        state = DocumentUnderWay(Job(document, self.stage.name, self.fingerprints), found.upstream, span)
        self._open[document.id] = state
        return state

    def _left(self, record: StageRecord) -> None:
        """A document has left the stage, which may have had work on it."""
        state = self._open.get(record.document)
        if state:
            state.span.set({"docmill.status": record.status, "docmill.pages": len(record.pages)})
            state.span.end("" if record.usable else f"{record.reason}: {record.message}")
            state.forget()

    def _answered(self, result: Success[Key] | Failure[Key]) -> None:
        key = result.task.key
        state = self._open[key.document]
        state.seconds += result.seconds
        state.cpu_seconds += result.cpu_seconds
        if state.closed or isinstance(result, Failure):
            self.accounts.lost(result.worker)
        if state.closed:
            return
        if isinstance(result, Failure):
            self._failed(state, key, result)
        elif key.selection is None:
            self._join(state, result.value)
        else:
            self._chunk(state, result)

    def _close(self, state: DocumentUnderWay, last: Callable[[], StageRecord]) -> None:
        """Write the end of a document in the background, and leave what is still queued of it."""
        state.closed, state.last = True, last
        if state.waiting:
            self._withdraw(state.job.document.id)
        self._write_last(state)

    def _write_last(self, state: DocumentUnderWay) -> None:
        """Not before its page chunks are written: no chunk may appear in a stage that is finished."""
        if state.last and not state.writing:
            self._background.submit(state.last, lambda record: record)

    def _write(self, frame: bytes, record: StageRecord) -> StageRecord:
        return self.artifacts.write(self.fingerprints[self.stage.name], frame, record)

    def _go_on(self, state: DocumentUnderWay) -> None:
        """What follows when everything that was asked of workers has come and is kept."""
        if state.closed or state.waiting or state.writing:
            return
        self._conclude(state)

    def _conclude(self, state: DocumentUnderWay) -> None:
        if state.several:
            self._queue_finish(state)
            return
        assert state.single is not None and state.single_record is not None
        self._write_single(state, state.single, state.single_record)

    def _withdraw(self, document: str) -> None:
        self.pool.withdraw(lambda task: task.key.document == document)

    def _chunk(self, state: DocumentUnderWay, result: Success[Key]) -> None:
        chunk: Chunk = result.value
        chunk.record.seconds, chunk.record.cpu_seconds = result.seconds, result.cpu_seconds
        chunk.record.device_seconds |= self.accounts.took(result.worker)
        state.waiting -= 1
        if chunk.record.selected is not None:
            wary = isinstance(result.task.key.selection, NoPages)
            self._queue_rest(state, chunk.record, chunk.record.selected, wary=wary)
        self.pool.assign()  # its worker does not wait until this chunk is kept
        self._keep(state, chunk.frame, chunk.record)

    def _queue_rest(
        self, state: DocumentUnderWay, first: StageRecord, selected: Sequence[int], *, wary: bool
    ) -> None:
        """Queue the pages that became known; one by one those of the chunk that cost a worker."""
        known = {page for record in state.done for page in record.pages} | set(first.pages)
        chunks = chunked(selected)
        state.chunks = len(chunks)
        if wary:
            chunks[:1] = singly(chunks[0].numbers)
        self._queue_known(state, uncovered(chunks, known))

    def _queue_known(self, state: DocumentUnderWay, rest: Sequence[Selection]) -> None:
        state.several = bool(rest) or bool(state.done)
        self._queue(state, rest)

    def _keep(self, state: DocumentUnderWay, frame: bytes, record: StageRecord) -> None:
        state.page_seconds |= record.page_seconds
        if not state.several or not record.pages:
            state.single, state.single_record = frame, record
            self.progress.pages(len(record.pages))
            self._go_on(state)
        elif self.holds and state.may_hold(record):
            state.held.append(Chunk(frame, record))
            self.progress.pages(len(record.pages))
            self._go_on(state)
        else:
            self._write_part(state, frame, record, len(record.pages))

    def _write_part(self, state: DocumentUnderWay, frame: bytes, record: StageRecord, untold: int) -> None:
        """Keep a page chunk, so many of whose pages nobody was told of."""

        def then(path: str) -> None:
            state.writing -= 1
            state.parts[path] = record
            self.accounts.kept(record)
            self.progress.pages(untold)
            self._write_last(state)
            self._go_on(state)

        state.writing += 1
        print_ = self.fingerprints[record.stage]
        self._background.submit(partial(self.artifacts.write_part, print_, frame, record), then)

    def _keep_what_is_held(self) -> None:
        """When the stage ends before its documents do: as far as the store takes it."""
        print_ = self.fingerprints[self.stage.name]
        with suppress(BackendError):
            for state in self._open.values():
                for chunk in () if state.closed else state.held:
                    self.artifacts.write_part(print_, chunk.frame, chunk.record)
                    self.accounts.kept(chunk.record)

    def _failed(self, state: DocumentUnderWay, key: Key, failure: Failure[Key]) -> None:
        """Page by page after a lost chunk; a lost page degrades; who costs too many workers is given up."""
        self.accounts.lost_workers += failure.worker_lost
        if self._forgive(state, key, failure):
            self.accounts.retries += 1
            self._submit(failure.task, first=True)
            return
        state.lost_workers += failure.worker_lost
        number, error = next(iter(key.pages), 0), failure.error
        if len(key.pages) == 1:
            state.page_seconds[number] = round(failure.seconds, 4)
        of_a_page = failure.worker_lost or isinstance(error, _ERRORS_OF_A_PAGE)
        if (
            not isinstance(self.stage, PageStage)
            or not of_a_page
            or key.selection is None
            or state.lost_workers > _MAX_LOST_WORKERS + len(state.done) // _PARTS_PER_LOST_WORKER
        ):
            self._give_up(state, error)
            return
        state.waiting -= 1
        if isinstance(key.selection, FirstPages):
            self.accounts.retries += 1
            self._queue(state, [NoPages()], first=True)
            return
        if isinstance(key.selection, NoPages):
            self._give_up(state, error)
            return
        state.several = True
        if len(key.pages) > 1:
            self.accounts.retries += 1
            self._queue(state, singly(key.pages), first=True)
            return
        record = self._blank(state)
        record.pages = [number]
        record.issues = [PageIssue(number, self.stage.name, error.reason, error.message)]
        record.seconds, record.cpu_seconds = failure.seconds, failure.cpu_seconds
        record.page_seconds = {number: state.page_seconds[number]}
        self._keep(state, encode_pages([self.stage.failed_page(number, error.reason)]), record)

    def _forgive(self, state: DocumentUnderWay, key: Key, failure: Failure[Key]) -> bool:
        """Whether to try once more what cannot be divided, after the kernel or a person killed its worker.

        It may only have been the biggest process when another wanted memory.
        """
        divisible = isinstance(self.stage, PageStage) and key.selection is not None and len(key.pages) != 1
        killed = failure.worker_lost and isinstance(failure.error, OutOfMemoryError)
        if divisible or not killed or key in state.forgiven:
            return False
        state.forgiven.add(key)
        return True

    def _queue(self, state: DocumentUnderWay, chunks: Sequence[Selection], *, first: bool = False) -> None:
        for chunk in chunks:
            key = Key(state.job.document.id, chunk)
            about = {"docmill.pages": key.pages}
            work = self.stage.work, (state.job, chunk), self.timeout_s
            weight = heaviest_page(chunk, state.upstream)
            self._submit(Task(key, *work, state.span, about, weight), first=first)
        state.waiting += len(chunks)

    def _submit(self, task: Task[Key], *, first: bool) -> None:
        if not self._prepared:  # what the work needs (weights, a server) nothing finished needs
            self.stage.prepare_step()
            self.accounts.begin()
            self._prepared = True
        self.pool.submit(task, first=first)

    def _queue_finish(self, state: DocumentUnderWay) -> None:
        """All pages are there: let a worker look over them once, if the stage wants that, then join."""
        if self.stage.finish is None:
            self._join(state, {})
            return
        key = Key(state.job.document.id, None)
        self._submit(Task(key, self.stage.finish, (state.pieces,), self.timeout_s, state.span), first=True)

    def _join(self, state: DocumentUnderWay, extra: dict[str, Any]) -> None:
        opened = [state.single_record] if state.single_record else []  # it says what the document is
        record = self._complete(state, merge([*opened, *state.done]))
        record.extra |= extra
        self._close(state, partial(self._joined, state, record))

    def _joined(self, state: DocumentUnderWay, record: StageRecord) -> StageRecord:
        print_ = self.fingerprints[self.stage.name]
        if error := self._nothing_done(record):
            self.artifacts.delete_parts(record.document, record.stage, print_)
            return self._given_up(state, error, record.page_count)
        try:
            return self.artifacts.join(state.pieces, print_, record)
        except FileNotFoundError:
            return self._given_up(state, InternalDocumentError("its page chunks were removed meanwhile"))

    def _write_single(self, state: DocumentUnderWay, frame: bytes, record: StageRecord) -> None:
        self._complete(state, record)
        if error := self._nothing_done(record):
            self._give_up(state, error, record.page_count)
        else:
            self._close(state, partial(self._write, frame, record))

    def _nothing_done(self, record: StageRecord) -> DocumentError | None:
        """Why a document without a single page that this stage could do is given up."""
        failed = {issue.page: issue for issue in record.issues if issue.stage == self.stage.name}
        if not self.stage.needed or not record.pages or not failed.keys() >= set(record.pages):
            return None
        first = failed[record.pages[0]]
        if first.reason == PageError.reason:
            return CorruptPdfError(
                f"none of its pages can be read ({len(record.pages)} of them): {first.message}"
            )
        return document_error(first.reason, first.message, page=first.page)

    def _complete(self, state: DocumentUnderWay, record: StageRecord) -> StageRecord:
        """Carry over what earlier stages could not do, so that every record tells the whole story."""
        for earlier in state.upstream.values():
            record.page_count = max(record.page_count, earlier.page_count)
            record.issues += [issue for issue in earlier.issues if issue not in record.issues]
        if record.issues:
            record.status = "partial"
        return _with_losses(record, state)

    def _give_up(self, state: DocumentUnderWay, error: DocumentError, page_count: int = 0) -> None:
        held, state.held = state.held, []
        for chunk in held:
            self._write_part(state, chunk.frame, chunk.record, 0)
        self._close(state, partial(self._given_up, state, error, page_count))

    def _given_up(self, state: DocumentUnderWay, error: DocumentError, page_count: int = 0) -> StageRecord:
        document, print_ = state.job.document, self.fingerprints[self.stage.name]
        record = quarantine(self.stage.name, document.id, document.name, error, state.seconds)
        record.page_count = max([page_count, *(r.page_count for r in state.upstream.values())])
        record.page_seconds, record.cpu_seconds = state.page_seconds, state.cpu_seconds
        _with_losses(record, state)
        standing = self.artifacts.write(print_, b"", record)
        if standing.usable:  # another run finished it meanwhile, and perhaps took the page chunks
            self.artifacts.delete_parts(document.id, self.stage.name, print_)
        return standing

    def _blank(self, state: DocumentUnderWay) -> StageRecord:
        document = state.job.document
        return StageRecord(stage=self.stage.name, document=document.id, name=document.name)


def _with_losses(record: StageRecord, state: DocumentUnderWay) -> StageRecord:
    """Say how many workers the document cost, if any: they are what a hostile file is dear for."""
    if state.lost_workers:
        before = record.counts.get(LOST_WORKERS, 0)  # of steps that left page chunks and no end
        record.counts[LOST_WORKERS] = before + state.lost_workers
    return record
