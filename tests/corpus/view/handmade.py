"""Items, regions, records and views of a handmade document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from docmill.pipeline.convert.document.placed_items import GridCell, PlacedItem
from docmill.pipeline.convert.types import Box, Cluster, PageTables, TableStructure, TextCell
from docmill.pipeline.corpus.life import Life, StageLife
from docmill.pipeline.corpus.view.blocks import Block, blocks_of
from docmill.pipeline.corpus.view.makers import Maker, maker_of
from docmill.pipeline.corpus.view.shares import PageShare, page_share
from docmill.pipeline.corpus.view.views import DocumentView, PageView
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.price import Price

PRICE = Price(per_gpu_hour=3.6, per_cpu_hour=0.36, currency="EUR")
TOP, MIDDLE, FOOT = Box(50, 50, 250, 100), Box(50, 200, 250, 300), Box(50, 380, 250, 390)


def item(
    label: str = "text", box: Box = TOP, text: str = "A paragraph.", ref: str = "#/texts/0", **more: object
) -> PlacedItem:
    return replace(PlacedItem(ref, "#/body", label, 1, box, text), **more)  # type: ignore[arg-type]


def region(
    id_: int, label: str = "text", box: Box = TOP, cells: Sequence[int] = (), **more: object
) -> Cluster:
    return Cluster(id=id_, label=label, score=0.87, box=box, cells=list(cells), **more)  # type: ignore[arg-type]


def line(text: str, ocr: float | None = None) -> TextCell:
    return TextCell(text, TOP, 0, 1, ocr=ocr is not None, confidence=1.0 if ocr is None else ocr)


def record(stage: str, **more: object) -> StageRecord:
    return msgspec.structs.replace(StageRecord(stage=stage, document="f" * 64, name="handmade.pdf"), **more)


LAYOUT, STRUCTURE = {"heron": 0.08}, {"tableformer": 0.4}
#: A paragraph that OCR read, a table, and a footer; layout on a server, OCR in the workers.
RECORDS = (
    record("pages", pages=[1, 2], cpu_seconds=0.3, page_seconds={1: 0.1, 2: 0.2}),
    record("ocr", pages=[1], cpu_seconds=2.0, page_seconds={1: 2.5}),
    record("layout", pages=[1, 2], cpu_seconds=0.1, device_seconds=LAYOUT, page_seconds={1: 0.3, 2: 0.1}),
    record("tables", pages=[1, 2], cpu_seconds=0.2, device_seconds=STRUCTURE, counts={"tables": 4}),
    record("documents", pages=[1, 2], cpu_seconds=0.5),
)
TABLES = PageTables(
    number=1, tables=[TableStructure(region=1, num_rows=2, num_cols=2, method="rulings", score=0.91)]
)


PLAIN = ("A paragraph.", "Year", "Sum", "2025", "7", "page 1")


def grid(*texts: str) -> tuple[GridCell, ...]:
    """Cells in two columns."""
    boxes = (Box(50, 200, 150, 220), Box(150, 200, 250, 220))
    return tuple(
        GridCell(at // 2, at % 2, 1, 1, text, at < 2, boxes[at % 2]) for at, text in enumerate(texts)
    )


def handmade_blocks(
    texts: Sequence[str] = ("A paragraph.", "Year", "Sum", "2025", "7", "page 1"),
) -> list[Block]:
    paragraph, *cells, footer = texts
    items = [
        item(text=paragraph, link="https://example.org/"),
        item("table", MIDDLE, "", "#/tables/0", cells=grid(*cells)),
        item("page_footer", FOOT, footer, "#/texts/1", layer="furniture"),
    ]
    regions = [
        region(0, cells=[0, 1]),
        region(1, "table", MIDDLE, source="geometry"),
        region(2, "page_footer", FOOT, [2]),
        region(3, "text", Box(10, 10, 30, 20), [3]),
    ]
    lines = [line("A", 0.9), line("paragraph.", 0.7), line("page 1"), line("in the margin")]
    return blocks_of(items, regions, [region(7, "text", TOP)], lines, TABLES)


def shares(blocks: Sequence[Block], page: int = 1, price: Price | None = PRICE) -> list[PageShare]:
    found = (page_share(each, page, blocks, TABLES if page == 1 else None, None, price) for each in RECORDS)
    return [share for share in found if share]


def handmade_view(
    blocks: Sequence[Block], name: str = "handmade.pdf", source: str = "/in/handmade.pdf"
) -> DocumentView:
    """One page of two of a document with this name."""
    stages = [
        StageLife(
            stage=each.stage,
            status=each.status,
            pages=len(each.pages),
            seconds=1.0,
            cpu_seconds=each.cpu_seconds,
            device_seconds=each.device_seconds,
            cost=PRICE.of(each.device_seconds, each.cpu_seconds),
            counts={},
            issues=[],
            slowest=0,
            slowest_seconds=0.0,
        )
        for each in RECORDS
    ]
    devices = LAYOUT | STRUCTURE
    cost = PRICE.of(devices, 3.1)
    life = Life(name, source, "converted", 2, 5.0, 3.1, devices, cost, "EUR", {}, stages)
    page = PageView(1, 300.0, 400.0, blocks, [region(7, "text", TOP)], shares(blocks), [], {"clipped": 3})
    makers = {
        "layout": maker_of({"backend": "triton", "model": "heron", "version": "3"}),
        "ocr": Maker(("det.onnx", "rec.onnx"), "embedded in the workers"),
    }
    return DocumentView("f" * 64, life, True, makers, [page])
