"""`docmill status`, `docmill documents`, `docmill ledger`: what the ledger knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.places import the_price, the_sources, the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.entries import DocumentRow, SourceRow
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.rebuild import rebuild
from docmill.pipeline.corpus.ledger.select import Selection
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

__all__ = ["find_documents_named", "list_documents", "list_ignored", "rebuild_ledger", "show_status"]

_HEX = set("0123456789abcdef")
_SHORTEST_ID = 4
#: Columns from which on a table has room for batches.
_WIDE = 110
_COLOURS = {
    "queued": "cyan",
    "converted": "green",
    "partial": "yellow",
    "quarantined": "red",
    "failed": "red",
}


def show_status(names: Sequence[str], *, as_json: bool) -> int:
    """Print what is known of each file or id; the exit code is 1 when something is not known."""
    store = the_store()
    console = Console()
    unknown = 0
    for name in names:
        found = find_documents_named(open_ledger(store), name)
        if not found:
            unknown += 1
            Console(stderr=True).print(f"docmill has not seen {escape(name)}", soft_wrap=True)
        for row in found:
            if as_json:
                print(msgspec.json.encode(row).decode())
            else:
                _print_document(console, store, row)
    return 1 if unknown else 0


def find_documents_named(ledger: Ledger, name: str) -> list[DocumentRow]:
    """The documents that a file, an address or the beginning of an id means; none when it is not known.

    An address that was picked up from an inbox is looked up; other files are read, for their content is
    their id. Raises `DocmillError` when the file cannot be read.
    """
    if "://" in name:
        source = ledger.source(name)
        id_ = source.document if source else _content_id(name)
    elif Path(name).is_file():
        id_ = _content_id(name)
    elif len(name) >= _SHORTEST_ID and set(name) <= _HEX:
        return ledger.beginning_with(name)
    else:
        raise BackendConfigError(f"there is no file {name}, and it is not an id (4 hex digits or more)")
    row = ledger.document(id_) if id_ else None
    return [row] if row else []


def list_documents(selection: Selection, limit: int, *, as_json: bool) -> int:
    """Print the documents that are meant, at most `limit`, and how many there are."""
    found = selection.rows(open_ledger(the_store()))
    if as_json:
        for row in islice(found, limit or None):
            print(msgspec.json.encode(row).decode())
        return 0
    shown: list[DocumentRow] = []
    states: Counter[str] = Counter()
    for row in found:
        states[row.state] += 1
        if not limit or len(shown) < limit:
            shown.append(row)
    _print_documents(shown)
    total = sum(states.values())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    more = f", the first {len(shown)} shown (--limit)" if len(shown) < total else ""
    Console(stderr=True).print(f"{total} documents{': ' + counts if counts else ''}{more}")
    return 0


def list_ignored(limit: int, *, as_json: bool) -> int:
    """Print the files of the inbox that were left out."""
    rows: Iterable[SourceRow] = islice(open_ledger(the_store()).ignored(), limit or None)
    for row in rows:
        print(msgspec.json.encode(row).decode() if as_json else f"{row.reason}\t{row.address}")
    return 0


def rebuild_ledger() -> int:
    """Make the ledger again from manifests and artifacts."""
    store, console = the_store(), Console(stderr=True)
    with console.status("reading manifests") as status:
        made = rebuild(store, open_ledger(store), status.update)
    console.print(
        f"{made.documents} documents in {made.batches} batches; {made.settled} have run, "
        f"{made.documents - made.settled} wait."
    )
    return 0


def _content_id(address: str) -> str:
    return the_sources().content_id(address)


def _print_document(console: Console, store: DocumentStore, row: DocumentRow) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in _facts(store, row):
        table.add_row(label, value)
    console.print(f"[bold]{escape(row.name)}[/]  [{_COLOURS[row.state]}]{row.state}[/]", overflow="fold")
    console.print(table)


def _facts(store: DocumentStore, row: DocumentRow) -> list[tuple[str, str]]:
    facts = [("id", row.id), ("source", row.source), ("batch", row.batch), ("at", f"{row.at:%F %T} UTC")]
    if row.reason:
        facts.append(("reason", f"{row.reason}{f' (stage {row.stage})' if row.stage else ''}"))
    if row.message:
        facts.append(("message", row.message))
    if row.remedy and not row.converted:
        facts.append(("remedy", row.remedy))
    if row.attempts > 1:
        facts.append(("attempts", str(row.attempts)))
    if row.page_count:
        facts.append(("pages", f"{row.pages} of {row.page_count} converted, {row.issues} with issues"))
    facts += _took(row, the_price())
    if row.original:
        facts.append(("original", row.original))
    facts += [(extension, store.full_path(path)) for extension, path in sorted(row.files.items())]
    if row.out and row.converted:
        out = DocumentStore(row.out)
        facts += [
            ("published", out.full_path(f"{row.ref.stem}.{extension}")) for extension in sorted(row.files)
        ]
    if row.run:
        facts.append(("run", row.run))
    return [(label, escape(value)) for label, value in facts]


def _took(row: DocumentRow, price: Price | None) -> list[tuple[str, str]]:
    """What all stages took."""
    devices = sum(row.device_seconds.values())
    cost = price.of(row.device_seconds, row.cpu_seconds) if price else 0.0
    numbers = [
        ("worker seconds", row.seconds),
        ("CPU seconds", row.cpu_seconds),
        ("GPU seconds", devices),
    ]
    took = [(label, f"{seconds:,.3f}") for label, seconds in numbers if seconds]
    return [*took, ("cost", f"{cost:,.6f} {price.currency}")] if price and cost else took


def _print_documents(rows: Sequence[DocumentRow]) -> None:
    """Where there is room for them, with their batches: names come first."""
    console = Console()
    batches = console.width >= _WIDE
    table = Table(box=box.SIMPLE)
    table.add_column("id", no_wrap=True)
    table.add_column("document", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("reason")
    table.add_column("pages", justify="right")
    if batches:
        table.add_column("batch", overflow="fold")
    for row in rows:
        state = f"[{_COLOURS[row.state]}]{row.state}"
        batch = [row.batch] if batches else []
        table.add_row(row.id[:12], escape(row.name), state, row.reason, str(row.page_count), *batch)
    if rows:
        console.print(table)
