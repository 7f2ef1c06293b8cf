"""Outcomes as Dagster metadata: numbers that plot, a table of documents, overlays and previews."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from pipeline.records import StageRecord

__all__ = ["outcome_metadata", "overlay_metadata", "preview_metadata"]

#: More rows make the event log heavy and the page slow.
_MAX_ROWS = 256
_MAX_PREVIEW = 12_000


def outcome_metadata(records: Sequence[StageRecord], seconds: float) -> dict[str, Any]:
    """Numbers and the table of documents of one stage over one batch; `seconds` is its wall time."""
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
    return {**numbers, **counts, "documents_table": _table(records)}


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


def _table(records: Sequence[StageRecord]) -> dg.TableMetadataValue:
    """Documents that need attention first, then the others, at most 256."""
    order = {"failed": 0, "quarantined": 1, "partial": 2, "converted": 3}
    ranked = sorted(records, key=lambda record: (order[record.status], record.name))
    schema = dg.TableSchema(
        columns=[
            dg.TableColumn("document", "string"),
            dg.TableColumn("status", "string"),
            dg.TableColumn("pages", "int"),
            dg.TableColumn("seconds", "float"),
            dg.TableColumn("reused", "bool"),
            dg.TableColumn("what", "string"),
        ]
    )
    rows = [
        dg.TableRecord(
            {
                "document": record.name,
                "status": record.status,
                "pages": record.page_count or len(record.pages),
                "seconds": round(record.seconds, 3),
                "reused": record.reused,
                "what": _what(record),
            }
        )
        for record in ranked[:_MAX_ROWS]
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
