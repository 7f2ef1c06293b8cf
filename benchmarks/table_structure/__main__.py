"""`python -m benchmarks.table_structure --seeds 20`: tables set from seeds, and what is found of them.

`--shapes` scores the tables that are written down by hand (`shapes.py`) too. Each table stands alone on a
page, so nothing but structure counts: its region is where its words and rules are. Seeds below 1000 are for
tuning, those from 1000 on are held out. F1 is of pairs of neighbouring cells; exact is the share of tables
without a fault. The embedded model takes part where it would.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import environment
from benchmarks.table_structure.samples import KINDS, Sample, sample
from benchmarks.table_structure.scoring import Placed, is_exact, relations_f1
from benchmarks.table_structure.shapes import WAYS, shape_pdf, shapes
from benchmarks.table_structure.shapes import right_cells as shape_cells
from benchmarks.table_structure.typesetting import pdf_of
from docmill.pipeline.convert.fused import open_tables
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.tables.slanet.slanet import Run, recognise
from docmill.pipeline.convert.types import Box, Cluster, PageContent, TableStructure
from docmill.resources.engines.embedded import EmbeddedTables

#: Seeds from here on are held out.
HELD_OUT = 1000


def structure_of(sample: Sample, run: Run | None, folder: Path) -> TableStructure:
    """What docmill makes of the table; without `run` by geometry alone."""
    return structure_in(pdf_of(sample), run, folder)


def structure_in(data: bytes, run: Run | None, folder: Path) -> TableStructure:
    """What docmill makes of the table that is alone on the page of a PDF."""
    path = folder / "table.pdf"
    path.write_bytes(data)
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
        region = Cluster(id=0, label="table", score=1.0, box=_around(page))
        opened = open_tables([region], page, page.words, lambda scale, box: pdf.render(1, scale, box=box))
        return opened.finished(recognise(opened.crops(), run) if run is not None else ())[0]


def _around(page: PageContent) -> Box:
    boxes = [word.box for word in page.words]
    boxes += [Box(r.x0, r.y0, r.x1, r.y1) for r in page.rulings]
    return Box(
        min(b.l for b in boxes), min(b.t for b in boxes), max(b.r for b in boxes), max(b.b for b in boxes)
    ).padded(1.0)


def right_cells(sample: Sample) -> list[Placed]:
    """The cells of a sample as they should be found."""
    return [Placed(c.row, c.col, c.row_span, c.col_span, c.text + c.mark) for c in sample.cells]


def found_cells(table: TableStructure) -> list[Placed]:
    """The cells of a structure."""
    return [Placed(c.row, c.col, c.row_span, c.col_span, c.text) for c in table.cells]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    engine = EmbeddedTables(options.models)
    engine.prepare()
    run = None if options.alone else engine._recogniser
    every: dict[bool, list[tuple[float, bool]]] = {False: [], True: []}
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kind or KINDS:
            rows: dict[bool, list[tuple[float, bool]]] = {False: [], True: []}
            for held_out in (False, True):
                for seed in range(options.seeds):
                    made = sample(kind, seed + HELD_OUT * held_out)
                    truth, found = right_cells(made), found_cells(structure_of(made, run, Path(folder)))
                    rows[held_out].append((relations_f1(truth, found), is_exact(truth, found)))
                every[held_out] += rows[held_out]
            figures[kind] = _figures(rows)
        if options.shapes:
            figures["shapes"] = _figures(_shapes(run, Path(folder)))
    figures["all"] = _figures(every)
    _print(figures)
    if options.json:
        report = {"environment": msgspec.to_builtins(environment()), "kinds": figures}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _shapes(run: Run | None, folder: Path) -> dict[bool, list[tuple[float, bool]]]:
    rows: dict[bool, list[tuple[float, bool]]] = {False: [], True: []}
    for shape in shapes().values():
        truth = shape_cells(shape)
        for way in range(WAYS):
            found = found_cells(structure_in(shape_pdf(shape, way), run, folder))
            rows[shape.held_out].append((relations_f1(truth, found), is_exact(truth, found)))
    return rows


def _figures(rows: dict[bool, list[tuple[float, bool]]]) -> dict[str, float]:
    figures: dict[str, float] = {"tables": len(rows[False]), "tables held out": len(rows[True])}
    for held_out, which in ((False, ""), (True, " held out")):
        figures[f"F1{which}"] = statistics.fmean(f1 for f1, _ in rows[held_out])
        figures[f"exact{which}"] = statistics.fmean(exact for _, exact in rows[held_out])
    return figures


def _print(figures: dict[str, dict[str, float]]) -> None:
    columns = next(iter(figures.values()))
    table = Table("kind", *columns)
    for kind, values in figures.items():
        shown = (f"{value:g}" if isinstance(value, int) else f"{value:.3f}" for value in values.values())
        table.add_row(kind, *shown)
    Console().print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_structure", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="tables a kind, tuned and held out each")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind; repeatable")
    parser.add_argument("--models", type=Path, default=Path(".docmill/models"))
    parser.add_argument("--shapes", action="store_true", help="also the tables that are written down by hand")
    parser.add_argument("--alone", action="store_true", help="geometry alone, without the model")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
