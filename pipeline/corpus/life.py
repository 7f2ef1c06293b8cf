"""One document's life: what each stage made of it and what that took, and of one page what is on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import TypeVar

import msgspec

from docmill.pipeline.convert.types import Box, PageContent, PageLayout, PageOcr, PageTables
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.select import FAILED
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.resources.price import Price

__all__ = ["Life", "PageLife", "Region", "StageLife", "life_of"]

T = TypeVar("T")


class StageLife(msgspec.Struct, frozen=True):
    """What a stage made of the document, and what that took: wall and CPU seconds of workers, and of devices.

    `cost` is None without prices. `slowest` is the page that took longest, 0 where pages are not timed.
    `issues` are its own, and not those of the stages before it.
    """

    stage: str
    status: str
    pages: int
    seconds: float
    cpu_seconds: float
    device_seconds: dict[str, float]
    cost: float | None
    counts: dict[str, float]
    issues: list[PageIssue]
    slowest: int
    slowest_seconds: float


class Region(msgspec.Struct, frozen=True):
    """A region of a page: what it is, how sure who found it was, and where (points, from the top left)."""

    id: int
    label: str
    score: float
    found_by: str
    box: Box


class PageLife(msgspec.Struct, frozen=True):
    """A page: seconds by stage, its text, its regions, its tables by the rows and columns of each."""

    page: int
    seconds: dict[str, float]
    issues: list[PageIssue]
    lines: int
    ocr_lines: int
    ocr_confidence: float | None
    left_out: dict[str, int]
    regions: list[Region]
    tables: dict[int, tuple[int, int]]


class Life(msgspec.Struct, frozen=True):
    """A document with its stages; `page` when one was asked for.

    `reason`, `message`, `remedy` and `stopped_in`, a stage, say why it was not converted; empty where it was.
    """

    name: str
    source: str
    state: str
    page_count: int
    seconds: float
    cpu_seconds: float
    device_seconds: dict[str, float]
    cost: float | None
    currency: str
    characters: dict[str, float]
    stages: list[StageLife]
    page: PageLife | None = None
    reason: str = ""
    message: str = ""
    remedy: str = ""
    stopped_in: str = ""

    @property
    def issues(self) -> list[PageIssue]:
        """Those of all stages, each once: stages that follow repeat it."""
        return list(dict.fromkeys(issue for stage in self.stages for issue in stage.issues))


def life_of(row: DocumentRow, artifacts: ArtifactStore, price: Price | None, page: int = 0) -> Life:
    """The life of a document of the ledger; with that page when it is not 0."""
    records = dict(_records(row, artifacts))
    why = {"reason": row.reason, "message": row.message, "remedy": row.remedy, "stopped_in": row.stage}
    return Life(
        row.name,
        row.source,
        row.state,
        row.page_count,
        row.seconds,
        row.cpu_seconds,
        row.device_seconds,
        price.of(row.device_seconds, row.cpu_seconds) if price else None,
        price.currency if price else "",
        row.characters,
        [_stage(record, price) for record in records.values()],
        _page(row, artifacts, records, page) if page else None,
        **(why if row.state in FAILED else {}),
    )


def _records(row: DocumentRow, artifacts: ArtifactStore) -> Iterator[tuple[str, StageRecord]]:
    for stage in STAGES:
        print_ = row.prints.get(stage.name)
        record = artifacts.record(row.id, stage.name, print_) if print_ else None
        if record:
            yield stage.name, record


def _stage(record: StageRecord, price: Price | None) -> StageLife:
    slowest = max(record.page_seconds, key=record.page_seconds.__getitem__, default=0)
    return StageLife(
        record.stage,
        record.status,
        len(record.pages),
        record.seconds,
        record.cpu_seconds,
        record.device_seconds,
        price.of(record.device_seconds, record.cpu_seconds) if price else None,
        record.counts,
        _own_issues(record),
        slowest,
        record.page_seconds.get(slowest, 0.0),
    )


def _own_issues(record: StageRecord) -> list[PageIssue]:
    """Records carry those of earlier stages on."""
    return [issue for issue in record.issues if issue.stage == record.stage]


def _page(
    row: DocumentRow, artifacts: ArtifactStore, records: Mapping[str, StageRecord], number: int
) -> PageLife:
    def of(stage: str, kind: type[T]) -> T | None:
        if stage not in records:
            return None
        found = artifacts.pages(row.id, stage, row.prints[stage], kind, [number])
        return next((page for _, page in found), None)

    content, ocr = of("pages", PageContent), of("ocr", PageOcr)
    layout, tables = of("layout", PageLayout), of("tables", PageTables)
    return PageLife(
        number,
        {stage: each.page_seconds[number] for stage, each in records.items() if number in each.page_seconds},
        [issue for each in records.values() for issue in _own_issues(each) if issue.page == number],
        len(content.cells) if content else 0,
        len(ocr.cells) if ocr else 0,
        fmean(cell.confidence for cell in ocr.cells) if ocr and ocr.cells else None,
        content.left_out if content else {},
        [Region(each.id, each.label, each.score, each.source, each.box) for each in layout.clusters]
        if layout
        else [],
        {table.region: (table.num_rows, table.num_cols) for table in tables.tables} if tables else {},
    )
