"""Outcomes as Dagster metadata: numbers that plot, a table of documents, overlays and previews."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import dagster as dg

from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.price import Price

__all__ = ["outcome_metadata", "overlay_metadata", "preview_metadata", "served_metadata"]

#: More rows make the event log heavy and the page slow.
_MAX_ROWS = 256
_MAX_PREVIEW = 12_000


def outcome_metadata(
    records: Sequence[StageRecord], seconds: float, price: Price | None = None, ordinary: int = _MAX_ROWS
) -> dict[str, Any]:
    """Numbers and the table of documents of one stage over one batch; `seconds` is its wall time.

    Device seconds and their cost are there when a server measured any, and the slowest page where pages were
    timed; totals leave reused work out. The table has the documents that need attention, and `ordinary` of
    the others.
    """
    statuses = Counter(record.status for record in records)
    fresh = [record for record in records if not record.reused]
    pages = sum(len(record.pages) for record in fresh)
    totals: Counter[str] = Counter()
    for record in records:
        totals.update({key: float(value) for key, value in record.counts.items()})
    numbers = {
        "documents": float(len(records)),
        "converted": float(statuses["converted"]),
        "partial": float(statuses["partial"]),
        "quarantined": float(statuses["quarantined"]),
        "failed": float(statuses["failed"]),
        "reused": float(len(records) - len(fresh)),
        "wall_seconds": round(seconds, 3),
        "worker_seconds": round(sum(record.seconds for record in fresh), 3),
        "pages_per_second": round(pages / seconds, 2) if seconds > 0 else 0.0,
    }
    counts = {f"count/{key}": value for key, value in sorted(totals.items())}
    devices = _device_numbers(summed(record.device_seconds for record in fresh), price)
    columns = _columns(records, price)
    return {
        **numbers,
        **_slowest_page(fresh),
        **counts,
        **devices,
        "documents_table": _table(records, columns, ordinary),
    }


def served_metadata(served: Mapping[str, str]) -> dict[str, str]:
    """What a server had when it was asked: the digest of each model, or its version."""
    return {f"served/{model}": digest for model, digest in served.items()}


def overlay_metadata(overlays: Iterable[tuple[str, int, bytes]]) -> dict[str, Any]:
    """Pages with their regions drawn, as pictures in Markdown: (file name, page, JPEG)."""
    found = {}
    for name, page, image in overlays:
        data = base64.b64encode(image).decode()
        label = f"overlay/{name} p{page}"
        found[label] = dg.MetadataValue.md(f"![{name}, page {page}](data:image/jpeg;base64,{data})")
    return found


def preview_metadata(name: str, markdown: str) -> dict[str, Any]:
    """The beginning of a document's Markdown."""
    cut = markdown if len(markdown) <= _MAX_PREVIEW else markdown[:_MAX_PREVIEW] + "\n\n*(cut here)*"
    return {f"preview/{name}": dg.MetadataValue.md(cut)}


def _slowest_page(records: Iterable[StageRecord]) -> dict[str, str | float]:
    """The page that took longest, in words, and its seconds beside the median of all."""
    times = [
        (seconds, record.name, page) for record in records for page, seconds in record.page_seconds.items()
    ]
    if not times:
        return {}
    longest, name, page = max(times)
    usual = median(seconds for seconds, _, _ in times)
    beside = f", {longest / usual:.1f} times the median" if len(times) > 1 and usual > 0 else ""
    return {
        "slowest_page": f"{name} page {page}: {longest:.{1 if longest >= 1 else 3}f} s{beside}",
        "slowest_page_seconds": round(longest, 4),
        "median_page_seconds": round(usual, 4),
    }


def _device_numbers(spent: Mapping[str, float], price: Price | None) -> dict[str, float]:
    """Totals that plot: device seconds in all and by model, and what they cost."""
    if not spent:
        return {}
    numbers = {"device_seconds": round(sum(spent.values()), 6)}
    numbers |= {f"device_seconds/{model}": round(seconds, 6) for model, seconds in sorted(spent.items())}
    return numbers | ({f"cost_{price.currency}": round(price.of(spent), 8)} if price else {})


_Column = tuple[dg.TableColumn, Callable[[StageRecord], Any]]


def _columns(records: Sequence[StageRecord], price: Price | None) -> list[_Column]:
    """The table's columns; those of device seconds only where there are any."""
    columns: list[_Column] = [
        (dg.TableColumn("document", "string"), lambda record: record.name),
        (dg.TableColumn("status", "string"), lambda record: record.status),
        (dg.TableColumn("pages", "int"), lambda record: record.page_count or len(record.pages)),
        (dg.TableColumn("seconds", "float"), lambda record: round(record.seconds, 3)),
    ]
    if any(record.device_seconds for record in records):
        columns.append((dg.TableColumn("device_seconds", "float"), _device_total))
        if price:
            cost = dg.TableColumn(f"cost_{price.currency}", "float")
            columns.append((cost, lambda record: round(price.of(record.device_seconds), 8)))
    return [
        *columns,
        (dg.TableColumn("reused", "bool"), lambda record: record.reused),
        (dg.TableColumn("what", "string"), _what),
    ]


def _device_total(record: StageRecord) -> float:
    return round(sum(record.device_seconds.values()), 6)


def _table(
    records: Sequence[StageRecord], columns: Sequence[_Column], ordinary: int
) -> dg.TableMetadataValue:
    """Documents that need attention first, then so many others, at most 256 in all."""
    order = {"failed": 0, "quarantined": 1, "partial": 2, "converted": 3}
    ranked = sorted(records, key=lambda record: (order[record.status], record.name))
    attention = sum(record.status != "converted" for record in records)
    schema = dg.TableSchema(columns=[column for column, _ in columns])
    rows = [
        dg.TableRecord({column.name: value(record) for column, value in columns})
        for record in ranked[: min(_MAX_ROWS, attention + ordinary)]
    ]
    return dg.MetadataValue.table(rows, schema)


def _what(record: StageRecord) -> str:
    if not record.usable:
        return f"{record.message}. {record.remedy}"
    if record.issues:
        first = record.issues[0]
        more = f" (+{len(record.issues) - 1} more)" if len(record.issues) > 1 else ""
        return f"page {first.page}, {first.stage}: {first.message}{more}"
    return ", ".join(f"{value:g} {key}" for key, value in record.counts.items())
