"""What came of it: for machines as JSON, for people as a table."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.comparing.sides import Side
from benchmarks.metrics.environment import Environment
from benchmarks.same_bytes.holding import Held

__all__ = ["SameBytesReport", "print_report"]

_SHOWN = 5


class SameBytesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is written as JSON. `hashes`: of each document's results in all formats, by their name."""

    environment: Environment
    commit: Side
    files: int
    hashes: dict[str, str]
    held: list[Held]

    @property
    def equal(self) -> bool:
        """Whether nothing differs anywhere."""
        return not any(each.differences for each in self.held)


def print_report(report: SameBytesReport, console: Console) -> None:
    """A row for each circumstance, then the first differences of each."""
    table = Table(title=f"{report.files} files, {report.commit}")
    for column in ("", "", "beside", "seconds", "compared", "differing"):
        table.add_column(column, justify="left" if column in ("", "beside") else "right")
    for each in report.held:
        table.add_row(
            *(escape(text) for text in (each.backend, each.name, ", ".join(each.beside))),
            *(f"{each.seconds:.1f}", f"{each.compared:,}", f"{len(each.differences):,}"),
            style="red" if each.differences else "",
        )
    console.print(table)
    for each in report.held:
        for difference in each.differences[:_SHOWN]:
            where = f"{each.backend}, {each.name}: {difference.name}: {difference.stage}, {difference.part}"
            console.print(f"[red]{escape(where)}[/red] {difference.kind}", highlight=False, soft_wrap=True)
            for place in difference.places:
                console.print(f"    {escape(place)}", highlight=False, soft_wrap=True)
    console.print("[green]the same bytes[/green]" if report.equal else "[red]not the same bytes[/red]")
