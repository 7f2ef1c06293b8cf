"""A page's part of what a document took, and its regions' parts of that: shared, and saying how.

What is measured: a stage's wall time by page (`PageClock`), its CPU seconds and device seconds by document.
All else here is a share of these figures, and shares add up to what they are shares of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.types import PageTables, PageUnderstanding
from docmill.pipeline.corpus.view.blocks import Block
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.price import Price

__all__ = ["PageShare", "page_share"]

#: Stages that look at a page as a whole. The work of all others that are not named is not a region's.
_BY_AREA = ("pages", "layout")


@dataclass(frozen=True)
class PageShare:
    """What a stage took for a page. `seconds` is measured, None where nobody does; the others are shares.

    `cpu_by`, `device_by` and `region_by` say of what: for people. `weights` are the blocks' parts of the
    page's figures; they add up to 1, or are all 0 where nothing is known by region.
    """

    stage: str
    seconds: float | None
    cpu_seconds: float
    device_seconds: Mapping[str, float]
    cost: float | None
    cpu_by: str
    device_by: str
    region_by: str
    weights: tuple[float, ...]

    @property
    def device(self) -> float:
        """Seconds of all models' devices."""
        return sum(self.device_seconds.values())


def page_share(
    record: StageRecord,
    page: int,
    blocks: Sequence[Block],
    tables: PageTables | None,
    understood: PageUnderstanding | None,
    price: Price | None,
) -> PageShare | None:
    """The part of a page; None when the stage had no work on it."""
    if page not in record.pages:
        return None
    equal = 1 / len(record.pages)
    spent = sum(record.page_seconds.values())
    timed = page in record.page_seconds and spent > 0
    by_time = record.page_seconds[page] / spent if timed else 0.0 if spent > 0 else equal
    cpu, cpu_by = by_time, "by the pages' times" if spent > 0 else "equally by page"
    device, device_by = equal, "equally by page"
    if record.stage == "understanding" and spent > 0:
        device, device_by = by_time, "by the pages' times"
    elif record.stage == "tables" and (all_tables := record.counts.get("tables", 0)):
        device, device_by = len(tables.tables if tables else ()) / all_tables, "equally by table"
    devices = {model: seconds * device for model, seconds in record.device_seconds.items()}
    weights, region_by = _weights(record.stage, blocks, understood)
    return PageShare(
        record.stage,
        record.page_seconds.get(page),
        record.cpu_seconds * cpu,
        devices,
        price.of(devices, record.cpu_seconds * cpu) if price else None,
        cpu_by,
        device_by,
        region_by,
        weights,
    )


def _weights(
    stage: str, blocks: Sequence[Block], understood: PageUnderstanding | None
) -> tuple[tuple[float, ...], str]:
    if stage in _BY_AREA:
        return _normal([0.0 if each.inside else each.box.area for each in blocks]), "by area"
    if stage == "ocr":
        # the lines of what is inside another block are among that one's
        read = [0.0 if each.inside else float(each.source.ocr_characters) for each in blocks]
        return _normal(read), "by letters that OCR read"
    if stage == "tables":
        return _normal([float(each.table is not None) for each in blocks]), "equally by table"
    if stage == "understanding" and understood and not understood.text:
        described = {each.region for each in understood.pictures}
        asked = [float(bool(each.region and each.region.id in described)) for each in blocks]
        return _normal(asked), "equally by picture asked about"
    return _normal([0.0] * len(blocks)), "not by region"


def _normal(weights: Sequence[float]) -> tuple[float, ...]:
    total = sum(weights)
    return tuple(weight / total if total > 0 else 0.0 for weight in weights)
