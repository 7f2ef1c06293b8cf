"""`docmill status`, `docmill documents`, `docmill ledger`: what the ledger knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.places import the_price, the_sources, the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.entries import Attempt, DocumentRow, SourceRow
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.rebuild import rebuild
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.corpus.report import in_words
from docmill.pipeline.intake.inbox import is_under_way
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

__all__ = ["Found", "find_documents_named", "list_documents", "list_ignored", "rebuild_ledger", "show_status"]

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
    "interrupted": "magenta",
    "superseded": "dim",
}


@dataclass(frozen=True)
class Found:
    """The documents that somebody means, and what there is to say of the file that he named.

    `file` is "waiting", "settling", "left out", "changed" or "gone"; empty when it holds what is in `rows`,
    or when no file was named.
    """

    rows: Sequence[DocumentRow] = ()
    file: str = ""
    address: str = ""
    source: SourceRow | None = None

    @property
    def remark(self) -> str:
        """What there is to say of the file, as a sentence."""
        since = f" since {self.source.since:%F %T} UTC" if self.source and self.source.since else ""
        reason = self.source.reason if self.source and self.source.reason else "under_way"
        return {
            "waiting": f"the file waits for its batch to fill{since}",
            "settling": f"the file may still be written, and waits{since} to be left as it is",
            "left out": f"the file is left out ({reason})",
            "changed": "the file holds other content by now, which docmill has not taken yet",
            "gone": "the file is not there any more",
        }.get(self.file, "")


def show_status(names: Sequence[str], *, as_json: bool) -> int:
    """Print what is known of each file or id; the exit code is 1 when something is not known."""
    store = the_store()
    console = Console()
    unknown = 0
    for name in names:
        found = find_documents_named(open_ledger(store), name)
        if not found.rows and not found.file:
            unknown += 1
            Console(stderr=True).print(f"docmill has not seen {escape(name)}", soft_wrap=True)
        if found.file and as_json:
            since = found.source and found.source.since
            reason = found.source.reason if found.source else ""
            said = {"address": found.address, "file": found.file, "reason": reason, "since": since}
            print(msgspec.json.encode(said).decode())
        elif found.file:
            console.print(f"[bold]{escape(found.address)}[/]  [yellow]{escape(found.remark)}[/]")
        for row in found.rows:
            if as_json:
                print(msgspec.json.encode(row).decode())
            else:
                _print_document(console, store, row, open_ledger(store).history(row.entry))
    return 1 if unknown else 0


def find_documents_named(ledger: Ledger, name: str) -> Found:
    """What a file, an address, a name or the beginning of an id means; nothing when it is not known.

    A file that is there is read, for its content is its id; of one elsewhere the ledger says what it held.
    Several names of one content are several rows: a file or an address means its own, an id all of them.
    Raises `DocmillError` when a file cannot be read.
    """
    here = Path(name).expanduser()
    is_id = len(name) >= _SHORTEST_ID and set(name) <= _HEX
    if "://" not in name and is_id and not here.is_file():
        return Found(ledger.beginning_with(name))
    address = name if "://" in name else str(here.absolute())
    source = ledger.source(address)
    if source or "://" in name or here.is_file():
        return _at_address(ledger, address, source)
    if rows := ledger.named(name):
        return Found(rows)
    raise BackendConfigError(
        f"there is no file {name}, docmill has had none of that name, and it is not an id (4 hex digits or "
        "more)"
    )


def _at_address(ledger: Ledger, address: str, source: SourceRow | None) -> Found:
    sources = the_sources()
    there = sources.exists(address)
    # what an inbox took is looked up where reading it would mean to fetch it
    looked_up = source is not None and ("://" in address or not there)
    id_ = source.document if source and looked_up else sources.content_id(address) if there else ""
    own = ledger.at_source(id_, address) if id_ else None
    rows = [own] if own else ledger.of(id_) if id_ else []
    if not there:
        return Found(rows, "gone" if source else "", address, source)
    before = source and source.document not in ("", id_) and ledger.at_source(source.document, address)
    rows += [before] if before else []
    if source and source.waits:
        return Found(rows, "waiting" if source.waits == "batch" else "settling", address, source)
    if before:
        return Found(rows, "changed", address, source)
    if (source and source.reason) or (not rows and is_under_way(address)):
        return Found(rows, "left out", address, source)
    return Found(rows, "", address, source)


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


def _print_document(
    console: Console, store: DocumentStore, row: DocumentRow, history: Sequence[Attempt]
) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in _facts(store, row, history):
        table.add_row(label, value)
    console.print(f"[bold]{escape(row.name)}[/]  [{_COLOURS[row.state]}]{row.state}[/]", overflow="fold")
    console.print(table)


def _facts(store: DocumentStore, row: DocumentRow, history: Sequence[Attempt]) -> list[tuple[str, str]]:
    facts = [("id", row.id), ("source", row.source), ("batch", row.batch), ("at", f"{row.at:%F %T} UTC")]
    if row.reason and row.state != "queued":
        facts.append(("reason", f"{row.reason}{f' (stage {row.stage})' if row.stage else ''}"))
    if row.message and row.state != "queued":
        facts.append(("message", row.message))
    if row.remedy and row.state in FAILED:
        facts.append(("remedy", row.remedy))
    last = history[-1] if history else None
    if last and last.reason and (last.state, last.reason) != (row.state, row.reason):
        # the result stands whatever was tried since
        facts.append(("last attempt", f"{last.state} ({last.reason}) at {last.at:%F %T} UTC: {last.message}"))
    if row.attempts > 1:
        facts.append(("attempts", str(row.attempts)))
    if row.page_count:
        facts.append(("pages", f"{row.pages} of {row.page_count} converted, {_issues(row)}"))
    if row.characters:
        counts = (f"{count:,.0f} {in_words(fate)}" for fate, count in row.characters.items())
        facts.append(("letters and digits", ", ".join(counts)))
    facts += _took(row, the_price())
    if row.original:
        facts.append(("original", row.original))
    facts += [(extension, store.full_path(path)) for extension, path in sorted(row.files.items())]
    if row.copies:
        out = DocumentStore(row.out)
        facts += [("published", out.full_path(name)) for name in row.copies]
    if row.run:
        facts.append(("run", row.run))
    return [(label, escape(value)) for label, value in facts]


def _issues(row: DocumentRow) -> str:
    return f"{row.issues} with issues: docmill explain {row.id[:12]}" if row.issues else "none with issues"


def _took(row: DocumentRow, price: Price | None) -> list[tuple[str, str]]:
    """What all stages took."""
    cost = price.of(row.device_seconds, row.cpu_seconds) if price else 0.0
    numbers = [
        ("worker seconds", row.seconds),
        ("CPU seconds", row.cpu_seconds),
        ("GPU seconds", row.gpu_seconds),
        ("GPU seconds a page", row.gpu_seconds_per_page),
    ]
    if len(row.device_seconds) > 1:
        numbers += [(f"GPU seconds of {model}", spent) for model, spent in sorted(row.device_seconds.items())]
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
        reason = row.reason if row.state != "queued" else ""
        table.add_row(row.id[:12], escape(row.name), state, reason, str(row.page_count), *batch)
    if rows:
        console.print(table)
