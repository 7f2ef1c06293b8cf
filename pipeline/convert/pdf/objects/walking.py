"""The objects of a page, and of the forms that it shows."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

__all__ = ["MAX_DEPTH", "MAX_OBJECTS", "ObjectPath", "page_objects"]

#: An object of a page by its index, and by its indices in the forms that it is in.
ObjectPath = tuple[int, ...]

#: Objects looked at on one page, and how deep forms may nest.
MAX_OBJECTS = 30_000
MAX_DEPTH = 8


def page_objects(
    page: pdfium.PdfPage, enters: Callable[[ctypes.Structure], bool] = lambda _: True
) -> Iterator[tuple[ObjectPath, ctypes.Structure]]:
    """The objects of a page in drawing order, a form before what is in it where `enters` says to look."""
    waiting: list[tuple[ObjectPath, ctypes.Structure]] = [
        ((index,), pdfium_c.FPDFPage_GetObject(page, index))
        for index in range(min(pdfium_c.FPDFPage_CountObjects(page), MAX_OBJECTS))
    ]
    waiting.reverse()
    budget = MAX_OBJECTS
    while waiting and budget:
        path, handle = waiting.pop()
        if not handle:
            continue
        budget -= 1
        yield path, handle
        form = pdfium_c.FPDFPageObj_GetType(handle) == pdfium_c.FPDF_PAGEOBJ_FORM
        if form and len(path) < MAX_DEPTH and enters(handle):
            count = max(0, min(pdfium_c.FPDFFormObj_CountObjects(handle), budget))
            waiting += [
                ((*path, index), pdfium_c.FPDFFormObj_GetObject(handle, index))
                for index in reversed(range(count))
            ]
