"""Stage `tables`: the structure of each table region, and the words in each cell."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from docmill.pipeline.convert.engines import TableEngine, TableView
from docmill.pipeline.convert.pinned import unchanged
from docmill.pipeline.convert.replaced_text import without_replaced
from docmill.pipeline.convert.types import PageContent, PageLayout, PageOcr, PageTables
from docmill.pipeline.convert.upright import Turn, turned_regions, turned_tables
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.page_clock import PageClock
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import Pages
from docmill.pipeline.stages.work.layout import TABLE_LABELS

__all__ = ["find_structures"]


def find_structures(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    """The tables of the pages asked for."""
    numbers = list(asked.numbers)
    engine: TableEngine = context.engine
    clock = PageClock()
    with unchanged(engine):
        pages = list(clock.results(_structures(context, job, engine, numbers, clock)))
    tables = [table for page in pages for table in page.tables]
    record = StageRecord(
        stage="tables",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        counts={"tables": len(tables), "cells": sum(len(table.cells) for table in tables)},
        page_seconds=clock.seconds,
    )
    return Chunk(encode_pages(pages), record)


def _structures(
    context: WorkerContext, job: Job, engine: TableEngine, numbers: list[int], clock: PageClock
) -> Iterator[PageTables]:
    artifacts, document, prints = context.artifacts, job.document.id, job.fingerprints
    contents = dict(artifacts.pages(document, "pages", prints["pages"], PageContent, numbers))
    read = dict(artifacts.pages(document, "ocr", prints["ocr"], PageOcr, numbers))
    seen: deque[tuple[int, Turn]] = deque()  # pages that the engine has drawn and not answered

    def views() -> Iterator[TableView]:
        for number, layout in artifacts.pages(document, "layout", prints["layout"], PageLayout, numbers):
            ocr = read.get(number)
            content = without_replaced(contents[number], ocr)
            turn = Turn.of(content, ocr)
            content, ocr = turn.content(content), turn.ocr(ocr)
            words = content.words + ocr.words if ocr else content.words
            regions = [region for region in layout.clusters if region.label in TABLE_LABELS]
            upright = turned_regions(regions, turn.box)
            render = turn.render(clock.render(number, context.renderer(job.document, number)))
            seen.append((number, turn))
            yield TableView(upright, content, words, render, job.document.name)

    for found in engine.structures_of_pages(views()):
        number, turn = seen.popleft()
        yield PageTables(number=number, tables=turned_tables(found, turn.back))
