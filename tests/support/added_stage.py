"""A stage that a test adds to docmill's: everything about it is in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import dagster as dg
import msgspec

from docmill.pipeline.convert.types import PageContent
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import Pages, Selection, chunked
from docmill.pipeline.stages.spec import PageStage, StageOption


class Counting(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the stage is set to."""

    shortest: int = 1


class PageCount(msgspec.Struct):
    """What the stage finds on a page."""

    number: int
    long_words: int = 0


class CountExtra(msgspec.Struct):
    """What its records say besides."""

    shortest: int = 0


@dataclass(frozen=True)
class CountStage(PageStage):
    """Counts the long words of each page."""

    shortest: int = 1

    name = "count"
    version = 1
    needs = ("pages",)
    work = "tests.support.added_stage:count"
    resources: ClassVar[Mapping[str, str]] = {"counting": "tests.support.added_stage:Counting"}
    options = (
        StageOption("--shortest", "1", "Letters.", lambda chosen: {"counting": {"shortest": int(chosen)}}),
    )

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        counting: Counting = resources["counting"]
        return cls(counting.shortest)

    def identity(self) -> dict[str, Any]:
        return {"shortest": self.shortest}

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        return chunked(records["pages"].pages)

    def failed_page(self, number: int, message: str) -> PageCount:
        return PageCount(number)

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> int:
        return self.shortest


def count(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    """The stage's work."""
    numbers, prints = list(asked.numbers), job.fingerprints
    read = context.artifacts.pages(job.document.id, "pages", prints["pages"], PageContent, numbers)
    found = [
        PageCount(number, sum(len(word.text) >= context.engine for word in page.words))
        for number, page in read
    ]
    record = StageRecord(
        stage="count",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        counts={"long_words": sum(page.long_words for page in found)},
        extra=msgspec.to_builtins(CountExtra(context.engine)),
    )
    return Chunk(encode_pages(found), record)
