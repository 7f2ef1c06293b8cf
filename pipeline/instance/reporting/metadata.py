"""Outcomes as Dagster metadata: numbers that plot, a table of documents, overlays and previews."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import dagster as dg

from docmill.pipeline.instance.reporting.spending import overhead_numbers, saved_numbers
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.price import Price

__all__ = [
    "arranged",
    "cost_metadata",
    "failed_metadata",
    "fallback_metadata",
    "outcome_metadata",
    "overlay_metadata",
    "preview_metadata",
    "served_metadata",
]

#: More rows make the event log heavy and the page slow.
_MAX_ROWS = 256
_PREVIEW, _OVERLAYS, _DOCUMENTS = "preview", "overlays", "documents_table"
_FIRST = (_PREVIEW, _OVERLAYS, _DOCUMENTS)
#: Dagster's UI shows Markdown of fewer than 1000 characters at once, and more of it when somebody asks.
_SHOWN_AT_ONCE = 990
_MAX_NAME = 60
_BETWEEN = "\n\n---\n\n"


def outcome_metadata(
    records: Sequence[StageRecord],
    seconds: float,
    price: Price | None = None,
    ordinary: int = _MAX_ROWS,
    overhead: Overhead | None = None,
) -> dict[str, Any]:
    """Numbers and the table of documents of one stage over one batch; `seconds` is its wall time.

    Device seconds are there when a server measured any, the cost with a price, and the slowest page where
    pages were timed; totals leave reused work out, and say what it saved. The table has the documents that
    need attention, and `ordinary` of the others.
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
        "pages": float(pages),
        "wall_seconds": round(seconds, 3),
        "worker_seconds": round(sum(record.seconds for record in fresh), 3),
        "cpu_seconds": round(sum(record.cpu_seconds for record in fresh), 3),
        "pages_per_second": round(pages / seconds, 2) if seconds > 0 else 0.0,
    }
    counts = {f"count/{key}": value for key, value in sorted(totals.items())}
    return {
        **numbers,
        **_slowest_page(fresh),
        **counts,
        **_detected(fresh),
        **_device_numbers(summed(record.device_seconds for record in fresh)),
        **_cost(fresh, price),
        **saved_numbers([record for record in records if record.reused], price),
        **(overhead_numbers(overhead, price) if overhead else {}),
        **_ends(records),
        _DOCUMENTS: _table(records, _columns(records, price), ordinary),
    }


def failed_metadata(
    records: Sequence[StageRecord], overhead: Overhead, price: Price | None = None
) -> dict[str, float]:
    """What a step spent that did not come to its end: on documents that it did, and besides.

    Empty when it spent nothing. Page chunks of documents that it did not finish are another run's, which goes
    on with them.
    """
    if not (overhead.cpu_seconds or any(overhead.device_seconds.values()) or records):
        return {}
    return {
        "pages": float(sum(len(record.pages) for record in records)),
        "worker_seconds": round(sum(record.seconds for record in records), 3),
        "cpu_seconds": round(sum(record.cpu_seconds for record in records), 3),
        **_device_numbers(summed(record.device_seconds for record in records)),
        **_cost(records, price),
        **overhead_numbers(overhead, price),
    }


def cost_metadata(records: Sequence[StageRecord], price: Price | None = None) -> dict[str, Any]:
    """What documents took in all stages, whenever these ran, and what became of their text.

    Numbers, and a table with a row for each.

    `records` are those of the last stage with the seconds of all, as of `Conversion.final_records`.
    """
    devices = summed(record.device_seconds for record in records)
    numbers = {
        "worker_seconds": round(sum(record.seconds for record in records), 3),
        "cpu_seconds": round(sum(record.cpu_seconds for record in records), 3),
        **({"device_seconds": round(sum(devices.values()), 6)} if devices else {}),
        **_cost(records, price),
        **{f"characters/{name}": count for name, count in summed(r.characters for r in records).items()},
    }
    table = _table(records, _columns(records, price), _MAX_ROWS)
    return {f"all_stages/{key}": value for key, value in numbers.items()} | {_DOCUMENTS: table}


def arranged(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What people look at first, then the numbers: Dagster's UI keeps the order."""
    return {key: metadata[key] for key in _FIRST if key in metadata} | dict(metadata)


def fallback_metadata(records: Sequence[StageRecord]) -> dict[str, Any]:
    """That a stage was done without its server, and how much was: what was found done is left out."""
    fresh = [record for record in records if not record.reused and record.usable]
    return {
        "fallback": "embedded",
        "fallback_documents": float(len(fresh)),
        "fallback_pages": float(sum(len(record.pages) for record in fresh)),
    }


def served_metadata(served: Mapping[str, str]) -> dict[str, str]:
    """What a server had when it was asked: the digest of each model, or its version."""
    return {f"served/{model}": digest for model, digest in served.items()}


def overlay_metadata(
    overlays: Iterable[tuple[str, int, bytes]], keep: Callable[[int, bytes], str] | None = None
) -> dict[str, Any]:
    """Pages with their regions drawn, as pictures in one Markdown text: (file name, page, JPEG).

    `keep` keeps a picture by its number and says at which address it is; without it the text holds the
    pictures themselves, and is shown when somebody asks for it.
    """
    shown = []
    for number, (name, page, image) in enumerate(overlays):
        where = keep(number, image) if keep else f"data:image/jpeg;base64,{base64.b64encode(image).decode()}"
        shown.append(f"**{_short(name, _MAX_NAME)}**, page {page}\n\n![page {page}]({where})")
    return {_OVERLAYS: dg.MetadataValue.md("\n\n".join(shown))} if shown else {}


def preview_metadata(previews: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The beginnings of a few documents, in one Markdown text: (file name, its Markdown)."""
    some = list(previews)
    each = _SHOWN_AT_ONCE // max(1, len(some)) - _MAX_NAME - len(_BETWEEN)
    shown = (f"**{_short(name, _MAX_NAME - 8)}**\n\n{_short(text.strip(), each)}" for name, text in some)
    return {_PREVIEW: dg.MetadataValue.md(_BETWEEN.join(shown))} if some else {}


def _short(text: str, most: int) -> str:
    """The text, or so much of its beginning; `most` counts as JavaScript does."""
    if len(text.encode("utf-16-le")) <= 2 * most:
        return text
    return text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


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


def _device_numbers(spent: Mapping[str, float]) -> dict[str, float]:
    """Totals that plot: device seconds in all and by model."""
    if not spent:
        return {}
    numbers = {"device_seconds": round(sum(spent.values()), 6)}
    return numbers | {
        f"device_seconds/{model}": round(seconds, 6) for model, seconds in sorted(spent.items())
    }


def _is_priced(records: Iterable[StageRecord], price: Price | None) -> bool:
    """Whether there is a price of anything that these took."""
    return price is not None and any(_paid(record, price) for record in records)


def _paid(record: StageRecord, price: Price) -> float:
    return round(price.of(record.device_seconds, record.cpu_seconds), 8)


def _detected(fresh: Sequence[StageRecord]) -> dict[str, float]:
    """About how many pages the layout model was asked this time, where it is asked in doubt."""
    asked = [record.counts["detected_pages"] for record in fresh if "detected_pages" in record.counts]
    return {"detected_pages": float(sum(asked))} if asked else {}


def _cost(records: Sequence[StageRecord], price: Price | None) -> dict[str, float]:
    if price is None or not _is_priced(records, price):
        return {}
    return {f"cost_{price.currency}": round(sum(_paid(record, price) for record in records), 8)}


def _ends(records: Iterable[StageRecord]) -> dict[str, float]:
    """How documents stand after the stage: by outcome and reason, and their pages by outcome."""
    documents: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for record in records:
        reason = _reason(record)
        documents[f"ended/{record.status}{f'/{reason}' if reason else ''}"] += 1
        pages[f"ended_pages/{record.status}"] += len(record.pages) if record.usable else record.page_count
    return {key: float(count) for key, count in (documents + pages).items()}


_Column = tuple[dg.TableColumn, Callable[[StageRecord], Any]]


def _columns(records: Sequence[StageRecord], price: Price | None) -> list[_Column]:
    """The table's columns; those of device seconds and cost only where there are any."""
    columns: list[_Column] = [
        (dg.TableColumn("document", "string"), lambda record: record.name),
        (dg.TableColumn("reason", "string"), _reason),
        (dg.TableColumn("status", "string"), lambda record: record.status),
        (dg.TableColumn("pages", "int"), lambda record: record.page_count or len(record.pages)),
        (dg.TableColumn("seconds", "float"), lambda record: round(record.seconds, 3)),
        (dg.TableColumn("cpu_seconds", "float"), lambda record: round(record.cpu_seconds, 3)),
    ]
    if any(record.device_seconds for record in records):
        columns.append((dg.TableColumn("device_seconds", "float"), _device_total))
    if price and _is_priced(records, price):
        columns.append((dg.TableColumn(f"cost_{price.currency}", "float"), lambda each: _paid(each, price)))
    return [
        *columns,
        (dg.TableColumn("reused", "bool"), lambda record: record.reused),
        (dg.TableColumn("what", "string"), _what),
    ]


def _reason(record: StageRecord) -> str:
    """One word: why the document was given up, or what its first page with an issue lacks."""
    return record.reason or next((issue.reason for issue in record.issues), "")


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
