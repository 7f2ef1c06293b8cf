"""The result of a comparison of documents: for machines as JSON, for people as a table."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.comparing.comparison import Count, Difference
from benchmarks.comparing.sides import Side
from benchmarks.metrics.environment import Environment

__all__ = ["EqualityReport", "print_equality"]


class EqualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `benchmarks.equality` writes as JSON. `seconds`: wall time of both conversions;
    `unused`: rules and stages that nothing fell under."""

    environment: Environment
    before: Side
    after: Side
    seconds: tuple[float, float]
    places: list[str]
    counts: dict[str, Count]
    differences: list[Difference]
    unused: list[str]

    @property
    def equal(self) -> bool:
        """Whether nothing differs but what may."""
        return all(difference.allowed for difference in self.differences)


def print_equality(report: EqualityReport, console: Console, shown: int) -> None:
    """A row for each stage, then the first differences that may not be."""
    table = Table(title=f"{report.before} -> {report.after}")
    for column in ("", "documents or files", "compared", "differing", "of them allowed"):
        table.add_column(column, justify="right" if column else "left")
    for stage, count in report.counts.items():
        style = "red" if count.differing > count.allowed else ""
        numbers = (count.documents, count.compared, count.differing, count.allowed)
        table.add_row(escape(stage), *(f"{number:,}" for number in numbers), style=style)
    console.print(table)
    wrong = [difference for difference in report.differences if not difference.allowed]
    for difference in wrong[:shown]:
        where = f"{difference.name}: {difference.stage}, {difference.part}"
        console.print(f"[red]{escape(where)}[/red] {difference.kind}", highlight=False, soft_wrap=True)
        for place in difference.places:
            console.print(f"    {escape(place)}", highlight=False, soft_wrap=True)
    if len(wrong) > shown:
        console.print(f"and {len(wrong) - shown:,} more")
    for text in report.unused:
        console.print(f"[yellow]nothing fell under {escape(text)}[/yellow]", soft_wrap=True)
    console.print("[green]equal[/green]" if report.equal else f"[red]{len(wrong):,} pieces differ[/red]")
