"""Opening a PDF with PDFium, and rendering its pages.

PDFium is not thread-safe, not even between documents: use it from one thread of a process. It is also a C++
parser of hostile bytes, so it belongs into a worker process that may die.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.errors import (
    CertificateEncryptedError,
    CorruptPdfError,
    EmptyPdfError,
    EncryptedPdfError,
    NotAPdfError,
    PageError,
    PageTooLargeError,
    SourceMissingError,
    SourceUnreadableError,
    TooManyBytesError,
    TooManyPagesError,
    WrongPasswordError,
)
from docmill.pipeline.convert.pdf.annotations.field_tree import count_fields
from docmill.pipeline.convert.pdf.file_scan import FileMarks, scan_file
from docmill.pipeline.convert.pdf.outline import read_outline
from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.strings import wide_string
from docmill.pipeline.convert.types import Box, OutlineEntry

__all__ = ["Pdf", "PdfLimits"]

#: The header may follow other bytes, but must start within this many (Adobe's implementation note to 7.5.2).
HEADER_WINDOW = 1024
#: Below this scale (3.6 dpi) a page is not recognisable: say that it is too large instead.
LOWEST_SCALE = 0.05
#: PDFium draws with 32-bit fixed point; longer sides overflow.
MAX_PIXELS_PER_SIDE = 30_000
#: Fields of a form that is loaded: a hundred thousand take PDFium a second for each page.
MAX_FIELDS = 100_000
#: Annotations of a page that are looked at.
MAX_ANNOTATIONS = 5_000
#: Characters of a title, an author, a list of keywords.
MAX_INFORMATION = 1 << 15


@dataclass(frozen=True)
class PdfLimits:
    """What a document may cost at most."""

    max_bytes: int = 1 << 30
    max_pages: int = 10_000
    max_page_pixels: int = 50_000_000


class Pdf:
    """An open PDF. Use it as a context manager, from one thread.

    Pages are numbered from 1. One page is kept loaded at a time.
    """

    def __init__(self, document: pdfium.PdfDocument, limits: PdfLimits, path: Path) -> None:
        self._document = document
        self._limits = limits
        self._path = path
        self._has_form = document.get_formtype() != pdfium_c.FORMTYPE_NONE
        self._count = len(document)
        self._page: pdfium.PdfPage | None = None
        self._number = 0

    @classmethod
    def open(cls, path: Path, *, password: str | None = None, limits: PdfLimits | None = None) -> Pdf:
        """Open the file at `path`.

        Raises the `DocumentError` that says why it cannot be read: SourceMissingError,
        SourceUnreadableError, NotAPdfError, TooManyBytesError, EncryptedPdfError, WrongPasswordError,
        CertificateEncryptedError, CorruptPdfError, EmptyPdfError or TooManyPagesError.
        """
        limits = limits or PdfLimits()
        _check_file(path, limits)
        document = pdfium.PdfDocument(_load(path, password))
        try:
            count = len(document)
            if count < 1:
                raise EmptyPdfError("it has no pages")
            if count > limits.max_pages:
                raise TooManyPagesError(f"it has {count} pages; the limit is {limits.max_pages}")
            return cls(document, limits, path)
        except BaseException:
            document.close()
            raise

    def __enter__(self) -> Pdf:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; closing twice is fine."""
        self._drop_page()
        self._document.close()

    @property
    def page_count(self) -> int:
        """How many pages the document says it has; single ones may still be broken."""
        return self._count

    @property
    def document(self) -> pdfium.PdfDocument:
        """The PDFium document."""
        return self._document

    @cached_property
    def marks(self) -> FileMarks:
        """What the file's bytes say of it, besides PDFium."""
        return scan_file(self._path)

    def page(self, number: int) -> pdfium.PdfPage:
        """The PDFium page, valid until another page is asked for. Raises PageError."""
        if number == self._number and self._page is not None:
            return self._page
        if not 1 <= number <= self._count:
            raise PageError(f"there is no page {number} among {self._count}", page=number)
        self._drop_page()
        try:
            self._page = self._document.get_page(number - 1)
            if self._has_form and not self._document.formenv and _has_fields(self._page):
                self._start_form(number)
        except pdfium.PdfiumError as error:
            raise PageError(f"page {number} cannot be loaded", page=number) from error
        self._number = number
        return self._page

    def _start_form(self, number: int) -> None:
        """From here on pages draw and tell their fields; a page that is loaded already does not.

        Not before a page has fields, and never with a tree of them that takes PDFium minutes.
        """
        self._has_form = count_fields(self._path) <= MAX_FIELDS
        if not self._has_form:
            return
        self._drop_page()
        self._document.init_forms()
        self._page = self._document.get_page(number - 1)

    def _drop_page(self) -> None:
        page, self._page, self._number = self._page, None, 0
        if page is not None:
            page.close()

    def frame(self, number: int) -> PageFrame:
        """Where the visible page lies in user space. Raises PageError for an empty or infinite page."""
        page = self.page(number)
        left, bottom, right, top = page.get_bbox()
        frame = PageFrame(left, bottom, right, top, page.get_rotation())
        width, height = frame.size
        if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
            raise PageError(f"page {number} measures {width:g} x {height:g} points", page=number)
        return frame

    def page_size(self, number: int) -> tuple[float, float]:
        """Width and height in points, as displayed: the crop box, turned by /Rotate, without UserUnit."""
        return self.frame(number).size

    def render(self, number: int, scale: float, *, box: Box | None = None) -> npt.NDArray[np.uint8]:
        """The page, or the `box` of it in displayed points, as uint8 [H, W, 3] RGB on white.

        `scale` 1 is 72 dpi. A picture over `max_page_pixels` is drawn at the scale that fits, so take the
        real scale from the shape. Raises PageTooLargeError if that scale is useless, PageError if the page
        is broken.
        """
        import cv2  # most processes that open PDFs draw none

        page = self.page(number)
        page_width, page_height = self.page_size(number)
        area = Box(0.0, 0.0, page_width, page_height) if box is None else _clip(box, page_width, page_height)
        scale = self._affordable_scale(number, scale, area)
        left, top = math.floor(area.l * scale), math.floor(area.t * scale)
        width = max(1, math.ceil(area.r * scale) - left)
        height = max(1, math.ceil(area.b * scale) - top)
        # the same pixels as in three bytes each, in a quarter less time
        bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_BGRx, rev_byteorder=True)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            whole = (max(1, math.ceil(page_width * scale)), max(1, math.ceil(page_height * scale)))
            flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_REVERSE_BYTE_ORDER
            pdfium_c.FPDF_RenderPageBitmap(bitmap, page, -left, -top, *whole, 0, flags)
            if self._document.formenv:
                pdfium_c.FPDF_FFLDraw(self._document.formenv, bitmap, page, -left, -top, *whole, 0, flags)
            picture: npt.NDArray[np.uint8] = cv2.cvtColor(bitmap.to_numpy(), cv2.COLOR_RGBA2RGB)
            return picture
        finally:
            bitmap.close()

    def _affordable_scale(self, number: int, scale: float, area: Box) -> float:
        """`scale`, or the largest one below it that keeps `area` within the pixel limits."""
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"scale must be positive, not {scale}")
        by_area = math.sqrt(self._limits.max_page_pixels / max(area.area, 1e-9))
        by_side = MAX_PIXELS_PER_SIDE / max(area.r, area.b, 1e-9)
        fitting = min(scale, by_area, by_side)
        if fitting < min(scale, LOWEST_SCALE):
            raise PageTooLargeError(
                f"page {number} measures {area.width:.0f} x {area.height:.0f} points: more than"
                f" {self._limits.max_page_pixels} pixels at {LOWEST_SCALE * 72:.1f} dpi",
                page=number,
            )
        return fitting

    def outline(self) -> list[OutlineEntry]:
        """The bookmarks in order, with levels from 1; bounded in number and depth, safe against cycles."""
        return read_outline(self._document)

    def metadata(self) -> dict[str, str]:
        """The document information dictionary (Title, Author, Producer, ...) without its empty entries."""
        found = {key: _information(self._document, key) for key in self._document.METADATA_KEYS}
        return {key: value for key, value in found.items() if value}


def _has_fields(page: pdfium.PdfPage) -> bool:
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation) if annotation else None
        pdfium_c.FPDFPage_CloseAnnot(annotation)
        if kind == pdfium_c.FPDF_ANNOT_WIDGET:
            return True
    return False


def _information(document: pdfium.PdfDocument, key: str) -> str:
    name = key.encode()
    return wide_string(
        lambda buffer, size: pdfium_c.FPDF_GetMetaText(document, name, buffer, size), MAX_INFORMATION
    )


def _check_file(path: Path, limits: PdfLimits) -> None:
    """Raise what can be said of a file before PDFium sees it."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise NotAPdfError("it is not a file")
        with path.open("rb") as stream:
            head = stream.read(HEADER_WINDOW)
    except FileNotFoundError as error:
        raise SourceMissingError("it is not there any more") from error
    except OSError as error:
        raise SourceUnreadableError(f"it cannot be read: {error.strerror or error}") from error
    if size == 0:
        raise NotAPdfError("it is empty (0 bytes)")
    if b"%PDF" not in head:
        if b" obj" in head:
            raise CorruptPdfError("it has no %PDF header")
        raise NotAPdfError(f"it has no %PDF header and starts with {head[:12]!r}")
    if size > limits.max_bytes:
        raise TooManyBytesError(f"it has {size} bytes; the limit is {limits.max_bytes}")


def _load(path: Path, password: str | None) -> ctypes.Structure:
    """The FPDF_DOCUMENT, or the error that PDFium gives for not loading it."""
    name = str(path).encode("utf-8", "surrogateescape")
    raw = pdfium_c.FPDF_LoadDocument(name, None if password is None else password.encode("utf-8"))
    if not raw and password is not None and pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD:
        # PDFium takes a password that is not the file's for a mistake, even where the file opens without
        raw = pdfium_c.FPDF_LoadDocument(name, None)
    if raw:
        handle: ctypes.Structure = raw
        return handle
    code = pdfium_c.FPDF_GetLastError()
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        if password is None:
            raise EncryptedPdfError("it needs a password")
        raise WrongPasswordError("the password does not open it")
    if code == pdfium_c.FPDF_ERR_SECURITY:
        raise CertificateEncryptedError("it is encrypted for certificates, or in a way unknown to PDFium")
    if code == pdfium_c.FPDF_ERR_FILE:
        raise SourceMissingError("it cannot be read")
    raise CorruptPdfError("it is not a readable PDF: cross-reference or page tree is broken")


def _clip(box: Box, width: float, height: float) -> Box:
    """`box` within the page; what lies outside shrinks to the page's edge."""
    left, right = (min(max(value, 0.0), width) for value in (box.l, box.r))
    top, bottom = (min(max(value, 0.0), height) for value in (box.t, box.b))
    return Box(left, top, max(left, right), max(top, bottom))
