"""What docmill's benchmarks measure, and how long they take: `python -m benchmarks`.

Each is a command of its own: `python -m MODULE --help` explains it, `--json FILE` keeps all that it found.
`python -m benchmarks run` runs them one after another and keeps a result of each in one form, in
`benchmarks/results/MACHINE/NAME.json`; `benchmarks/REPORT.md` and its pictures are made of those alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.comparing.errors import ComparingError
from benchmarks.harness.catalogue import Benchmark, catalogue
from benchmarks.harness.noise import busy_now
from benchmarks.harness.recording import record_page
from benchmarks.harness.report import shown, write_report
from benchmarks.harness.result import RESULTS, Result, write
from benchmarks.harness.running import MissingError, devices, run
from benchmarks.harness.stated import pages, untrue
from benchmarks.harness.taking import PathError

__all__ = ["app", "run_chosen"]

#: A benchmark may take so many times the minutes that it usually does, while there are as many left.
_PATIENCE, _LEAST_MINUTES = 3.0, 3.0
_MINUTE_S = 60.0

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def listed(context: typer.Context) -> None:
    """List what there is; the docstring above is the help."""
    if context.invoked_subcommand is None:
        _print_list(_console())


@app.command(
    "run",
    epilog="Exit status: 0; 1 when one failed or was left out; 2 for misuse; 3 when the machine is busy.",
)
def run_benchmarks(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; default: the set, marked in the list.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="Start nothing that would take longer.")] = 15.0,
    anyway: Annotated[bool, typer.Option("--anyway", help="On a busy machine too; results say so.")] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="With the arguments that pages' figures are of, where there are some."),
    ] = False,
    given: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME=VALUE", help="What one needs, as quality=FOLDER; repeatable."),
    ] = None,
    machine: Annotated[
        str | None, typer.Option(help="Folder of the results; default: cpu, or the name of the GPU.")
    ] = None,
    results: Annotated[
        Path, typer.Option(help="Where results are kept, and the report beside it.")
    ] = RESULTS,
) -> None:
    """Run benchmarks one after another, and keep their results and the report."""
    console = _console()
    known = catalogue()
    values = dict(_pair(each) for each in given or ())
    chosen = names or [
        name for name, each in known.items() if each.chosen and (not each.needs or each.needs in values)
    ]
    if unknown := [name for name in chosen if name not in known]:
        raise typer.BadParameter(f"no benchmark {', '.join(unknown)}: python -m benchmarks lists them")
    measured = any(known[name].kind == "measured" for name in chosen)
    if measured and (reasons := list(busy_now())):
        console.print(f"[yellow]not an empty machine: {escape('; '.join(reasons))}[/yellow]", soft_wrap=True)
        if not anyway:
            console.print("figures would mean little; --anyway measures all the same, and results say so")
            raise typer.Exit(3)
    picked = {name: known[name].at_length() if full else known[name] for name in chosen}
    folder = results / (machine or _kind_of_machine())
    failed = run_chosen(picked, values, minutes, folder, console)
    write_report(results)
    console.print(f"report: {results.parent / 'REPORT.md'}", soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def run_chosen(
    chosen: Mapping[str, Benchmark], given: Mapping[str, str], minutes: float, folder: Path, console: Console
) -> list[str]:
    """Run what fits into so many minutes, keep each result at once; the names of those that gave none."""
    deadline = time.monotonic() + minutes * _MINUTE_S
    failed = []
    for name, each in chosen.items():
        left = deadline - time.monotonic()
        if each.minutes * _MINUTE_S > left:
            console.print(f"[yellow]{name} is left out[/yellow]: {each.minutes:g} minutes are not left")
            failed.append(name)
            continue
        console.print(f"{name}: {each.measures}", style="dim", soft_wrap=True)
        try:
            result = run(
                name, each, given, min(left, _MINUTE_S * max(_PATIENCE * each.minutes, _LEAST_MINUTES))
            )
        except (ComparingError, MissingError, PathError) as error:
            console.print(f"{name} failed: {error}", style="red", markup=False, soft_wrap=True)
            failed.append(name)
            continue
        place = folder if each.kind == "measured" else folder.parent / each.kind
        write(result, place / f"{name}.json")
        _print_result(result, console)
    return failed


@app.command()
def report(
    results: Annotated[
        Path, typer.Option(help="Where results are kept, and the report beside it.")
    ] = RESULTS,
) -> None:
    """Write REPORT.md and its pictures anew, of the results that are kept."""
    write_report(results)


@app.command(epilog="Exit status: 1 when a page states what no result has.")
def figures(
    record: Annotated[
        list[Path] | None,
        typer.Option(help="Keep the figures of this page that no result has, as recorded; repeatable."),
    ] = None,
) -> None:
    """Hold the figures that pages state against results, and count those that name none."""
    console = _console()
    for page in record or ():
        for path in record_page(page):
            console.print(f"kept {path}", soft_wrap=True)
    wrong = list(untrue())
    for each in wrong:
        console.print(each, style="red", markup=False, soft_wrap=True)
    table = Table("page", "figures", "held against results", "named by no result")
    for named, stated in pages().items():
        table.add_row(named, *(str(number) for number in (stated.all, stated.held, stated.uncovered)))
    console.print(table)
    raise typer.Exit(1 if wrong else 0)


def _console() -> Console:
    """Wide where nobody looks, so that tables stay in a log."""
    return Console() if sys.stdout.isatty() else Console(width=160)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE")
    return name, str(Path(value).resolve()) if Path(value).exists() else value


def _kind_of_machine() -> str:
    names = devices()
    return names[0].lower().replace(" ", "-") if names else "cpu"


def _print_list(console: Console) -> None:
    table = Table(title="python -m benchmarks run NAME...; * are those of make bench")
    table.add_column("", no_wrap=True)
    table.add_column("minutes", justify="right")
    table.add_column("in full", justify="right")
    table.add_column("measures")
    table.add_column("python -m", no_wrap=True)
    for name, each in catalogue().items():
        minutes, in_full = f"{each.minutes:g}", f"{each.full_minutes:g}" if each.full_minutes else ""
        star = "*" if each.chosen else ""
        table.add_row(
            f"{name}{star}", minutes, in_full, each.measures, each.module.removeprefix("benchmarks.")
        )
    console.print(table)
    console.print("python -m benchmarks --help says how results are kept", style="dim")


def _print_result(result: Result, console: Console) -> None:
    table = Table(title=f"{result.name}: {result.seconds:.0f} s")
    for number, column in enumerate(("", "value", "", "least to most", "ratio of")):
        table.add_column(column, justify="right" if number in (1, 3) else "left")
    for figure in result.figures:
        spread = "" if figure.least is None else f"{shown(figure.least)} to {shown(figure.most or 0.0)}"
        table.add_row(escape(figure.name), shown(figure.value), figure.unit, spread, figure.ratio)
    console.print(table)
    for warning in result.noise.warnings if result.noise else ():
        console.print(f"[yellow]{escape(warning)}[/yellow]", soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
