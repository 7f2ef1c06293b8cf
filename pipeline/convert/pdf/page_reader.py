"""Everything that PDFium reads off one page."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.errors import PageError
from docmill.pipeline.convert.pdf.annotations import read_annotations
from docmill.pipeline.convert.pdf.drawings import read_drawings
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs, read_glyphs
from docmill.pipeline.convert.pdf.text.words import TextContent, build_text
from docmill.pipeline.convert.types import Box, PageContent, Word

__all__ = ["read_page"]

#: Bitmaps that cover this much of a page may be a scan of it.
SCAN_COVERAGE = 0.5
#: Smaller bitmaps are not read (docling's own threshold).
BITMAP_COVERAGE = 0.05
#: A scan has text of its own (an OCR layer) when its words cover this much of it, or there are this many.
LAYER_COVERAGE = 0.01
LAYER_WORDS = 20
#: A text layer is garbage when most of its characters say nothing; short ones may be bullets and symbols.
GARBAGE_SHARE = 0.5
GARBAGE_CHARS = 40
#: Paths on a page without text from which on it may be text drawn as outlines.
OUTLINE_PATHS = 100


def read_page(pdf: Pdf, number: int, build: Callable[[Glyphs], TextContent] = build_text) -> PageContent:
    """The content of page `number`, from 1, in displayed coordinates. Raises PageError if it is broken.

    `build` makes words and lines of the glyphs.
    """
    page, frame = pdf.page(number), pdf.frame(number)
    width, height = frame.size
    links, widgets = read_annotations(pdf.document, page, frame)
    drawings = read_drawings(page, frame)
    with contextlib.ExitStack() as stack:
        if any(widget.value and widget.kind in ("text", "choice") for widget in widgets):
            page = stack.enter_context(_with_field_values(pdf, number)) or page
        try:
            textpage = stack.enter_context(contextlib.closing(page.get_textpage()))
        except pdfium.PdfiumError as error:
            raise PageError(f"the text of page {number} cannot be read", page=number) from error
        glyphs = read_glyphs(textpage, frame)
    text = build(glyphs)
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
        links=links,
        widgets=widgets,
        scanned=_scanned(Box(0.0, 0.0, width, height), text.words, drawings.bitmaps, len(drawings.shapes)),
    )


@contextlib.contextmanager
def _with_field_values(pdf: Pdf, number: int) -> Iterator[pdfium.PdfPage | None]:
    """A copy of the page with its form fields drawn into it, since PDFium's text does not hold their values.

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


def _scanned(page: Box, words: list[Word], bitmaps: list[Box], paths: int) -> list[Box]:
    """The regions that OCR must read: the page, or the bitmaps that are all there is on it.

    OCR costs some thirty times everything else, so pictures on a page that has text are left alone.
    """
    if _is_garbage(words):
        return [page]
    big = [box for box in bitmaps if box.area > BITMAP_COVERAGE * page.area]
    # A scan may be stored in strips, each of them small.
    whole = sum(box.area for box in bitmaps) >= SCAN_COVERAGE * page.area
    if words:
        lettered = sum(word.box.area for word in words)
        has_layer = len(words) >= LAYER_WORDS or lettered >= LAYER_COVERAGE * page.area
        return [] if has_layer or not whole else big or [page]
    if whole or (not big and paths >= OUTLINE_PATHS):
        return [page]
    return big


def _is_garbage(words: list[Word]) -> bool:
    """True for a text layer of unmapped glyphs: U+FFFD, private use, unassigned."""
    total = sum(len(word.text) for word in words)
    if total < GARBAGE_CHARS:
        return False
    unusual = "".join(word.text for word in words if not word.text.isascii())
    unknown = sum(char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn") for char in unusual)
    return unknown > GARBAGE_SHARE * total
