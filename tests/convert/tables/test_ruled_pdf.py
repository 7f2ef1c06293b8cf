"""Ruled tables of PDFs that are made here, with the real model: which of them the rules describe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, Cluster, TableStructure
from docmill.resources.engines.embedded import EmbeddedTables
from tests.support.model_cache import weights
from tests.support.one_page import structured

WIDTH, HEIGHT = 595, 842
TOP, PITCH = 150, 20
FERRIES = [
    ["Harbour", "Berths", "Ferries", "Freight"],
    ["Aldermouth", "14", "1,204", "88.5"],
    ["Brackwater Haven", "9", "960", "12.0"],
    ["Cold Quay", "31", "2,417", "140.2"],
    ["Dunmere", "6", "388", "7.4"],
    ["Eastwick Sound", "22", "1,790", "96.3"],
]
EDGES = [80, 200, 280, 360, 440]


@pytest.fixture(scope="module")
def engine() -> EmbeddedTables:
    return EmbeddedTables(weights("tables").parent)


def draw(canvas: Canvas, rows: Sequence[Sequence[str]], edges: Sequence[float], ruled_rows: int) -> Box:
    """Draw a table with rules between all rows, and between the columns of its first `ruled_rows`."""
    bottom = TOP + PITCH * len(rows)
    for number, row in enumerate(rows):
        baseline = HEIGHT - TOP - PITCH * number - 14
        canvas.setFont("Helvetica-Bold" if number == 0 else "Helvetica", 10)
        canvas.drawString(edges[0] + 5, baseline, row[0])
        for right, text in zip(edges[2:], row[1:], strict=True):
            canvas.drawRightString(right - 6, baseline, text)
    for number in range(len(rows) + 1):
        canvas.line(edges[0], HEIGHT - TOP - PITCH * number, edges[-1], HEIGHT - TOP - PITCH * number)
    for edge in edges:
        end = bottom if edge in (edges[0], edges[-1]) else TOP + PITCH * ruled_rows
        canvas.line(edge, HEIGHT - TOP, edge, HEIGHT - end)
    return Box(edges[0], TOP, edges[-1], bottom)


def structure(
    engine: EmbeddedTables, path: Path, rows: Sequence[Sequence[str]], edges: Sequence[float], ruled_rows: int
) -> TableStructure:
    """The table as the engine has it after the whole way through a PDF."""
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    box = draw(canvas, rows, edges, ruled_rows)
    canvas.save()
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
        table = Cluster(id=0, label="table", score=0.9, box=box)
        [found] = structured(
            engine, [table], page, page.words, lambda scale, area: pdf.render(1, scale, box=area)
        )
    return found


def rows_of(table: TableStructure) -> list[list[str]]:
    return [[cell.text for cell in table.cells if cell.row == row] for row in range(table.num_rows)]


def test_column_rules_that_stop_under_the_head_do_not_join_the_rows_below(
    engine: EmbeddedTables, tmp_path: Path
) -> None:
    table = structure(engine, tmp_path / "head.pdf", FERRIES, EDGES, ruled_rows=1)
    assert rows_of(table) == FERRIES


def test_a_grid_drawn_whole_is_what_it_is(engine: EmbeddedTables, tmp_path: Path) -> None:
    table = structure(engine, tmp_path / "whole.pdf", FERRIES, EDGES, ruled_rows=len(FERRIES))
    assert (rows_of(table), table.method) == (FERRIES, "rulings")
