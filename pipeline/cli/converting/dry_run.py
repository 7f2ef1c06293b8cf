"""`--dry-run`: which documents there are, in which batches, and what of them is done already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.converting.outcomes import unread_outcome
from docmill.pipeline.convert.errors import BackendError
from docmill.pipeline.intake.batches import DocumentRef, batch_key
from docmill.pipeline.stages.conversion import Conversion
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.sources import UnreadableSource

__all__ = ["Planned", "plan", "print_plan"]

_MAX_ROWS = 100


class Planned(msgspec.Struct, kw_only=True):
    """A document that would be converted: `stages` are those that would be done, none when it is found again.

    `results` is the name of its results, without extension.
    """

    document: str
    name: str
    source: str
    size: int
    batch: str
    results: str
    stages: list[str]

    @property
    def found(self) -> bool:
        """Whether all that was asked for is there already."""
        return not self.stages


def plan(conversion: Conversion, batches: Iterable[Sequence[DocumentRef]]) -> Iterator[Planned]:
    """What runs would do of each document; nothing is written. A server is asked what it has."""
    with suppress(BackendError):  # what it has to do is not known to be done
        conversion = conversion.asked()
    for batch in batches:
        key = batch_key(batch, datetime.now(UTC).date())
        for document, stages in zip(
            batch, at_once(lambda each: _to_do(conversion, each), batch), strict=True
        ):
            yield Planned(
                document=document.id,
                name=document.name,
                source=document.source,
                size=document.size,
                batch=key,
                results=document.stem,
                stages=stages,
            )


def print_plan(
    planned: Iterator[Planned], unread: Sequence[UnreadableSource], console: Console, *, as_json: bool
) -> None:
    """Print it: lines of JSON on standard output, or a table and what it comes to."""
    everything = list(planned)
    if as_json:
        for each in everything:
            print(msgspec.json.encode(msgspec.to_builtins(each) | {"found": each.found}).decode())
        for source in unread:
            print(msgspec.json.encode(unread_outcome(source)).decode())
        return
    table = Table(box=box.SIMPLE)
    table.add_column("document", overflow="fold")
    table.add_column("batch", overflow="fold")
    table.add_column("would be done", no_wrap=True)

    for each in everything[:_MAX_ROWS]:
        table.add_row(escape(each.name), each.batch, _words(each))
    if everything:
        console.print(table)
    if len(everything) > _MAX_ROWS:
        console.print(f"and {len(everything) - _MAX_ROWS} more documents; --json has all")
    for source in unread:
        console.print(f"[red]cannot be read[/] {escape(source.name)}: {escape(source.error.message)}")
    found = sum(each.found for each in everything)
    batches = len({each.batch for each in everything})
    console.print(
        f"{len(everything)} documents in {batches} batches: {found} are found again, "
        f"{len(everything) - found} would be converted, {len(unread)} cannot be read. Nothing was written."
    )


def _to_do(conversion: Conversion, document: DocumentRef) -> list[str]:
    """The stages that have no finished work; of one that failed, all from there on."""
    prints = conversion.fingerprints
    for number, stage in enumerate(conversion.stages):
        record = conversion.artifacts.record(document.id, stage, prints[stage]) if stage in prints else None
        if record is None or not record.final:
            return list(conversion.stages)[number:]
    return []


def _words(each: Planned) -> str:
    return "nothing: found again" if each.found else f"from {each.stages[0]} on"
