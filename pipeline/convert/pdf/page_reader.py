"""Everything that PDFium reads off one page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.errors import PageError
from docmill.pipeline.convert.pdf.annotations.annotations import read_annotations
from docmill.pipeline.convert.pdf.annotations.notes import beside_labels, with_notes
from docmill.pipeline.convert.pdf.missing_text.doubt import doubtful_cells
from docmill.pipeline.convert.pdf.missing_text.scans import scanned_regions
from docmill.pipeline.convert.pdf.native.library import USUAL, Library
from docmill.pipeline.convert.pdf.objects.drawings import read_drawings
from docmill.pipeline.convert.pdf.objects.layers import hidden_objects, switch_off
from docmill.pipeline.convert.pdf.objects.vertical import widen_lines
from docmill.pipeline.convert.pdf.objects.walking import ObjectPath
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs, read_glyphs
from docmill.pipeline.convert.pdf.text.words import TextContent, build_text
from docmill.pipeline.convert.types import Box, LeftOut, PageContent

__all__ = ["read_page"]


def read_page(
    pdf: Pdf,
    number: int,
    build: Callable[[Glyphs], TextContent] = build_text,
    native: Library | None = USUAL,
) -> PageContent:
    """The content of page `number`, from 1, in displayed coordinates. Raises PageError if it is broken.

    `build` makes words and lines of the glyphs. Without the `native` library the content is the same, and
    takes longer.
    """
    page, frame = pdf.page(number), pdf.frame(number)
    width, height = frame.size
    hidden = hidden_objects(page) if pdf.marks.layers else []
    left_out = _hidden_letters(page, hidden) if hidden else {}
    switch_off(page, hidden)
    annotations = read_annotations(pdf.document, page, frame)
    drawings = read_drawings(page, frame, native)
    with contextlib.ExitStack() as stack:
        if annotations.drawn:
            page = stack.enter_context(_with_appearances(pdf, number)) or page
            switch_off(page, hidden)
        if pdf.marks.vertical:
            widen_lines(page)
        try:
            textpage = stack.enter_context(contextlib.closing(page.get_textpage()))
        except pdfium.PdfiumError as error:
            raise PageError(f"the text of page {number} cannot be read", page=number) from error
        glyphs = read_glyphs(textpage, frame, native)
    text = beside_labels(with_notes(build(glyphs), annotations.notes), annotations.written)
    doubted = doubtful_cells(text.words, text.cells, glyphs.fonts, glyphs.unseen)
    return PageContent(
        number=number,
        width=width,
        height=height,
        rotation=frame.rotation,
        fonts=glyphs.fonts,
        words=text.words,
        cells=text.cells,
        bitmaps=drawings.bitmaps,
        rulings=drawings.rulings,
        shapes=drawings.shapes,
        links=annotations.links,
        widgets=annotations.widgets,
        doubted=doubted,
        left_out=text.left_out | left_out,
        scanned=scanned_regions(
            Box(0.0, 0.0, width, height),
            text.words,
            text.cells,
            drawings.bitmaps,
            len(drawings.shapes),
            doubted,
        ),
    )


@contextlib.contextmanager
def _with_appearances(pdf: Pdf, number: int) -> Iterator[pdfium.PdfPage | None]:
    """A copy of the page with its fields and notes drawn into it, since PDFium's text does not hold theirs.

    None if PDFium cannot make one: then the page is read without them.
    """
    copy = pdfium.PdfDocument.new()
    try:
        copy.import_pages(pdf.document, [number - 1])
        with contextlib.closing(copy.get_page(0)) as page:
            flattened = pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)
        yield copy.get_page(0) if flattened == pdfium_c.FLATTEN_SUCCESS else None
    finally:
        copy.close()


def _hidden_letters(page: pdfium.PdfPage, hidden: Sequence[ObjectPath]) -> dict[str, int]:
    """How many letters and digits the hidden objects have."""
    every = _letters(page)
    switch_off(page, hidden)
    count = every - _letters(page)
    return {LeftOut.HIDDEN: count} if count > 0 else {}


def _letters(page: pdfium.PdfPage) -> int:
    with contextlib.closing(page.get_textpage()) as textpage:
        return sum(map(str.isalnum, textpage.get_text_range()))
