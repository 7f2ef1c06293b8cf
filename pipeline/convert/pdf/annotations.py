"""Links and form fields of a page."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.strings import wide_string
from docmill.pipeline.convert.types import Box, Link, Widget

__all__ = ["read_annotations"]

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


def read_annotations(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, frame: PageFrame
) -> tuple[list[Link], list[Widget]]:
    """The links and the visible form fields of `page`, in the order of its annotations."""
    links: list[Link] = []
    widgets: list[Widget] = []
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
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return links, widgets


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


def _text(read: Callable[[Any, int], int]) -> str:
    """What PDFium writes as UTF-16 into a typed buffer."""

    def write(buffer: ctypes.Array[ctypes.c_char] | None, size: int) -> int:
        return read(buffer and ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), size)

    return wide_string(write, MAX_STRING)
