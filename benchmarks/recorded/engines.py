"""The recorded engines: what models and a PDF parser said in another run, replayed.

They serve to compare docmill with docling on the same model outputs, and to debug what follows the models.
A document's recording is found by its file name, which comes with each page: `{stem}` in the engine's `file`
stands for the PDF's name without `.pdf`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

import msgspec

from benchmarks.recorded.recordings import (
    RecordedPage,
    RecordedTable,
    RecordedWords,
    RecordingError,
    read_cells,
    read_predictions,
)
from docmill.pipeline.convert.engines import LayoutEngine, LayoutView, PageReader, TableEngine, TableView
from docmill.pipeline.convert.errors import BackendConfigError, PageError
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.tables.tableformer.cell_matcher import predicted_cells
from docmill.pipeline.convert.tables.tableformer.predicted_table import matched_structure, words_of_table
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    PageContent,
    PageLayout,
    TableCell,
    TableStructure,
    TextCell,
    Word,
)

__all__ = ["CELLS", "PREDICTIONS", "RecordedLayout", "RecordedTables", "RecordedText"]

PREDICTIONS = "{stem}.predictions.json"
CELLS = "{stem}.cells.json"

P = TypeVar("P", RecordedPage, RecordedWords)

#: A region is a recorded table's when they share so much of their area, if their ids do not say so.
_SAME_PLACE = 0.5


@dataclass(frozen=True)
class _Recorded:
    """What the engines share: the folder of recordings, and the file's name in it."""

    folder: Path
    file: str
    #: What was read last, by path: the pages of a document come one after another.
    _last: dict[Path, Any] = field(default_factory=dict, compare=False, repr=False)

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Raise `BackendConfigError` when there is no such folder."""
        if not self.folder.is_dir():
            raise BackendConfigError(f"there is no folder of recordings at {self.folder}")

    def identity(self) -> dict[str, Any]:
        """A checksum of all recordings in the folder that this engine may replay."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.glob(self.file.replace("{stem}", "*"))):
            digest.update(f"{path.name}\n{path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
        return {"backend": "recorded", "file": self.file, "sha256": digest.hexdigest()}

    def _page(self, document: str, number: int, read: Callable[[Path], Sequence[P]]) -> P:
        """The recording of page `number`. Raises `RecordingError`, or `PageError` without one of it."""
        path = self._path(document)
        if path not in self._last:
            self._last.clear()
            self._last[path] = {page.page_no: page for page in read(path)}
        try:
            page: P = self._last[path][number]
        except KeyError as error:
            raise PageError(f"the recording {path.name} has no such page", page=number) from error
        return page

    def _path(self, document: str) -> Path:
        if not document:
            raise RecordingError("a recording was asked for without naming the document")
        return self.folder / self.file.replace("{stem}", PurePosixPath(document).stem)


def _predicted(path: Path) -> Sequence[RecordedPage]:
    return read_predictions(path).pages


class RecordedLayout(_Recorded, LayoutEngine):
    """The recorded detections, as they are."""

    def detect_pages(self, views: Iterable[LayoutView]) -> Iterator[PageLayout]:
        """The pages' recorded regions; `RecordingError` or `PageError` when there is no recording of one."""
        for view in views:
            number = view.page.number
            found = [
                Cluster(id=hit.id, label=hit.label, score=hit.score, box=hit.bbox)
                for hit in self._page(view.document, number, _predicted).layout
            ]
            yield PageLayout(number=number, clusters=found, detections=found)


@dataclass(frozen=True)
class RecordedTables(_Recorded, TableEngine):
    """The recorded table structures.

    `match`: "recorded" keeps the recorded cells with their text; "words" takes only the OTSL tags and the
    boxes of the cells, and matches the page's words to them.
    """

    match: Literal["recorded", "words"] = "recorded"

    def identity(self) -> dict[str, Any]:
        """As for all, and how cells get their text."""
        return super().identity() | {"match": self.match}

    def structures_of_pages(self, views: Iterable[TableView]) -> Iterator[list[TableStructure]]:
        """One structure per region; an empty one where no table was recorded."""
        for view in views:
            tables = self._page(view.document, view.page.number, _predicted).tables
            yield [self._structure(each, _table_of(each, tables), view.words) for each in view.regions]

    def _structure(
        self, region: Cluster, table: RecordedTable | None, words: Sequence[Word]
    ) -> TableStructure:
        if table is None:
            return TableStructure(region=region.id, num_rows=0, num_cols=0, method="recorded")
        if self.match == "words":
            own = words_of_table(region.box, words)
            return matched_structure(region.id, table.otsl, _cell_boxes(table), own, "recorded")
        return TableStructure(
            region=region.id,
            num_rows=table.num_rows,
            num_cols=table.num_cols,
            cells=[
                TableCell(
                    row=cell.start_row_offset_idx,
                    col=cell.start_col_offset_idx,
                    row_span=cell.row_span,
                    col_span=cell.col_span,
                    text=cell.text,
                    box=cell.bbox,
                    column_header=cell.column_header,
                    row_header=cell.row_header,
                    row_section=cell.row_section,
                )
                for cell in table.cells
            ],
            otsl=table.otsl,
            method="recorded",
        )


@dataclass(frozen=True)
class RecordedText(_Recorded, PageReader):
    """The recorded lines and words, in place of the PDF's own; `reader` reads everything else."""

    reader: PageReader | None = None

    def identity(self) -> dict[str, Any]:
        """A checksum of the recordings, and what reads everything else."""
        return {"text": super().identity()} | (self.reader.identity() if self.reader else {})

    def read(self, pdf: Pdf, number: int, document: str) -> PageContent:
        """The page with recorded text; everything else as it was read.

        The recording says neither fonts nor which words make a line. Nothing is left to be recognised:
        what was scanned is recorded too.
        """
        page = self.reader.read(pdf, number, document) if self.reader else read_page(pdf, number)
        return self.with_text(page, document)

    def with_text(self, page: PageContent, document: str) -> PageContent:
        """The page with what was recorded of that document. Raises `RecordingError`, `PageError`."""
        text = self._page(document, page.number, read_cells)
        try:
            words, lines = [_word(*word) for word in text.words], [_line(*line) for line in text.lines]
        except TypeError as error:
            name = self._path(document).name
            raise RecordingError(f"the recording {name} has a malformed cell: {error}") from error
        return msgspec.structs.replace(page, words=words, cells=lines, scanned=[])


def _word(left: float, top: float, right: float, bottom: float, text: str, _ocr: int = 0) -> Word:
    return Word(text=text, box=Box(left, top, right, bottom), size=bottom - top, font=-1)


def _line(left: float, top: float, right: float, bottom: float, text: str, ocr: int = 0) -> TextCell:
    return TextCell(text=text, box=Box(left, top, right, bottom), first=0, count=0, ocr=bool(ocr))


def _table_of(region: Cluster, tables: Sequence[RecordedTable]) -> RecordedTable | None:
    """The table recorded for the region: by its id, else by its place."""
    for table in tables:
        if table.layout_id == region.id and table.bbox.intersection(region.box) > 0:
            return table
    best = max(tables, key=lambda table: table.bbox.iou(region.box), default=None)
    return best if best is not None and best.bbox.iou(region.box) > _SAME_PLACE else None


def _cell_boxes(table: RecordedTable) -> list[Box | None]:
    """The box of each cell that the OTSL tags begin, in their order; None for those not recorded."""
    boxes = {(cell.start_row_offset_idx, cell.start_col_offset_idx): cell.bbox for cell in table.cells}
    return [boxes.get((cell.row, cell.col)) for cell in predicted_cells(table.otsl)]
