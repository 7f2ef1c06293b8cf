"""What a page draws besides text: bitmaps, rulings and other shapes.

Tables are read from rulings: thin strokes and thin filled rectangles, and the sides of stroked rectangles,
as far as they run along the page.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.types import Box, Ruling

__all__ = ["Drawings", "read_drawings"]

#: Strokes and rectangles up to this thickness in points are rulings.
RULING_THICKNESS = 3.0
#: Shorter ones are dashes, underscores and parts of drawings.
RULING_LENGTH = 4.0
#: A stroke may deviate from the horizontal or vertical by this many points.
RULING_SKEW = 0.75
MAX_RULINGS = 5_000
MAX_SHAPES = 5_000
MAX_BITMAPS = 2_000
#: Objects looked at on one page, forms included, and how deep forms may nest.
MAX_OBJECTS = 30_000
MAX_DEPTH = 8
#: Segments looked at in one path: longer ones are drawings, whatever their first strokes look like.
MAX_SEGMENTS = 400

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Drawings:
    """Displayed boxes and rulings, in drawing order, clipped to the page."""

    bitmaps: list[Box] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    shapes: list[Box] = field(default_factory=list)


def read_drawings(page: pdfium.PdfPage, frame: PageFrame) -> Drawings:
    """The bitmaps, rulings and shapes of `page` and of the forms on it, as far as they are visible."""
    found = Drawings()
    width, height = frame.size
    visible = Box(0.0, 0.0, width, height)
    for kind, handle, matrix in _objects(page):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = _visible_box(handle, matrix, frame, visible)
            if box is not None and len(found.bitmaps) < MAX_BITMAPS:
                found.bitmaps.append(box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            _add_path(found, handle, matrix, frame, visible)
        if len(found.rulings) >= MAX_RULINGS and len(found.shapes) >= MAX_SHAPES:
            break
    return found


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[int, ctypes.Structure, Matrix]]:
    """Images and paths with the matrix of the forms around them, in drawing order."""
    budget = MAX_OBJECTS

    def children(parent: ctypes.Structure | None) -> Iterator[ctypes.Structure]:
        if parent is None:
            yield from (
                pdfium_c.FPDFPage_GetObject(page, i) for i in range(pdfium_c.FPDFPage_CountObjects(page))
            )
        else:
            count = pdfium_c.FPDFFormObj_CountObjects(parent)
            yield from (pdfium_c.FPDFFormObj_GetObject(parent, i) for i in range(max(0, count)))

    stack = [(children(None), IDENTITY)]
    while stack:
        objects, matrix = stack[-1]
        handle = next(objects, None)
        if handle is None or budget <= 0:
            stack.pop()
            continue
        if not handle or not _is_active(handle):
            continue
        budget -= 1
        kind = pdfium_c.FPDFPageObj_GetType(handle)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            if len(stack) < MAX_DEPTH:
                stack.append((children(handle), _multiply(_matrix(handle), matrix)))
        elif kind in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH):
            yield kind, handle, matrix


def _is_active(handle: ctypes.Structure) -> bool:
    """False for what a layer hides (`layers.switch_off`)."""
    active = ctypes.c_int()
    return not pdfium_c.FPDFPageObj_GetIsActive(handle, active) or bool(active.value)


def _matrix(handle: ctypes.Structure) -> Matrix:
    m = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(handle, m):
        return IDENTITY
    return m.a, m.b, m.c, m.d, m.e, m.f


def _multiply(one: Matrix, two: Matrix) -> Matrix:
    """First `one`, then `two`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _apply(matrix: Matrix, x: float, y: float) -> Point:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _bounds(points: list[Point], frame: PageFrame) -> Box | None:
    """The displayed box around points in user space, or None if one is not finite."""
    if not points or not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return frame.box(min(xs), min(ys), max(xs), max(ys))


def _visible_box(handle: ctypes.Structure, matrix: Matrix, frame: PageFrame, visible: Box) -> Box | None:
    """An object's displayed box within the page."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
        return None
    corners = [(x.value, y.value) for x in (left, right) for y in (bottom, top)]
    box = _bounds([_apply(matrix, x, y) for x, y in corners], frame)
    return _clipped(box, visible)


def _clipped(box: Box | None, visible: Box) -> Box | None:
    if box is None or box.r < 0 or box.b < 0 or box.l > visible.r or box.t > visible.b:
        return None
    clipped = Box(max(box.l, 0.0), max(box.t, 0.0), min(box.r, visible.r), min(box.b, visible.b))
    return clipped if clipped.l <= clipped.r and clipped.t <= clipped.b else None


def _add_path(
    found: Drawings, handle: ctypes.Structure, matrix: Matrix, frame: PageFrame, visible: Box
) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium_c.FPDFPath_GetDrawMode(handle, fill, stroke) or not (fill.value or stroke.value):
        return
    bounds = _visible_box(handle, matrix, frame, visible)
    if bounds is None:
        return
    thickness = 0.0
    if stroke.value:
        width = ctypes.c_float()
        pdfium_c.FPDFPageObj_GetStrokeWidth(handle, width)
        thickness = width.value * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
    rulings: list[Ruling] | None = None
    if stroke.value and thickness <= RULING_THICKNESS and len(found.rulings) < MAX_RULINGS:
        rulings = list(_sides(handle, matrix, frame, visible))
    if not rulings:
        rulings = _thin(bounds, thickness)
    if rulings is None and len(found.shapes) < MAX_SHAPES:
        found.shapes.append(bounds)
    found.rulings.extend((rulings or [])[: MAX_RULINGS - len(found.rulings)])


def _thin(bounds: Box, thickness: float) -> list[Ruling] | None:
    """The ruling that a path amounts to when its whole box is thin; None when it is not."""
    limit = RULING_THICKNESS + min(thickness, RULING_THICKNESS)
    if min(bounds.width, bounds.height) > limit:
        return None
    x, y = (bounds.l + bounds.r) / 2, (bounds.t + bounds.b) / 2
    if bounds.width >= max(RULING_LENGTH, bounds.height):
        return [Ruling(bounds.l, y, bounds.r, y)]
    if bounds.height >= max(RULING_LENGTH, bounds.width):
        return [Ruling(x, bounds.t, x, bounds.b)]
    return []


def _sides(handle: ctypes.Structure, matrix: Matrix, frame: PageFrame, visible: Box) -> Iterator[Ruling]:
    """Straight strokes of a path along the page; nothing if it has curves or many slanted strokes."""
    count = pdfium_c.FPDFPath_CountSegments(handle)
    if not 2 <= count <= MAX_SEGMENTS:
        return
    whole = _multiply(_matrix(handle), matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    begin = at = (0.0, 0.0)
    lines: list[tuple[Point, Point]] = []
    for i in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(handle, i)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_BEZIERTO:
            return
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        point = _apply(whole, x.value, y.value)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            begin = point
        else:
            lines.append((at, point))
        if pdfium_c.FPDFPathSegment_GetClose(segment):
            lines.append((point, begin))
        at = point
    boxes = [_bounds([one, two], frame) for one, two in lines]
    slanted = sum(box is None or min(box.width, box.height) > RULING_SKEW for box in boxes)
    if slanted * 2 > len(boxes):
        return
    for box in boxes:
        if box is None or min(box.width, box.height) > RULING_SKEW:
            continue
        side = _clipped(box, visible)
        if side is not None:
            yield from _thin(side, 0.0) or ()
