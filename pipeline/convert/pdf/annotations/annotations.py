"""Links, form fields and written notes of a page."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.strings import wide_string
from docmill.pipeline.convert.types import Box, Link, Widget

__all__ = ["Annotations", "Note", "read_annotations"]

MAX_ANNOTATIONS = 5_000
MAX_ADDRESS_BYTES = 1 << 16
MAX_STRING = 1 << 15

_FIELD_KINDS = {
    pdfium_c.FPDF_FORMFIELD_PUSHBUTTON: "button",
    pdfium_c.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    pdfium_c.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    pdfium_c.FPDF_FORMFIELD_COMBOBOX: "choice",
    pdfium_c.FPDF_FORMFIELD_LISTBOX: "choice",
    pdfium_c.FPDF_FORMFIELD_TEXTFIELD: "text",
    pdfium_c.FPDF_FORMFIELD_SIGNATURE: "signature",
}
_INVISIBLE = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW


#: Annotations that stand on the page with text of their own; what others say is shown on demand.
_WRITTEN = {pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP, pdfium_c.FPDF_ANNOT_WATERMARK}
#: Font size of a note that names none.
_NOTE_SIZE = 12.0


@dataclass(frozen=True)
class Note:
    """A free text annotation: what it says, in lines, and the size that it is written in, in points."""

    box: Box
    text: str
    size: float = _NOTE_SIZE


@dataclass(frozen=True)
class Annotations:
    """The annotations of a page, in their order.

    `written` are the boxes of fields that are filled in and of notes. `drawn`: the page shows text of some
    that its text does not hold, since their appearance is apart from it.
    """

    links: list[Link] = field(default_factory=list)
    widgets: list[Widget] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    written: list[Box] = field(default_factory=list)
    drawn: bool = False


def read_annotations(document: pdfium.PdfDocument, page: pdfium.PdfPage, frame: PageFrame) -> Annotations:
    """The links, the visible form fields and the visible notes of `page`."""
    links: list[Link] = []
    widgets: list[Widget] = []
    notes: list[Note] = []
    written: list[Box] = []
    drawn = False
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium_c.FPDF_ANNOT_LINK:
                links.extend(_links(document, annotation, frame))
            elif kind == pdfium_c.FPDF_ANNOT_WIDGET and document.formenv:
                widget = _widget(document.formenv, annotation, frame)
                if widget is not None:
                    widgets.append(widget)
                    if widget.value and widget.kind in ("text", "choice"):
                        drawn = True
                        written.append(widget.box)
            elif kind == pdfium_c.FPDF_ANNOT_WIDGET:
                box = _filled(annotation, frame)
                if box is not None:
                    drawn = True
                    written.append(box)
            elif kind in _WRITTEN and not pdfium_c.FPDFAnnot_GetFlags(annotation) & _INVISIBLE:
                drawn = drawn or bool(pdfium_c.FPDFAnnot_HasKey(annotation, b"AP"))
                box = _box(annotation, frame) if kind == pdfium_c.FPDF_ANNOT_FREETEXT else None
                if box is not None:
                    written.append(box)
                    notes += _notes(annotation, box)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return Annotations(links, widgets, notes, written, drawn)


def _box(annotation: ctypes.Structure, frame: PageFrame) -> Box | None:
    """The annotation's box on the displayed page, or None if it lies elsewhere."""
    rect = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annotation, rect):
        return None
    box = frame.box(rect.left, rect.bottom, rect.right, rect.top)
    width, height = frame.size
    inside = box.r >= 0 and box.b >= 0 and box.l <= width and box.t <= height
    return box if inside and box.area > 0 else None


def _links(document: pdfium.PdfDocument, annotation: ctypes.Structure, frame: PageFrame) -> Iterator[Link]:
    """A link, once for each of its quadrilaterals: a link over a line break has two."""
    link = pdfium_c.FPDFAnnot_GetLink(annotation)
    if not link:
        return
    uri, page = _target(document, link)
    if uri is None and page is None:
        return
    boxes = list(_quads(annotation, frame))
    if not boxes:
        box = _box(annotation, frame)
        boxes = [box] if box is not None else []
    for box in boxes:
        yield Link(box=box, uri=uri, page=page)


def _quads(annotation: ctypes.Structure, frame: PageFrame) -> Iterator[Box]:
    quad = pdfium_c.FS_QUADPOINTSF()
    for i in range(min(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation), 64)):
        if pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, i, quad):
            xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            box = frame.box(min(xs), min(ys), max(xs), max(ys))
            if box.area > 0:
                yield box


def _target(document: pdfium.PdfDocument, link: ctypes.Structure) -> tuple[str | None, int | None]:
    """The URI, or the page from 1, that a link leads to."""
    target = pdfium_c.FPDFLink_GetDest(document, link)
    action = pdfium_c.FPDFLink_GetAction(link)
    if not target and action:
        kind = pdfium_c.FPDFAction_GetType(action)
        if kind == pdfium_c.PDFACTION_URI:
            size = min(pdfium_c.FPDFAction_GetURIPath(document, action, None, 0), MAX_ADDRESS_BYTES)
            buffer = ctypes.create_string_buffer(max(size, 1))
            pdfium_c.FPDFAction_GetURIPath(document, action, buffer, size)
            return buffer.value.decode("utf-8", "replace").strip() or None, None
        if kind == pdfium_c.PDFACTION_GOTO:
            target = pdfium_c.FPDFAction_GetDest(document, action)
    index = pdfium_c.FPDFDest_GetDestPageIndex(document, target) if target else -1
    return None, index + 1 if index >= 0 else None


def _widget(formenv: pdfium.PdfFormEnv, annotation: ctypes.Structure, frame: PageFrame) -> Widget | None:
    kind = _FIELD_KINDS.get(pdfium_c.FPDFAnnot_GetFormFieldType(formenv, annotation))
    box = _box(annotation, frame)
    if kind is None or box is None or pdfium_c.FPDFAnnot_GetFlags(annotation) & _INVISIBLE:
        return None
    return Widget(
        box=box,
        kind=kind,
        name=_text(
            lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldName(formenv, annotation, buffer, size)
        ),
        value=_text(
            lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldValue(formenv, annotation, buffer, size)
        ),
        checked=kind in ("checkbox", "radio") and bool(pdfium_c.FPDFAnnot_IsChecked(formenv, annotation)),
    )


def _filled(annotation: ctypes.Structure, frame: PageFrame) -> Box | None:
    """The box of a field that shows a value, in a document that has fields and no form."""
    if pdfium_c.FPDFAnnot_GetFlags(annotation) & _INVISIBLE or not _string(annotation, b"V"):
        return None
    return _box(annotation, frame) if pdfium_c.FPDFAnnot_HasKey(annotation, b"AP") else None


def _notes(annotation: ctypes.Structure, box: Box) -> Iterator[Note]:
    text = _string(annotation, b"Contents").strip() or _Rich.text_of(_string(annotation, b"RC"))
    if text:
        yield Note(box, text, _font_size(_string(annotation, b"DA")))


def _string(annotation: ctypes.Structure, key: bytes) -> str:
    return _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _font_size(appearance: str) -> float:
    """The size in a default appearance, `/Helv 11 Tf 0 g`; 0 there means that the viewer chooses."""
    operands = appearance.split()
    if "Tf" in operands[1:]:
        try:
            size = float(operands[operands.index("Tf", 1) - 1])
        except ValueError:
            return _NOTE_SIZE
        return size if 1.0 <= size <= 200.0 else _NOTE_SIZE
    return _NOTE_SIZE


class _Rich(HTMLParser):
    """The text of rich text (XHTML), a line for each paragraph."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []

    @classmethod
    def text_of(cls, markup: str) -> str:
        """Its text; nothing for nothing."""
        parser = cls()
        parser.feed(markup)
        parser.close()
        lines = (" ".join(line.split()) for line in "".join(parser._parts).split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_data(self, data: str) -> None:
        """Text; line ends in the markup are spaces."""
        self._parts.append(data.replace("\n", " ").replace("\r", " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A break is a line end."""
        if tag == "br":
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """So is the end of a paragraph."""
        if tag in ("p", "div", "li"):
            self._parts.append("\n")


def _text(read: Callable[[Any, int], int]) -> str:
    """What PDFium writes as UTF-16 into a typed buffer."""

    def write(buffer: ctypes.Array[ctypes.c_char] | None, size: int) -> int:
        return read(buffer and ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), size)

    return wide_string(write, MAX_STRING)
