"""How close docmill comes to docling: `python -m benchmarks.conformance.accuracy --kit DIR`.

Converts every PDF of a kit that has a ground truth and compares the documents with docling's. Prints tables
and writes everything as JSON. The metrics are defined in `benchmarks.metrics`: `layout`, `text`, `order`,
`headings`, `tables`, `teds`; how documents are brought together, in `benchmarks.metrics.document`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from docling_core.types.doc import DoclingDocument
from rich.console import Console
from rich.markup import escape

from benchmarks.metrics.beside import PageBeside, beside_table, pages_beside
from benchmarks.metrics.document import DocumentScore, score_document
from benchmarks.metrics.environment import environment
from benchmarks.metrics.kit import Case, KitError, TruthKind, load_document, read_kit
from benchmarks.metrics.report import (
    Report,
    class_table,
    comparison_table,
    document_table,
    make_report,
    page_table,
)

__all__ = ["accuracy", "app", "convert_kit", "score_kit"]

_CORES = os.cpu_count() or 1

app = typer.Typer(add_completion=False)


def convert_kit(pdfs: Sequence[Path], out: Path, jobs: int, further: Sequence[str] = ()) -> dict[str, Path]:
    """Convert with docmill's command and `further` options; the documents by PDF name, without the failed.

    Documents that an earlier run left in `out` are deleted first: they must not stand in for a failure.
    """
    out.mkdir(parents=True, exist_ok=True)
    documents = {pdf.stem: out / f"{pdf.stem}.json" for pdf in pdfs}
    for document in documents.values():
        document.unlink(missing_ok=True)
    options = ["--out", str(out), "--format", "json", "--jobs", str(jobs), *further]
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, pdfs), *options]
    # A failed document makes the exit status non-zero too: which ones failed is seen by their absence.
    # In a store of its own: one that is kept has what this code made before it was changed.
    with tempfile.TemporaryDirectory(prefix="docmill-store-") as store:
        variables = {**os.environ, "DOCMILL_STORE": store}
        subprocess.run(command, check=False, stdout=sys.stderr, env=variables)
    return {name: document for name, document in documents.items() if document.is_file()}


def score_kit(
    cases: Sequence[Case], documents: dict[str, Path]
) -> tuple[list[DocumentScore], dict[str, str]]:
    """Score every case; and why some could not be: their truth cannot be read."""
    scores, skipped = [], {}
    for case in cases:
        try:
            truth = load_document(case.truth)
        except KitError as error:
            skipped[case.name] = str(error)
            continue
        predicted, failure = _load_predicted(documents.get(case.name))
        score = score_document(case.name, truth, predicted, truth_kind=case.kind.value, failure=failure)
        scores.append(score)
    return scores, skipped


def _load_predicted(path: Path | None) -> tuple[DoclingDocument | None, str | None]:
    """The document, or why there is none."""
    if path is None:
        return None, "not converted"
    try:
        return load_document(path), None
    except KitError as error:
        return None, str(error)


def _beside(cases: Sequence[Case], classic: dict[str, Path], other: dict[str, Path]) -> list[PageBeside]:
    """Page by page, the documents that both sides have."""
    pages: list[PageBeside] = []
    for case in cases:
        if case.name in classic and case.name in other:
            documents = [load_document(path) for path in (case.truth, classic[case.name], other[case.name])]
            pages += pages_beside(case.name, *documents)
    return pages


def _given_documents(folder: Path, cases: Sequence[Case]) -> dict[str, Path]:
    found = {case.name: folder / f"{case.name}.json" for case in cases}
    return {name: path for name, path in found.items() if path.is_file()}


def _print(console: Console, report: Report, *, per_page: bool) -> None:
    console.print(document_table(report))
    console.print(class_table(report))
    if per_page:
        console.print(page_table(report))
    for name, reason in report.failed.items():
        console.print(f"[red]failed[/red] {escape(f'{name}: {reason}')} (counted as zeros)", highlight=False)
    for name, reason in report.skipped.items():
        console.print(f"skipped {escape(f'{name}: {reason}')}", highlight=False)


@app.command()
def accuracy(
    kit: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of NAME.pdf with NAME.expected.json.")
    ],
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    docs: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Compare these NAME.json instead of converting."),
    ] = None,
    cases: Annotated[str | None, typer.Option(help="Only these names, separated by commas.")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the converted documents here.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes of the conversion.")] = _CORES,
    truth: Annotated[TruthKind, typer.Option(help="Ground truth where a PDF has both.")] = TruthKind.RECORDED,
    per_page: Annotated[bool, typer.Option("--per-page", help="Print layout of every page.")] = False,
    understanding: Annotated[
        str,
        typer.Option(
            help="Convert with this mode (all, fallback) too, and hold both against the truth page by page."
        ),
    ] = "off",
    vlm_url: Annotated[
        str, typer.Option(help="The vision-language model's server.")
    ] = "http://localhost:8000",
    vlm_model: Annotated[
        str, typer.Option(help="The model's name on that server.")
    ] = "ibm-granite/granite-docling-258M",
    compare: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Print changes since this report.")
    ] = None,
) -> None:
    """Compare docmill's documents with docling's.

    Exit status: 0; 1 when no document could be converted; 2 when the kit or the options make no sense.
    """
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        earlier = msgspec.json.decode(compare.read_bytes(), type=Report) if compare else None
        only = [name.strip() for name in cases.split(",") if name.strip()] if cases else None
        chosen, without = read_kit(kit, prefer=truth, only=only)
        if not chosen:
            raise KitError(f"no PDF in {kit} has a ground truth")
    except (KitError, msgspec.DecodeError) as error:
        raise typer.BadParameter(str(error)) from error

    with ExitStack() as stack:
        seconds, beside = None, list[PageBeside]()
        if docs is not None:
            documents = _given_documents(docs, chosen)
        else:
            target = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accuracy-")))
            start = time.perf_counter()
            pdfs = [case.pdf for case in chosen]
            if understanding != "off":
                classic = convert_kit(pdfs, target / "classic", jobs)
                options = ["--understanding", understanding, "--vlm-url", vlm_url, "--vlm-model", vlm_model]
                start = time.perf_counter()
                documents = convert_kit(pdfs, target, jobs, options)
                beside = _beside(chosen, classic, documents)
            else:
                documents = convert_kit(pdfs, target, jobs)
            seconds = round(time.perf_counter() - start, 3)
        scores, skipped = score_kit(chosen, documents)

    report = make_report(
        scores,
        kit=kit.resolve().name,
        source="docmill convert" if docs is None else f"documents in {docs.name}",
        environment=environment(),
        convert_seconds=seconds,
        skipped=dict.fromkeys(without, "no ground truth") | skipped,
    )
    _print(console, report, per_page=per_page)
    if beside:
        console.print(beside_table(beside, f"understanding: {understanding}"))
    if earlier is not None:
        console.print(comparison_table(earlier, report))
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        written = msgspec.to_builtins(report) | ({"beside": msgspec.to_builtins(beside)} if beside else {})
        json.write_bytes(msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n")
    if not documents:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
