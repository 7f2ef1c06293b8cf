"""Whether docling's own model outputs give docling's own documents: `python -m benchmarks.conformance`.

Replays the layout and table predictions of a kit through docmill's stages, compares each document with the
one that docling made of the same predictions, and holds the result against a floor. What is measured is said
in `benchmarks.conformance.compare`, the kit's format in `benchmarks.recorded.recordings` and
`benchmarks.conformance.cases`, the floor file's in `benchmarks.conformance.floor`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.conformance.cases import Case, read_cases
from benchmarks.conformance.compare import CaseScore, compare
from benchmarks.conformance.floor import Floor, read_floor
from benchmarks.conformance.making import Made, TableSource, TextSource, make_documents
from benchmarks.conformance.report import Report, make_report, score_table
from benchmarks.metrics.environment import environment
from benchmarks.metrics.kit import KitError, load_document

__all__ = ["app", "conformance"]

_NO_CELLS = "no recorded text (NAME.cells.json)"
#: Characters of a difference that are printed.
_SHOWN = 120

app = typer.Typer(add_completion=False)


def _write(out: Path, case: Case, made: Made) -> None:
    if made.document is not None:
        made.document.save_as_json(out / f"{case.name}.json")
        (out / f"{case.name}.md").write_text(made.document.export_to_markdown(), encoding="utf-8")


def _excerpts(one: str, other: str) -> tuple[str, str]:
    """Both texts from a little before they differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    start = max(0, same - _SHOWN // 2)
    mark = "... " if start else ""
    return mark + one[start : start + _SHOWN], mark + other[start : start + _SHOWN]


def _print(console: Console, report: Report, *, differences: bool) -> None:
    console.print(score_table(report))
    for name, reason in report.skipped.items():
        console.print(f"skipped {escape(f'{name}: {reason}')}", highlight=False)
    for case in report.cases:
        if case.failure:
            console.print(f"[red]incomplete[/red] {escape(f'{case.name}: {case.failure}')}", highlight=False)
        for shortfall in case.below:
            console.print(f"[red]below[/red] {escape(f'{case.name}: {shortfall}')}", highlight=False)
        for found in case.score.differences if differences and case.score else ():
            console.print(f"{case.name}, page {found.page}, {found.label}: {found.what}", markup=False)
            for who, what in zip(("docling", "docmill"), _excerpts(found.expected, found.made), strict=True):
                console.print(f"    {who}  {what}", markup=False, highlight=False)
    for shortfall in report.below:
        console.print(f"[red]below[/red] {escape(f'all cases: {shortfall}')}", highlight=False)


@app.command(
    epilog="Floor file: {totals, default, kinds: {KIND: ...}, cases: {CASE: ...}}, each with any of items, "
    "labels, texts, texts_but_spaces, shapes, cells (least fractions), box_pt, markdown_wer (greatest). "
    "Exit status: 0; 1 when something is below the floor or was not made; 2 for misuse."
)
def conformance(
    kit: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of CASE.predictions.json.")],
    text: Annotated[str, typer.Option(help="Text of the pages: recorded or pdfium.")] = "recorded",
    tables: Annotated[
        str, typer.Option(help="Cells: recorded, or rematch to match words to tags and cell boxes.")
    ] = "recorded",
    cases: Annotated[str | None, typer.Option(help="Only these cases, separated by commas.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the documents here, as JSON and Markdown.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    floor: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What must be reached, as JSON.")
    ] = None,
    differences: Annotated[
        bool, typer.Option("--differences", help="Print everything that is not as docling has it.")
    ] = False,
) -> None:
    """Replay recorded model outputs and compare the documents with docling's."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        text_source = msgspec.convert(text, TextSource)
        table_source = msgspec.convert(tables, TableSource)
        limits = read_floor(floor) if floor else Floor()
        only = [name.strip() for name in cases.split(",") if name.strip()] if cases else None
        chosen, skipped = read_cases(kit, only)
    except (KitError, msgspec.ValidationError) as error:
        raise typer.BadParameter(str(error)) from error
    if text_source == "recorded":
        skipped |= {case.name: _NO_CELLS for case in chosen if not case.has_cells}
        chosen = [case for case in chosen if case.has_cells]

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="conformance-") as work:
        made = make_documents(chosen, text=text_source, tables=table_source, work=Path(work))
    seconds = time.perf_counter() - started

    scores: dict[str, CaseScore | None] = {}
    for case in chosen:
        document = made[case.name].document
        try:
            scores[case.name] = compare(load_document(case.expected), document) if document else None
        except KitError as error:
            skipped[case.name] = str(error)
    report = make_report(
        [case for case in chosen if case.name in scores],
        scores,
        {name: document.failure for name, document in made.items() if document.failure},
        floor=limits,
        kit=kit.resolve().name,
        text=text,
        tables=tables,
        seconds=seconds,
        environment=environment(),
        skipped=skipped,
    )
    _print(console, report, differences=differences)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for case in chosen:
            _write(out, case, made[case.name])
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if not report.cases or not report.passed:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
