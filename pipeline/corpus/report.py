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

__all__ = ["CorpusTotals", "in_words", "markdown_report", "one_each", "write_report"]

_FOLDER = "reports"
_DAYS = 14
_HOUR_S = 3600.0
_COST, _CURRENCY = pa.field("cost", pa.float64()), pa.field("currency", pa.string())


@dataclass
class CorpusTotals:
    """Sums over documents; seconds are workers' wall and CPU time, `device_seconds` what servers measured.

    `characters` is what became of the letters and digits that were read.
    """

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
    characters: Counter[str] = field(default_factory=Counter)

    @property
    def gpu_hours(self) -> float:
        """Device hours of all models."""
        return sum(self.device_seconds.values()) / _HOUR_S

    @property
    def gpu_seconds_per_page(self) -> float:
        """Of the pages that were converted."""
        return self.gpu_hours * _HOUR_S / self.pages if self.pages else 0.0

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
        self.device_seconds += _map_sums(once["device_seconds"])
        self.characters += _map_sums(once["characters"])


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
    schema = ledger.documents.schema.append(_COST).append(_CURRENCY)
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for table in ledger.documents.scan():
            totals.add(table)
            writer.write_table(_with_cost(table, price))
    table_path, page_path = f"{folder}/documents.parquet", f"{folder}/index.html"
    store.write(table_path, sink.getvalue())
    store.write(page_path, _page(totals, price, now).encode())
    return totals, store.full_path(table_path), store.full_path(page_path)


def _with_cost(table: pa.Table, price: Price | None) -> pa.Table:
    """The rows with what each document cost at these prices; nothing where there are none."""
    if price is None:
        cost, currency = pa.nulls(table.num_rows, pa.float64()), pa.nulls(table.num_rows, pa.string())
    else:
        devices = table["device_seconds"].to_pylist(maps_as_pydicts="strict")
        spent = zip(devices, table["cpu_seconds"].to_pylist(), strict=True)
        cost = pa.array([price.of(each or {}, cpu or 0.0) for each, cpu in spent], pa.float64())
        currency = pa.array([price.currency] * table.num_rows, pa.string())
    return table.append_column(_COST, cost).append_column(_CURRENCY, currency)


def in_words(fate: str) -> str:
    """What became of characters, to be read: `left_out/off_page` is "left out (off page)"."""
    what, _, why = fate.replace("_", " ").partition("/")
    return f"{what} ({why})" if why else what


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
        everything.append(("GPU seconds a page", f"{totals.gpu_seconds_per_page:,.4f}"))
    if price and (cost := price.of(totals.device_seconds, totals.cpu_seconds)):
        everything.append(("cost", f"{cost:,.2f} {price.currency}"))
    sections = [("Corpus", everything), ("By state", _ranked(totals.states))]
    if totals.reasons:
        sections.append(("Why not, or not wholly", _ranked(totals.reasons)))
    if totals.characters:
        text = {in_words(name): f"{count:,.0f}" for name, count in totals.characters.items()}
        sections.append(("Letters and digits", list(text.items())))
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


def _map_sums(maps: pa.ChunkedArray) -> Counter[str]:
    """The sum of the values of each key."""
    sums: Counter[str] = Counter()
    for chunk in maps.chunks:
        entries = pa.table({"key": chunk.keys, "value": chunk.items})
        for row in entries.group_by("key").aggregate([("value", "sum")]).to_pylist():
            sums[row["key"]] += row["value_sum"]
    return sums


def _counts(values: pa.ChunkedArray) -> Counter[str]:
    return Counter({each["values"]: each["counts"] for each in pc.value_counts(values).to_pylist()})


def _sum(values: pa.ChunkedArray) -> int:
    return pc.sum(values).as_py() or 0
