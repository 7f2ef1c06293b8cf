"""What a page draws besides text: bitmaps, rulings and other shapes.

Tables are read from rulings: thin strokes and thin filled rectangles, and the sides of stroked rectangles,
as far as they run along the page.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf import quick_calls
from docmill.pipeline.convert.pdf.native.library import DrawingLimits, Library
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

_LIMITS = DrawingLimits(
    RULING_THICKNESS,
    RULING_LENGTH,
    RULING_SKEW,
    MAX_OBJECTS,
    MAX_DEPTH,
    MAX_SEGMENTS,
    MAX_BITMAPS,
    MAX_RULINGS,
    MAX_SHAPES,
)

#: No handle.
_NO_MORE = -1

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Drawings:
    """Displayed boxes and rulings, in drawing order, clipped to the page."""

    bitmaps: list[Box] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    shapes: list[Box] = field(default_factory=list)


def read_drawings(page: pdfium.PdfPage, frame: PageFrame, native: Library | None = None) -> Drawings:
    """The bitmaps, rulings and shapes of `page` and of the forms on it, as far as they are visible.

    With the `native` library they are the same, and sooner there.
    """
    if native is not None:
        bitmaps, rulings, shapes = native.drawings(quick_calls.handle_of(page), frame, _LIMITS)
        return Drawings(
            [Box(*box) for box in bitmaps],
            [Ruling(*ruling) for ruling in rulings],
            [Box(*box) for box in shapes],
        )
    found = Drawings()
    width, height = frame.size
    visible = Box(0.0, 0.0, width, height)
    answers = _Answers()
    for kind, handle, matrix in _objects(quick_calls.handle_of(page), answers):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = _visible_box(handle, matrix, frame, visible, answers)
            if box is not None and len(found.bitmaps) < MAX_BITMAPS:
                found.bitmaps.append(box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            _add_path(found, handle, matrix, frame, visible, answers)
        if len(found.rulings) >= MAX_RULINGS and len(found.shapes) >= MAX_SHAPES:
            break
    return found


class _Answers:
    """Where PDFium writes what it answers, with the places as numbers."""

    def __init__(self) -> None:
        self.numbers, self.floats = (ctypes.c_int * 2)(), (ctypes.c_float * 6)()
        self.points = (ctypes.c_float * (2 * MAX_SEGMENTS))()
        first, second = (ctypes.addressof(place) for place in (self.numbers, self.floats))
        self.of_numbers = [first, first + ctypes.sizeof(ctypes.c_int)]
        self.of_floats = [second + number * ctypes.sizeof(ctypes.c_float) for number in range(4)]
        self.of_points = ctypes.addressof(self.points)


def _objects(page: int, answers: _Answers) -> Iterator[tuple[int, int, Matrix]]:
    """Images and paths with the matrix of the forms around them, in drawing order."""
    budget = MAX_OBJECTS
    objects = map(quick_calls.object_of_page, repeat(page), range(quick_calls.count_objects(page)))
    stack = [(objects, IDENTITY)]
    while stack:
        objects, matrix = stack[-1]
        handle = next(objects, _NO_MORE) if budget > 0 else _NO_MORE
        if handle == _NO_MORE:
            stack.pop()
            continue
        if not handle or not _is_active(handle, answers):
            continue
        budget -= 1
        kind = quick_calls.object_type(handle)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            if len(stack) < MAX_DEPTH:
                count = max(0, quick_calls.count_objects_of_form(handle))
                inner = map(quick_calls.object_of_form, repeat(handle), range(count))
                stack.append((inner, _multiply(_matrix(handle, answers), matrix)))
        elif kind in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH):
            yield kind, handle, matrix


def _is_active(handle: int, answers: _Answers) -> bool:
    """False for what a layer hides (`layers.switch_off`)."""
    return not quick_calls.is_active(handle, answers.of_numbers[0]) or bool(answers.numbers[0])


def _matrix(handle: int, answers: _Answers) -> Matrix:
    if not quick_calls.matrix_of(handle, answers.of_floats[0]):
        return IDENTITY
    a, b, c, d, e, f = answers.floats
    return a, b, c, d, e, f


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


def _visible_box(
    handle: int, matrix: Matrix, frame: PageFrame, visible: Box, answers: _Answers
) -> Box | None:
    """An object's displayed box within the page."""
    if not quick_calls.object_bounds(handle, *answers.of_floats):
        return None
    left, bottom, right, top, *_ = answers.floats
    corners = [_apply(matrix, x, y) for x in (left, right) for y in (bottom, top)]
    return _clipped(_bounds(corners, frame), visible)


def _clipped(box: Box | None, visible: Box) -> Box | None:
    if box is None or box.r < 0 or box.b < 0 or box.l > visible.r or box.t > visible.b:
        return None
    clipped = Box(max(box.l, 0.0), max(box.t, 0.0), min(box.r, visible.r), min(box.b, visible.b))
    return clipped if clipped.l <= clipped.r and clipped.t <= clipped.b else None


def _add_path(
    found: Drawings, handle: int, matrix: Matrix, frame: PageFrame, visible: Box, answers: _Answers
) -> None:
    if not quick_calls.draw_mode(handle, *answers.of_numbers):
        return
    fill, stroke = answers.numbers
    if not (fill or stroke):
        return
    bounds = _visible_box(handle, matrix, frame, visible, answers)
    if bounds is None:
        return
    thickness = 0.0
    if stroke:
        width = answers.floats[0] if quick_calls.stroke_width(handle, answers.of_floats[0]) else 0.0
        thickness = width * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
    rulings: list[Ruling] | None = None
    if stroke and thickness <= RULING_THICKNESS and len(found.rulings) < MAX_RULINGS:
        rulings = list(_sides(handle, matrix, frame, visible, answers))
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


def _sides(
    handle: int, matrix: Matrix, frame: PageFrame, visible: Box, answers: _Answers
) -> Iterator[Ruling]:
    """Straight strokes of a path along the page; nothing if it has curves or many slanted strokes."""
    count = quick_calls.count_segments(handle)
    if not 2 <= count <= MAX_SEGMENTS:
        return
    segments = list(map(quick_calls.segment_of_path, repeat(handle), range(count)))
    kinds = list(map(quick_calls.segment_type, segments))
    if pdfium_c.FPDF_SEGMENT_BEZIERTO in kinds:
        return
    lines = _lines(segments, kinds, _multiply(_matrix(handle, answers), matrix), answers)
    boxes = [_bounds_of_line(one, two, frame) for one, two in lines]
    straight = [box for box in boxes if box and min(box[2] - box[0], box[3] - box[1]) <= RULING_SKEW]
    if (len(boxes) - len(straight)) * 2 > len(boxes):
        return
    for box in straight:
        side = _clipped(Box(*box), visible)
        if side is not None:
            yield from _thin(side, 0.0) or ()


def _lines(
    segments: list[int], kinds: list[int], matrix: Matrix, answers: _Answers
) -> list[tuple[Point, Point]]:
    """The straight lines of a path, those that close it included."""
    size = ctypes.sizeof(ctypes.c_float)
    begin, end = answers.of_points, answers.of_points + 2 * size * len(segments)
    places = zip(segments, range(begin, end, 2 * size), range(begin + size, end, 2 * size), strict=True)
    for place in places:
        quick_calls.segment_point(*place)
    values = answers.points[: 2 * len(segments)]
    start = at = (0.0, 0.0)
    lines: list[tuple[Point, Point]] = []
    for segment, kind, x, y in zip(segments, kinds, values[::2], values[1::2], strict=True):
        point = _apply(matrix, x, y)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = point
        else:
            lines.append((at, point))
        if quick_calls.is_closed(segment):
            lines.append((point, start))
        at = point
    return lines


def _bounds_of_line(one: Point, two: Point, frame: PageFrame) -> tuple[float, float, float, float] | None:
    """`_bounds` of two points, as plain numbers."""
    if not all(map(math.isfinite, one + two)):
        return None
    (x0, y0), (x1, y1) = frame.point(*one), frame.point(*two)
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
