"""Recorded model outputs on disk: what a layout model, a table model and a PDF parser said of one document.

Two JSON files beside each other. `NAME.predictions.json`: `{pdf, case, kind, pages: [{page_no, width, height,
layout: [{id, label, score, bbox}], tables: [{layout_id, bbox, otsl, num_rows, num_cols, cells}]}]}`; labels
are docling's `DocItemLabel` values, cells are docling's `TableCell`s. `NAME.cells.json`: `[{page_no, lines,
words}]`, each line or word `[left, top, right, bottom, text]`, with a sixth element 1 when OCR read it.
Boxes are in PDF points with the origin at the top left of the displayed page; pages count from 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.convert.types import Box

__all__ = [
    "Predictions",
    "RecordedCell",
    "RecordedPage",
    "RecordedTable",
    "RecordedWords",
    "RecordingError",
    "read_cells",
    "read_predictions",
]

T = TypeVar("T")


class RecordingError(DocumentError):
    """There is no recording of the document, or it cannot be read."""

    reason = "no_recording"
    remedy = "Put a recording of this document into the folder of recordings, or use another backend."
    permanent = False


class RecordedDetection(msgspec.Struct, frozen=True):
    """One region of the layout."""

    id: int
    label: str
    score: float
    bbox: Box


class RecordedCell(msgspec.Struct, frozen=True):
    """One table cell: offsets are of rows and columns, ends are exclusive."""

    start_row_offset_idx: int
    start_col_offset_idx: int
    row_span: int = 1
    col_span: int = 1
    bbox: Box | None = None
    text: str = ""
    column_header: bool = False
    row_header: bool = False
    row_section: bool = False


class RecordedTable(msgspec.Struct, frozen=True):
    """The structure of one table; `layout_id` is the detection that it is the inside of."""

    layout_id: int
    bbox: Box
    otsl: list[str]
    num_rows: int
    num_cols: int
    cells: list[RecordedCell] = []


class RecordedPage(msgspec.Struct, frozen=True):
    """One page's layout and tables."""

    page_no: int
    width: float
    height: float
    layout: list[RecordedDetection] = []
    tables: list[RecordedTable] = []


class Predictions(msgspec.Struct, frozen=True):
    """What the models said of a document; `kind` is how that came about (recorded, derived, ...)."""

    pages: list[RecordedPage]
    pdf: str = ""
    case: str = ""
    kind: str = "recorded"
    docling_version: str = ""


class RecordedWords(msgspec.Struct, frozen=True):
    """The text lines and words of one page, as `[left, top, right, bottom, text, ocr?]`."""

    page_no: int
    lines: list[list[Any]] = []
    words: list[list[Any]] = []


def read_predictions(path: Path) -> Predictions:
    """Read `NAME.predictions.json`. Raises `RecordingError`."""
    return _read(path, Predictions)


def read_cells(path: Path) -> list[RecordedWords]:
    """Read `NAME.cells.json`. Raises `RecordingError`."""
    return _read(path, list[RecordedWords])


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise RecordingError(f"there is no recording {path.name}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise RecordingError(f"the recording {path.name} cannot be read: {error}") from error
