"""The state of the whole corpus: a Parquet table of every document, and a page to read."""

from __future__ import annotations

import html
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from docmill.pipeline.corpus.ledger.entries import OPEN
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

__all__ = ["CorpusTotals", "markdown_report", "one_each", "write_report"]

_FOLDER = "reports"
_DAYS = 14
_HOUR_S = 3600.0


@dataclass
class CorpusTotals:
    """Sums over documents; seconds are workers' wall and CPU time, `device_seconds` what servers measured."""

    documents: int = 0
    bytes: int = 0
    pages: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    batches: set[str] = field(default_factory=set)
    device_seconds: Counter[str] = field(default_factory=Counter)

    @property
    def gpu_hours(self) -> float:
        """Device hours of all models."""
        return sum(self.device_seconds.values()) / _HOUR_S

    def add(self, table: pa.Table) -> None:
        """Count rows of the ledger; what was done for several names of one content is counted once."""
        self.documents += table.num_rows
        self.states += _counts(table["state"])
        self.reasons += _counts(table.filter(pc.not_equal(table["reason"], ""))["reason"])
        done = table.filter(pc.invert(pc.is_in(table["state"], pa.array(OPEN))))
        self.days += _counts(pc.strftime(done["at"], "%Y-%m-%d"))
        self.batches.update(pc.unique(table["batch"]).to_pylist())
        once = one_each(table)
        self.bytes += _sum(once["size"])
        self.pages += _sum(once["pages"])
        self.seconds += _sum(once["seconds"])
        self.cpu_seconds += _sum(once["cpu_seconds"])
        for chunk in once["device_seconds"].chunks:
            models = pa.table({"model": chunk.keys, "seconds": chunk.items})
            for row in models.group_by("model").aggregate([("seconds", "sum")]).to_pylist():
                self.device_seconds[row["model"]] += row["seconds_sum"]


def one_each(table: pa.Table) -> pa.Table:
    """A row for each content, in the order of ids: of several the one that took longest."""
    if table.num_rows < 2:
        return table
    ordered = table.sort_by([("id", "ascending"), ("seconds", "descending")])
    ids = ordered["id"].combine_chunks()
    first = pc.not_equal(ids[1:], ids[:-1])
    return ordered.filter(pa.concat_arrays([pa.array([True]), first]))


def write_report(
    store: DocumentStore, ledger: Ledger, price: Price | None, now: datetime | None = None
) -> tuple[CorpusTotals, str, str]:
    """Write `reports/DAY/documents.parquet` and `.../index.html`; returns the totals and both addresses."""
    now = now or datetime.now(UTC)
    folder = f"{_FOLDER}/{now:%Y-%m-%d}"
    totals, sink = CorpusTotals(), io.BytesIO()
    with pq.ParquetWriter(sink, ledger.documents.schema, compression="zstd") as writer:
        for table in ledger.documents.scan():
            totals.add(table)
            writer.write_table(table)
    table_path, page_path = f"{folder}/documents.parquet", f"{folder}/index.html"
    store.write(table_path, sink.getvalue())
    store.write(page_path, _page(totals, price, now).encode())
    return totals, store.full_path(table_path), store.full_path(page_path)


def markdown_report(totals: CorpusTotals, price: Price | None) -> str:
    """The totals as Markdown tables."""
    sections = []
    for title, rows in _sections(totals, price):
        lines = [
            f"**{title}**",
            "",
            "| | |",
            "|---|---:|",
            *(f"| {name} | {value} |" for name, value in rows),
        ]
        sections.append("\n".join(lines))
    return "\n\n".join(sections)


def _sections(totals: CorpusTotals, price: Price | None) -> list[tuple[str, list[tuple[str, str]]]]:
    everything = [
        ("documents", f"{totals.documents:,}"),
        ("batches", f"{len(totals.batches):,}"),
        ("pages converted", f"{totals.pages:,}"),
        ("megabytes", f"{totals.bytes / 1e6:,.1f}"),
        ("worker hours", f"{totals.seconds / _HOUR_S:,.2f}"),
        ("CPU hours", f"{totals.cpu_seconds / _HOUR_S:,.2f}"),
    ]
    if totals.device_seconds:
        everything.append(("GPU hours", f"{totals.gpu_hours:,.3f}"))
    if price and (cost := price.of(totals.device_seconds, totals.cpu_seconds)):
        everything.append(("cost", f"{cost:,.2f} {price.currency}"))
    sections = [("Corpus", everything), ("By state", _ranked(totals.states))]
    if totals.reasons:
        sections.append(("Why not, or not wholly", _ranked(totals.reasons)))
    if totals.device_seconds:
        hours = {model: f"{seconds / _HOUR_S:,.3f}" for model, seconds in totals.device_seconds.most_common()}
        sections.append(("GPU hours by model", list(hours.items())))
    if totals.days:
        recent = sorted(totals.days.items(), reverse=True)[:_DAYS]
        sections.append(("Documents by day", [(day, f"{count:,}") for day, count in recent]))
    return sections


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{count:,}") for name, count in Counter(counts).most_common()]


def _page(totals: CorpusTotals, price: Price | None, now: datetime) -> str:
    tables = "".join(
        f"<h2>{html.escape(title)}</h2><table>"
        + "".join(f"<tr><td>{html.escape(name)}<td>{html.escape(value)}" for name, value in rows)
        + "</table>"
        for title, rows in _sections(totals, price)
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>docmill: the corpus</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2em auto;max-width:40em}"
        "td{padding:.1em 2em .1em 0}td+td{text-align:right;font-variant-numeric:tabular-nums}</style>"
        f"<h1>The corpus on {now:%Y-%m-%d, %H:%M} UTC</h1>{tables}"
        '<p>Every document: <a href="documents.parquet">documents.parquet</a></p>'
    )


def _counts(values: pa.ChunkedArray) -> Counter[str]:
    return Counter({each["values"]: each["counts"] for each in pc.value_counts(values).to_pylist()})


def _sum(values: pa.ChunkedArray) -> int:
    return pc.sum(values).as_py() or 0
