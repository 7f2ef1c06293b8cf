"""Layers (optional content) that are off: what a page has and does not show.

PDFium draws a page by its layers, and does not tell their state. So a layer is off when the page looks the
same without its objects.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.objects.walking import MAX_DEPTH, MAX_OBJECTS, ObjectPath, page_objects

__all__ = ["hidden_objects", "switch_off"]

#: Layers looked at on one page.
_MAX_LAYERS = 32
#: Longer side of the drawings that are compared, in pixels.
_SIDE = 1_000
#: Text that is not drawn anyway, such as an OCR layer, tells nothing.
_UNDRAWN = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)


def hidden_objects(page: pdfium.PdfPage) -> list[ObjectPath]:
    """The objects of `page` that its layers hide."""
    layers = _layers(page)
    if not layers:
        return []
    shown = _drawn(page)
    every = [path for paths in layers for path in paths]
    switch_off(page, every)
    try:
        if _drawn(page) == shown:
            return every
    finally:
        switch_off(page, every, off=False)
    hidden: list[ObjectPath] = []
    for paths in layers[:_MAX_LAYERS]:
        switch_off(page, paths)
        if _drawn(page) == shown:
            hidden += paths
        switch_off(page, paths, off=False)
    return hidden


def switch_off(page: pdfium.PdfPage, paths: Sequence[ObjectPath], *, off: bool = True) -> None:
    """Leave the objects out of what `page` draws and says while it is loaded, or take them in again."""
    for first, *inner in paths:
        handle = pdfium_c.FPDFPage_GetObject(page, first)
        for index in inner:
            handle = handle and pdfium_c.FPDFFormObj_GetObject(handle, index)
        if handle:
            pdfium_c.FPDFPageObj_SetIsActive(handle, not off)


def _layers(page: pdfium.PdfPage) -> list[list[ObjectPath]]:
    """Objects that a layer may hide, by layer; forms one by one, since nothing tells theirs."""
    marked: dict[str, list[ObjectPath]] = defaultdict(list)
    forms: list[list[ObjectPath]] = []
    telling: set[str] = set()
    # what is in a form that is marked goes with it
    for path, handle in page_objects(page, lambda form: _layer(form) is None):
        kind = pdfium_c.FPDFPageObj_GetType(handle)
        layer = _layer(handle)
        if layer is not None:
            marked[layer].append(path)
            if kind != pdfium_c.FPDF_PAGEOBJ_TEXT or _is_drawn(handle):
                telling.add(layer)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and _shows_text(handle):
            forms.append([path])
    return [paths for layer, paths in marked.items() if layer in telling] + forms


def _layer(handle: ctypes.Structure) -> str | None:
    """The name of the layer that an object's marks put it into; empty for one without a name."""
    for number in range(max(0, pdfium_c.FPDFPageObj_CountMarks(handle))):
        mark = pdfium_c.FPDFPageObj_GetMark(handle, number)
        if mark and _mark_name(mark) == "OC":
            return _mark_text(mark, b"Name")
    return None


def _mark_name(mark: ctypes.Structure) -> str:
    size = ctypes.c_ulong()
    buffer = (pdfium_c.FPDF_WCHAR * 16)()
    read = pdfium_c.FPDFPageObjMark_GetName(mark, buffer, ctypes.sizeof(buffer), size)
    return _decoded(buffer, size.value) if read else ""


def _mark_text(mark: ctypes.Structure, key: bytes) -> str:
    size = ctypes.c_ulong()
    buffer = (pdfium_c.FPDF_WCHAR * 256)()
    read = pdfium_c.FPDFPageObjMark_GetParamStringValue(mark, key, buffer, ctypes.sizeof(buffer), size)
    return _decoded(buffer, size.value) if read else ""


def _decoded(buffer: ctypes.Array[ctypes.c_ushort], size: int) -> str:
    return bytes(buffer)[: max(0, size - 2)].decode("utf-16-le", "replace")


def _is_drawn(handle: ctypes.Structure) -> bool:
    return pdfium_c.FPDFTextObj_GetTextRenderMode(handle) not in _UNDRAWN


def _shows_text(form: ctypes.Structure, depth: int = 1) -> bool:
    """Whether a form would show text if it is shown; an OCR layer may be a form, and has none to show."""
    for index in range(max(0, min(pdfium_c.FPDFFormObj_CountObjects(form), MAX_OBJECTS))):
        handle = pdfium_c.FPDFFormObj_GetObject(form, index)
        kind = pdfium_c.FPDFPageObj_GetType(handle) if handle else None
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT and _is_drawn(handle):
            return True
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH and _shows_text(handle, depth + 1):
            return True
    return False


def _drawn(page: pdfium.PdfPage) -> bytes:
    scale = min(1.0, _SIDE / max(1.0, *page.get_size()))
    bitmap = page.render(scale=scale, may_draw_forms=False, draw_annots=False)
    try:
        return bytes(bitmap.buffer)
    finally:
        bitmap.close()
