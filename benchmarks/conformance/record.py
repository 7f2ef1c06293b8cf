"""Record a case of a conformance kit: `python -m benchmarks.conformance.record FILE.pdf ... --out DIR`.

Reads the PDFs with PDFium and finds layout and tables with the embedded models, writes down what they say,
and makes the documents of that by replaying it. So the kit says nothing of docling's models: it is for seeing
that later versions of docmill, docling-slim and docling-core still make the same documents. Kind: "docmill".
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from benchmarks.conformance.cases import read_cases
from benchmarks.conformance.making import make_documents, run_stages
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageLayout, PageTables, TableStructure
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedTables
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["app", "record"]

app = typer.Typer(add_completion=False)


@app.command()
def record(
    pdfs: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="PDFs with a text layer.")],
    out: Annotated[Path, typer.Option(help="The kit's folder.")],
) -> None:
    """Write NAME.predictions.json, NAME.cells.json and NAME.expected.json for each PDF, and copy it."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="record-") as work:
        _record(pdfs, out, Path(work) / "recorded")
        cases, _ = read_cases(out, [pdf.stem for pdf in pdfs], unfinished=True)
        made = make_documents(cases, text="recorded", tables="recorded", work=Path(work) / "replayed")
    for case in cases:
        document = made[case.name].document
        if document is None:
            raise typer.BadParameter(f"{case.pdf.name} cannot be replayed: {made[case.name].failure}")
        document.save_as_json(case.expected, indent=0)


def _record(pdfs: Sequence[Path], out: Path, work: Path) -> None:
    conversion = Conversion(
        artifacts=ArtifactStore(DocumentStore(str(work / "store"))),
        sources=SourceCache(work / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(
            layout=EmbeddedLayout(default_folder()),
            tables=EmbeddedTables(default_folder()),
            assembly=AssemblyOptions(hierarchy=False, joining=False),
        ),
        workers=WorkerLimits(),
        limits=TimeLimits(),
    )
    conversion.prepare()
    documents = [
        DocumentRef(content_hash(pdf), pdf.name, str(pdf.resolve()), pdf.stat().st_size) for pdf in pdfs
    ]
    run_stages(conversion, documents)
    for pdf, document in zip(pdfs, documents, strict=True):
        if pdf.resolve().parent != out.resolve():
            shutil.copy(pdf, out)
        contents = list(_pages(conversion, document, "pages", PageContent))
        layouts = {page.number: page for page in _pages(conversion, document, "layout", PageLayout)}
        tables = {page.number: page for page in _pages(conversion, document, "tables", PageTables)}
        predictions = {
            "pdf": pdf.name,
            "format": "layout-table-predictions/1",
            "case": pdf.stem,
            "kind": "docmill",
            "pages": [_prediction(page, layouts[page.number], tables.get(page.number)) for page in contents],
        }
        _write(out / f"{pdf.stem}.predictions.json", predictions)
        _write(out / f"{pdf.stem}.cells.json", [_cells(page) for page in contents])


def _pages(conversion: Conversion, document: DocumentRef, stage: str, kind: type[Any]) -> Iterator[Any]:
    found = conversion.artifacts.pages(document.id, stage, conversion.fingerprints[stage], kind)
    return (page for _, page in found)


def _prediction(page: PageContent, layout: PageLayout, tables: PageTables | None) -> dict[str, Any]:
    return {
        "page_no": page.number,
        "width": page.width,
        "height": page.height,
        "layout": [
            {
                "id": region.id,
                "label": region.label,
                "score": round(region.score, 3),
                "bbox": _sides(region.box),
            }
            for region in _flat(layout.clusters)
        ],
        "tables": [_table(table, layout) for table in tables.tables] if tables else [],
    }


def _flat(regions: Iterable[Cluster]) -> Iterator[Cluster]:
    for region in regions:
        yield region
        yield from _flat(region.children)


def _table(table: TableStructure, layout: PageLayout) -> dict[str, Any]:
    region = next(region for region in layout.clusters if region.id == table.region)
    return {
        "layout_id": table.region,
        "bbox": _sides(region.box),
        "otsl": table.otsl,
        "num_rows": table.num_rows,
        "num_cols": table.num_cols,
        "cells": [
            {
                "start_row_offset_idx": cell.row,
                "start_col_offset_idx": cell.col,
                "end_row_offset_idx": cell.row + cell.row_span,
                "end_col_offset_idx": cell.col + cell.col_span,
                "row_span": cell.row_span,
                "col_span": cell.col_span,
                "bbox": _sides(cell.box) if cell.box else None,
                "text": cell.text,
                "column_header": cell.column_header,
                "row_header": cell.row_header,
                "row_section": cell.row_section,
            }
            for cell in table.cells
        ],
    }


def _cells(page: PageContent) -> dict[str, Any]:
    return {
        "page_no": page.number,
        "lines": [[*_sides(line.box), line.text] for line in page.cells],
        "words": [[*_sides(word.box), word.text] for word in page.words],
    }


def _sides(box: Box) -> list[float]:
    return [round(side, 2) for side in (box.l, box.t, box.r, box.b)]


def _write(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.encode(value) + b"\n")


if __name__ == "__main__":
    app()
