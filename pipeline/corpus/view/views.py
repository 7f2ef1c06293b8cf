"""A document with its pages as the store has them: what each stage found on a page, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from docmill.pipeline.convert.document.placed_items import PlacedItem, placed_items
from docmill.pipeline.convert.replaced_text import without_replaced
from docmill.pipeline.convert.types import (
    Cluster,
    PageContent,
    PageLayout,
    PageOcr,
    PageTables,
    PageUnderstanding,
)
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.life import Life, life_of
from docmill.pipeline.corpus.view.blocks import Block, blocks_of
from docmill.pipeline.corpus.view.makers import Maker, maker_of
from docmill.pipeline.corpus.view.shares import PageShare, page_share
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.spec import ModelStage
from docmill.resources.price import Price

__all__ = ["DocumentView", "PageView", "read_pages", "view_of"]

T = TypeVar("T", bound=msgspec.Struct)

_WITHOUT_MODEL = frozenset(stage.name for stage in STAGES if not issubclass(stage, ModelStage))


@dataclass(frozen=True)
class PageView:
    """A page, in displayed points; `understood_by` is the model whose answer made it, if one did."""

    number: int
    width: float
    height: float
    blocks: Sequence[Block]
    detections: Sequence[Cluster]
    stages: Sequence[PageShare]
    issues: Sequence[PageIssue]
    left_out: Mapping[str, int]
    understood_by: str = ""


@dataclass(frozen=True)
class DocumentView:
    """A document with some of its pages; `makers` by stage, empty where no document was made."""

    id: str
    life: Life
    made: bool
    makers: Mapping[str, Maker]
    pages: Sequence[PageView]

    def maker(self, stage: str) -> Maker:
        """What computed a stage: docmill itself where no model does."""
        return self.makers.get(stage) or Maker(where="docmill" if stage in _WITHOUT_MODEL else "")


def read_pages(row: DocumentRow, artifacts: ArtifactStore) -> list[int]:
    """The pages of a document that were read, in order: of which there is something to look at."""
    record = _record(row, artifacts, "pages")
    return sorted(record.pages) if record else []


def view_of(
    row: DocumentRow, artifacts: ArtifactStore, price: Price | None, numbers: Sequence[int]
) -> DocumentView:
    """Pages of a document of the ledger, as far as its stages came; those that were not read are left out."""
    found = {stage.name: _record(row, artifacts, stage.name) for stage in STAGES}
    records = {stage: record for stage, record in found.items() if record}
    items, engines = _document(row, artifacts, records)
    frames = _Frames(row, artifacts, records, numbers)
    pages = [
        _page(frames, number, None if items is None else items.get(number, []), price)
        for number in numbers
        if number in frames.contents
    ]
    makers = {stage: maker_of(identity) for stage, identity in engines.items()}
    return DocumentView(row.id, life_of(row, artifacts, price), items is not None, makers, pages)


class _Frames:
    """What the stages kept of some pages."""

    def __init__(
        self,
        row: DocumentRow,
        artifacts: ArtifactStore,
        records: Mapping[str, StageRecord],
        numbers: Sequence[int],
    ) -> None:
        def of(stage: str, kind: type[T]) -> dict[int, T]:
            if stage not in records:
                return {}
            return dict(artifacts.pages(row.id, stage, row.prints[stage], kind, numbers))

        self.records = records
        self.contents = of("pages", PageContent)
        self.ocr = of("ocr", PageOcr)
        self.layouts = of("layout", PageLayout)
        self.tables = of("tables", PageTables)
        self.understood = of("understanding", PageUnderstanding)


def _page(frames: _Frames, number: int, items: Sequence[PlacedItem] | None, price: Price | None) -> PageView:
    ocr, layout = frames.ocr.get(number), frames.layouts.get(number)
    tables, understood = frames.tables.get(number), frames.understood.get(number)
    content = without_replaced(frames.contents[number], ocr)
    cells = [*content.cells, *ocr.cells] if ocr else content.cells
    answered = understood.model if understood and understood.text else ""
    detections = layout.detections if layout else []
    # a page that a model's answer made has the answer's boxes, and no region is any of them
    clusters = layout.clusters if layout and not answered else []
    blocks = blocks_of(items, clusters, detections, cells, tables)
    shares = (
        page_share(record, number, blocks, tables, understood, price) for record in frames.records.values()
    )
    # stages that follow repeat the issues of those before them
    issues = {issue for each in frames.records.values() for issue in each.issues if issue.page == number}
    return PageView(
        number,
        content.width,
        content.height,
        blocks,
        detections,
        [share for share in shares if share],
        sorted(issues, key=lambda issue: issue.stage),
        content.left_out,
        answered,
    )


def _record(row: DocumentRow, artifacts: ArtifactStore, stage: str) -> StageRecord | None:
    print_ = row.prints.get(stage)
    return artifacts.record(row.id, stage, print_) if print_ else None


def _document(
    row: DocumentRow, artifacts: ArtifactStore, records: Mapping[str, StageRecord]
) -> tuple[dict[int, list[PlacedItem]] | None, Mapping[str, Any]]:
    """The document's items by page, and the engines that its metadata names; None where none was made."""
    if "documents" not in records or not records["documents"].usable:
        return None, {}
    folder = artifacts.folder(row.id, "documents", row.prints["documents"])
    items: dict[int, list[PlacedItem]] = {}
    for item in placed_items(artifacts.store.read(f"{folder}/document.json")):
        items.setdefault(item.page, []).append(item)
    metadata = msgspec.json.decode(artifacts.store.read(f"{folder}/metadata.json"))
    return items, metadata.get("engines", {})
