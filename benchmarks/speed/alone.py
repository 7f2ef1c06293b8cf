"""The parts alone: PDFium, the embedded engines and docling's stages in a bare loop."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from docmill.pipeline.convert.document.docling_stages import PageParts, assemble_document, postprocess
from docmill.pipeline.convert.engines import Asked, LayoutView, TableView
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageContent, PageTables
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedTables
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["convert_alone"]

T = TypeVar("T")
_TABLES = ("table", "document_index")


class _Clock:
    """CPU seconds by part; what a part calls of another counts for the other alone."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    def __call__(self, part: str, function: Callable[[], T]) -> T:
        self._switch()
        self._running.append(part)
        try:
            return function()
        finally:
            self._switch()
            self._running.pop()

    def _switch(self) -> None:
        now = time.process_time()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


def convert_alone(paths: Sequence[str], barrier: Any, answers: Any, detector: Asked = "auto") -> None:
    """Convert files one after another; answers with CPU seconds by part and the number of pages."""
    layout, tables = EmbeddedLayout(default_folder(), asked=detector), EmbeddedTables(default_folder())
    if paths:
        _document(Path(paths[0]), layout, tables, _Clock())
    barrier.wait()
    clock = _Clock()
    pages = sum(_document(Path(path), layout, tables, clock) for path in paths)
    answers.put({**clock.seconds, "pages": pages})


def _document(path: Path, layout: EmbeddedLayout, tables: EmbeddedTables, clock: _Clock) -> int:
    with Pdf.open(path) as pdf:
        numbers = range(1, pdf.page_count + 1)
        contents = [clock("PDFium text", partial(read_page, pdf, number)) for number in numbers]
        style = clock("layout", lambda: document_style(contents))
        parts = [_page(content, pdf, style, layout, tables, clock) for content in contents]
    clock("docling", lambda: assemble_document(path.name, "0" * 16, parts))
    return len(parts)


def _page(
    content: PageContent,
    pdf: Pdf,
    style: Any,
    layout: EmbeddedLayout,
    tables: EmbeddedTables,
    clock: _Clock,
) -> PageParts:
    def render(scale: float, box: Any) -> Any:
        return clock("PDFium render", lambda: pdf.render(content.number, scale, box=box))

    view = LayoutView(content, None, style, render)
    [found] = clock("layout", lambda: list(layout.detect_pages([view])))
    found.clusters = clock("docling", lambda: postprocess(content, None, found.clusters))
    regions = [region for region in found.clusters if region.label in _TABLES]
    seen = TableView(regions, content, content.words, render)
    [structures] = clock("tables", lambda: list(tables.structures_of_pages([seen])))
    return PageParts(content, None, found, PageTables(number=content.number, tables=structures))
