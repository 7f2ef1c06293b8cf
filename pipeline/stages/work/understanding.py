"""Stage `understanding`: ask a vision-language model about pages and pictures, and keep what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.errors import ErrorBudgetError
from docmill.pipeline.convert.fused import Unseen
from docmill.pipeline.convert.replaced_text import without_replaced
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    PageContent,
    PageLayout,
    PageOcr,
    PageUnderstanding,
    PictureDescription,
)
from docmill.pipeline.convert.understanding.page_document import answer_document
from docmill.pipeline.convert.upright import Turn
from docmill.pipeline.stages.results.answer_store import AnswerStore, StoredAnswer
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import Pages
from docmill.pipeline.stages.work.document_style import document_style
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.question import Question
from docmill.resources.clients.vllm.reader import Answer

__all__ = ["understand"]


@dataclass(frozen=True)
class _Page:
    """What is to be asked about a page: all of it when there is a `reason`, and its pictures."""

    number: int
    reason: str
    whole: Question | None
    pictures: list[tuple[Cluster, Question]]

    def questions(self) -> Iterator[Question]:
        if self.whole:
            yield self.whole
        for _, question in self.pictures:
            yield question


@dataclass
class _Asking:
    """The answers to the questions of one chunk: those that were kept before, and those that come in."""

    store: AnswerStore
    model: str
    budget: int
    answers: dict[str, StoredAnswer] = field(default_factory=dict)
    reused: int = 0
    #: What the answers that came in took, by page; as many are asked for at a time, more than passed in all.
    page_seconds: dict[int, float] = field(default_factory=dict)
    _failures: int = 0

    def ask(self, engine: VlmEngine, questions: list[Question]) -> None:
        known = self.store.known()
        self._failures = self.store.failures(known)
        for question in questions:
            answer = self.store.read(known[question.key]) if question.key in known else None
            if answer:
                self.answers[question.key] = answer
                self.reused += 1
        missing = [question for question in questions if question.key not in self.answers]
        if missing:
            engine.ask(missing, self._keep, lambda: self._failures < self.budget)
        for question in missing:
            self.answers.setdefault(question.key, self._unasked())

    def _keep(self, question: Question, answer: Answer) -> None:
        stored = StoredAnswer(
            text=answer.text,
            reason=answer.error.reason if answer.error else "",
            message=answer.error.message if answer.error else "",
            model=self.model,
            attempts=answer.attempts,
            requests=answer.requests,
            prompt_tokens=answer.prompt_tokens,
            generation_tokens=answer.generation_tokens,
            seconds=round(answer.seconds, 3),
        )
        self.answers[question.key] = stored
        self.page_seconds[question.page] = self.page_seconds.get(question.page, 0.0) + answer.seconds
        self._failures += answer.error is not None
        # what may go better another time is asked again
        if answer.error is None or answer.error.permanent:
            self.store.write(question.key, stored)

    def _unasked(self) -> StoredAnswer:
        words = (
            f"not sent: {self._failures} other pages of the document failed, and the budget is {self.budget}"
        )
        return StoredAnswer(reason=ErrorBudgetError.reason, message=words)


def understand(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    """Ask about the pages among these that the engine's choice falls on, many at a time."""
    numbers = list(asked.numbers)
    engine: VlmEngine = context.engine
    pages = list(_pages(context, job, numbers, engine))
    store = AnswerStore(context.artifacts, job.document.id, engine.answers_identity())
    asking = _Asking(store, engine.model, engine.error_budget)
    asking.ask(engine, [question for page in pages for question in page.questions()])
    done = [_understanding(page, engine, asking.answers) for page in pages]
    used = asking.answers.values()
    record = StageRecord(
        stage="understanding",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        flagged=[page.number for page in done if page.text],
        issues=[issue for page in pages for issue in _issues(page, asking.answers)],
        counts={
            "asked_pages": sum(page.whole is not None for page in pages),
            "understood_pages": sum(bool(page.text) for page in done),
            "described_pictures": sum(len(page.pictures) for page in done),
            "vlm_requests": sum(answer.requests for answer in used),
            "vlm_answers_reused": asking.reused,
            "prompt_tokens": sum(answer.prompt_tokens for answer in used),
            "generation_tokens": sum(answer.generation_tokens for answer in used),
        },
        page_seconds=asking.page_seconds,
    )
    return Chunk(encode_pages(done), record)


def _pages(context: WorkerContext, job: Job, numbers: list[int], engine: VlmEngine) -> Iterator[_Page]:
    artifacts, document, prints = context.artifacts, job.document.id, job.fingerprints
    read = dict(artifacts.pages(document, "ocr", prints["ocr"], PageOcr, numbers))
    layouts = dict(artifacts.pages(document, "layout", prints["layout"], PageLayout, numbers))
    by_doubts = engine.choice.by_doubts
    style = document_style(context, job) if by_doubts else None
    for number, content in artifacts.pages(document, "pages", prints["pages"], PageContent, numbers):
        layout = layouts.get(number) or PageLayout(number=number, error="it was not looked at")
        ocr = read.get(number)
        content = without_replaced(content, ocr)
        turn = Turn.of(content, ocr)
        render = turn.render(context.renderer(job.document, number))
        doubts = None
        if by_doubts and not layout.error:
            doubts = Unseen(turn.content(content), turn.ocr(ocr), style, "auto").doubts
        reason = engine.choice.reason(content, ocr, layout, doubts or ())
        width, height = turn.size
        whole = Question(
            key=f"page-{number:06d}",
            page=number,
            profile=engine.page,
            draw=_Drawing(render),
            accept=partial(_accept, engine.page.format, number, width, height),
        )
        pictures = [
            (
                region,
                Question(
                    key=f"picture-{number:06d}-" + "-".join(f"{edge:.0f}" for edge in _edges(region)),
                    page=number,
                    profile=engine.picture,
                    draw=_Drawing(render, turn.box(region.box)),
                ),
            )
            for region in engine.choice.pictures(content, layout)
        ]
        yield _Page(number, reason, whole if reason else None, pictures)


@dataclass(frozen=True)
class _Drawing:
    """Draws a page, or a box of it, at a scale."""

    render: Render
    box: Box | None = None

    def __call__(self, scale: float) -> NDArray[np.uint8]:
        return self.render(scale, self.box)


def _accept(format_: str, number: int, width: float, height: float, text: str) -> None:
    """Make a document of the answer, to see that one can be made."""
    answer_document(text, format_, number, width, height)


def _edges(region: Cluster) -> tuple[float, float, float, float]:
    return region.box.l, region.box.t, region.box.r, region.box.b


def _understanding(page: _Page, engine: VlmEngine, answers: Mapping[str, StoredAnswer]) -> PageUnderstanding:
    whole = answers[page.whole.key] if page.whole else StoredAnswer()
    pictures = [
        PictureDescription(region=region.id, box=region.box, text=answer.text.strip(), model=answer.model)
        for region, question in page.pictures
        if (answer := answers[question.key]) and not answer.reason
    ]
    return PageUnderstanding(
        number=page.number,
        reason=page.reason,
        format=engine.page.format if whole.text else "",
        text=whole.text,
        model=whole.model if whole.text else "",
        pictures=pictures,
        error=whole.message or None,
    )


def _issues(page: _Page, answers: Mapping[str, StoredAnswer]) -> Iterator[PageIssue]:
    for question in page.questions():
        answer = answers[question.key]
        if answer.reason:
            yield PageIssue(page.number, "understanding", answer.reason, answer.message)
