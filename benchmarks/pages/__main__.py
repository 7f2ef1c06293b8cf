"""docmill on pages that know their own answers: `python -m benchmarks.pages --documents 200`.

Makes documents, converts them with docmill's command, and scores the documents that come out: see
docs/page-factory.md.
"""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from docling_core.types.doc import DoclingDocument
from rich.console import Console

from benchmarks.conformance.accuracy import convert_kit
from benchmarks.metrics.environment import environment
from benchmarks.pages.making import MadeDocument, make_documents
from benchmarks.pages.pictures import write_pictures
from benchmarks.pages.report import (
    Report,
    make_report,
    mistake_table,
    role_table,
    scan_table,
    table_table,
    whole_table,
    worst_table,
)
from benchmarks.pages.scoring.document import DocumentScore, score_document
from benchmarks.pages.setters.programs import BY_NAME, PAPERS, SETTERS, open_setters
from benchmarks.pages.sources.catalogue import Source, own_sources, packages, sources_in
from benchmarks.pages.sources.fetching import Fetched, fetch
from docmill.resources.home import default_home

__all__ = ["app", "pages", "score_made"]

app = typer.Typer(add_completion=False)


class Sources(StrEnum):
    """Which texts are set."""

    DEVELOPMENT = "development"
    CHECK = "check"
    ALL = "all"
    OWN = "own"


def score_made(made: list[MadeDocument], documents: dict[str, Path]) -> list[DocumentScore]:
    """Score what docmill made of each; one that it did not convert has lost all its lines."""
    scores = []
    for one in made:
        lines = one.lines()
        path = documents.get(one.made.name)
        document = DoclingDocument.model_validate_json(path.read_bytes()) if path else None
        scores.append(score_document(one.made, lines, document, None if path else "not converted"))
    return scores


def _sources(which: Sources, fetched: Fetched) -> list[Source]:
    if which is Sources.OWN:
        return own_sources()
    found = [source for package, folder in fetched.folders.items() for source in sources_in(package, folder)]
    return [source for source in found if which is Sources.ALL or source.half.value == which.value]


def _print(console: Console, report: Report, worst: int) -> None:
    tables = [role_table, whole_table, table_table, mistake_table]
    if report.scans:
        tables.insert(2, scan_table)
    for table in [make(report) for make in tables] + [worst_table(report, worst)]:
        console.print(table)


@app.command()
def pages(
    documents: Annotated[int, typer.Option(min=1, help="How many.")] = 200,
    seed: Annotated[int, typer.Option(help="Other documents for another seed.")] = 1,
    setter: Annotated[
        list[str] | None,
        typer.Option(help=f"Only these: {', '.join((*SETTERS, *BY_NAME))}; or {PAPERS}, alone."),
    ] = None,
    sources: Annotated[
        Sources, typer.Option(help="Texts to set. Rules are made on `development`, `check` is to believe.")
    ] = Sources.DEVELOPMENT,
    scans: Annotated[
        float, typer.Option(min=0, max=1, help="The share of documents that are printed and scanned.")
    ] = 0.0,
    forms: Annotated[
        float, typer.Option(min=0, max=1, help="The share of documents that end with a form.")
    ] = 0.0,
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write pictures of the worst pages here.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the PDFs and documents are kept.")] = None,
    home: Annotated[Path | None, typer.Option(help="Where packages and setters are kept.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes of the conversion.")] = 2,
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst to show.")] = 12,
) -> None:
    """Score docmill on documents made for it. Exit status: 0; 1 when none could be made or converted."""
    console = Console() if sys.stdout.isatty() else Console(width=150)
    home = home or default_home() / "pages"
    out = out or home / "documents" / f"{sources.value}-{seed}"
    wanted = tuple(setter or (("typst",) if sources is Sources.OWN else SETTERS))
    if unknown := set(wanted) - {*SETTERS, *BY_NAME, PAPERS}:
        known = ", ".join((*SETTERS, *BY_NAME, PAPERS))
        raise typer.BadParameter(f"no setter {', '.join(sorted(unknown))}: {known}")
    if PAPERS in wanted and len(wanted) > 1:
        raise typer.BadParameter(f"{PAPERS} sets other documents than the rest: ask for it alone")
    office = ("office",) if "libreoffice" in wanted else ()
    kinds = office if sources is Sources.OWN else ("text", "font", "tex", *office)
    start = time.perf_counter()

    def say(words: str) -> None:
        console.print(words, markup=False, highlight=False)

    fetched = fetch(packages(kinds), home / "packages", say)
    for package, why in fetched.missing.items():
        say(f"without {package.name} {package.version}: {why}")
    with open_setters(wanted, fetched, home, say) as setters:
        if not setters:
            raise typer.Exit(1)
        made = make_documents(documents, seed, _sources(sources, fetched), setters, out, say, scans, forms)
    after_making = time.perf_counter()
    converted = convert_kit([one.pdf for one in made], out / "converted", jobs)
    after_converting = time.perf_counter()
    scores = score_made(made, converted)
    seconds = {
        "making": round(after_making - start, 1),
        "converting": round(after_converting - after_making, 1),
        "scoring": round(time.perf_counter() - after_converting, 1),
    }
    command = {
        "documents": str(documents),
        "seed": str(seed),
        "sources": sources.value,
        "setters": " ".join(wanted),
        "scans": str(scans),
        "forms": str(forms),
    }
    made_report = make_report(scores, command, environment(), seconds)
    _print(console, made_report, worst)
    say(f"{len(made)} documents; seconds: {seconds}")
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_bytes(msgspec.json.format(msgspec.json.encode(made_report), indent=1) + b"\n")
    if report is not None:
        say(f"pictures: {write_pictures(made_report, out, converted, report, worst)}")
    if not converted:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
