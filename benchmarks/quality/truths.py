"""The right answers of a PDF, in the forms that corpora come in.

A truth is found by what lies beside the PDF, never by the corpus' name:

- `NAME-str.xml`: tables of the ICDAR 2013 competition; where NAME ends in a letter, other letters' files
  are other right readings of the same PDF;
- `NAME.json`, a list of elements with `type` and `data`: tables in LaTeX, as pdf-parse-bench has them;
- `NAME.truth.md`, `NAME.md`: the whole text as Markdown.

A further form is a function in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree

from benchmarks.quality.grid import Grid, GridCell
from benchmarks.quality.latex import latex_grids

__all__ = ["READERS", "TableTruth", "TextTruth", "Truth", "TruthError", "read_truth"]


class TruthError(Exception):
    """A truth that cannot be read."""


class TableTruth(msgspec.Struct, frozen=True):
    """The tables of a document. Of several right readings the one nearest to an output counts."""

    readings: tuple[tuple[Grid, ...], ...]


class TextTruth(msgspec.Struct, frozen=True):
    """The text as Markdown."""

    markdown: str


Truth = TableTruth | TextTruth


class _Element(msgspec.Struct):
    """An element of a page in pdf-parse-bench."""

    type: str
    data: str


def read_truth(pdf: Path) -> Truth | None:
    """The truth of a PDF, if there is one beside it. Raises `TruthError`."""
    return next((truth for reader in READERS if (truth := reader(pdf)) is not None), None)


def _competition(pdf: Path) -> TableTruth | None:
    path = pdf.with_name(f"{pdf.stem}-str.xml")
    if not path.is_file():
        return None
    paths = [path]
    if pdf.stem[-1].isalpha():
        others = sorted(pdf.parent.glob(f"{_escaped(pdf.stem[:-1])}[a-z]-str.xml"))
        # a file with a PDF of its own name is that PDF's
        paths += [p for p in others if not p.with_name(p.name.replace("-str.xml", ".pdf")).is_file()]
    return TableTruth(tuple(map(_competition_grids, paths)))


def _competition_grids(path: Path) -> tuple[Grid, ...]:
    try:
        root = etree.parse(path).getroot()
        return tuple(
            tuple(chain.from_iterable(map(_region_cells, table.iter("region"))))
            for table in root.iter("table")
        )
    except (OSError, etree.XMLSyntaxError, TypeError, ValueError) as error:
        raise TruthError(f"{path.name}: {error}") from error


def _region_cells(region: Any) -> list[GridCell]:
    """A region's cells; a table that goes on over a page has several, whose rows are counted on."""
    rows, columns = int(region.get("row-increment", "0")), int(region.get("col-increment", "0"))
    cells = []
    for cell in region.iter("cell"):
        top, left = int(cell.get("start-row")), int(cell.get("start-col"))
        bottom, right = int(cell.get("end-row", top)), int(cell.get("end-col", left))
        text = cell.findtext("content") or ""
        cells.append(GridCell(top + rows, bottom + rows, left + columns, right + columns, text))
    return cells


def _elements(pdf: Path) -> TableTruth | None:
    path = pdf.with_suffix(".json")
    if not path.is_file():
        return None
    try:
        elements = msgspec.json.decode(path.read_bytes(), type=list[_Element])
    except (OSError, msgspec.DecodeError):  # another tool's JSON
        return None
    tables = (latex_grids(element.data) for element in elements if element.type == "table")
    return TableTruth((tuple(chain.from_iterable(tables)),))


def _markdown(pdf: Path) -> TextTruth | None:
    for path in (pdf.with_name(f"{pdf.stem}.truth.md"), pdf.with_name(f"{pdf.stem}.md")):
        if path.is_file():
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise TruthError(f"{path.name}: {error}") from error
            return TextTruth(text)
    return None


def _escaped(name: str) -> str:
    """For a glob."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)


READERS: Sequence[Callable[[Path], Truth | None]] = (_competition, _elements, _markdown)
