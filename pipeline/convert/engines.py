"""What a model backend must offer to take part: one protocol per kind of model.

Engines are sent to worker processes, so they pickle cheaply and load their models on first use. `identity`
must not load anything: it names, for fingerprints and metadata, exactly what will compute the results.

A worker hands an engine the pages of a chunk as an iterator of views and takes results in the same order.
What runs in the worker does one page after another; what runs on a server draws views ahead of the results,
so that it has several pages in hand while a worker renders the next. An error ends the iterator; the chunk is
then tried again page by page, so it costs its page only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    PageContent,
    PageLayout,
    PageOcr,
    TableStructure,
    Word,
)

if TYPE_CHECKING:
    from docmill.pipeline.convert.pdf.pdf import Pdf

__all__ = [
    "Asked",
    "Engine",
    "LayoutEngine",
    "LayoutView",
    "OcrEngine",
    "OcrView",
    "PageReader",
    "Render",
    "TableEngine",
    "TableView",
]

#: About which pages a detector is asked: where it may see more than geometry does, about all, or none.
Asked = Literal["auto", "always", "never"]
#: `render(scale, box)`: the page, or the box of it, as RGB uint8 [height, width, 3]; scale 1 is 72 dpi.
Render = Callable[[float, Box | None], NDArray[np.uint8]]


@dataclass(frozen=True)
class LayoutView:
    """A page as a layout engine gets it; `document` is the file's name, for errors."""

    page: PageContent
    ocr: PageOcr | None
    style: DocumentStyle | None
    render: Render
    document: str = ""


@dataclass(frozen=True)
class TableView:
    """The table regions of a page; `words` are the page's, OCR's included."""

    regions: Sequence[Cluster]
    page: PageContent
    words: Sequence[Word]
    render: Render
    document: str = ""


@dataclass(frozen=True)
class OcrView:
    """A page with scanned regions."""

    page: PageContent
    render: Render
    document: str = ""


class Engine(Protocol):
    """What every engine offers."""

    def identity(self) -> dict[str, Any]:
        """What computes: backend, model, version, checksum."""
        ...

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Fetch what is missing (weights), or check that the server answers; called once before work."""
        ...


class PageReader(Engine, Protocol):
    """Reads pages in place of `pdf.page_reader.read_page`."""

    def read(self, pdf: Pdf, number: int, document: str) -> PageContent:
        """The content of page `number`, from 1; `document` is the file's name. Raises `PageError`."""
        ...


class LayoutEngine(Engine, Protocol):
    """Finds the layout regions of pages, before docling's post-processing."""

    def detect_pages(self, views: Iterable[LayoutView]) -> Iterator[PageLayout]:
        """Regions of each page in order, and the raw detections behind them."""
        ...


class TableEngine(Engine, Protocol):
    """Finds the structure of table regions."""

    def structures_of_pages(self, views: Iterable[TableView]) -> Iterator[list[TableStructure]]:
        """For each page in order one structure per region, in order."""
        ...


class OcrEngine(Engine, Protocol):
    """Reads the text of scanned regions."""

    def read_pages(self, views: Iterable[OcrView]) -> Iterator[PageOcr]:
        """The text of `page.scanned` of each page, in order."""
        ...
