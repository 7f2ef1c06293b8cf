"""What becomes of other people's PDFs: `python -m benchmarks.quality --corpus DIR`.

Converts the PDFs of a corpus and holds the results against the right answers beside them. What forms of
right answers there are is said in `benchmarks.quality.truths`, what is measured in
`benchmarks.quality.scores`, what the halves are in `benchmarks.quality.halves`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.measuring.processes import adopt_orphans
from benchmarks.metrics.environment import environment
from benchmarks.quality.corpus import CorpusError, read_corpus
from benchmarks.quality.engines.named import ENGINES, named_engine
from benchmarks.quality.engines.output import EngineError, Output
from benchmarks.quality.fair import Fairness
from benchmarks.quality.floor import read_floor, shortfalls
from benchmarks.quality.halves import Half
from benchmarks.quality.pages import MOST_PAGES, write_pages
from benchmarks.quality.report import (
    Report,
    print_changes,
    print_engine,
    read_report,
    worth_of,
    write_report,
)
from benchmarks.quality.run import run_engine
from docmill.pipeline.stages.spec import TimeLimits

__all__ = ["app", "quality"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Exit status: 0; 1 below the floor, or when an engine cannot be had; 2 for misuse.")
def quality(
    corpus: Annotated[
        list[Path],
        typer.Option(exists=True, file_okay=False, help="Folder of PDFs with right answers; repeatable."),
    ],
    engine: Annotated[
        list[str], typer.Option(help=f"What converts, or has converted: {ENGINES}; repeatable.")
    ] = ["docmill"],  # noqa: B006  # typer reads it
    half: Annotated[Half, typer.Option(help="Which documents.")] = Half.ALL,
    fair: Annotated[
        Fairness,
        typer.Option(help="Take title and references out of outputs; auto: where truths have none."),
    ] = Fairness.AUTO,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that convert.")] = 1,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that docmill has for up to 8 pages in a stage.")
    ] = TimeLimits().task_s,
    cache: Annotated[
        Path | None, typer.Option(help="Keep what docmill's layout model says in this folder.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="Documents to list; 0: all.")] = 15,
    effort: Annotated[
        bool, typer.Option(help="Count the CPU of all processes too, beyond what the first PDF takes alone.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the Markdown to CORPUS/ENGINE/NAME.md here.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Show the worst in index.html here; of the development half unless --half names another."
        ),
    ] = None,
    floor: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What must be reached, as JSON.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Print changes since this report.")
    ] = None,
) -> None:
    """Score converters on corpora."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        earlier = read_report(against) if against else None
        corpora = [read_corpus(folder, half) for folder in corpus]
        limits = read_floor(floor) if floor else {}
        drawn = MOST_PAGES if report else 0
        engines = {
            name: named_engine(name, jobs=jobs, timeout_s=timeout, kept=cache, drawn=drawn) for name in engine
        }
    except (CorpusError, EngineError, msgspec.DecodeError) as error:
        raise typer.BadParameter(str(error)) from error

    if effort:
        adopt_orphans()
    shown = Half.DEVELOPMENT if half is Half.ALL else half
    runs = []
    for each in corpora:
        for name, converter in engines.items():
            run = run_engine(each, name, converter, fair, counted=effort)
            print_engine(console, each, run.report, worst)
            if earlier is not None:
                print_changes(console, earlier, run.report)
            if out is not None:
                _write(out / each.name / name.replace("/", "_"), run.outputs)
            runs.append(run)
    if json is not None:
        reports = [run.report for run in runs]
        write_report(json, Report(environment=environment(), engines=reports, worth=worth_of(reports)))
    if report is not None:
        console.print(f"the worst, for people: {write_pages(report, runs, shown, worst)}", highlight=False)
    below = [shortfall for run in runs for shortfall in shortfalls(limits, run.report)]
    for shortfall in below:
        console.print(f"[red]below[/red] {escape(shortfall)}", highlight=False)
    if below or any(run.report.unavailable is not None for run in runs):
        raise typer.Exit(1)


def _write(folder: Path, outputs: dict[str, Output]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, output in outputs.items():
        (folder / f"{name}.md").write_text(output.markdown, encoding="utf-8")


if __name__ == "__main__":
    app()
