"""Text that its clip path cuts off: ledgers set longer text than a cell shows, and hidden text is cut whole.

Curves of a clip path are taken for the lines that hold them, its parts for their union, and a glyph for its
centre.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf import quick_calls
from docmill.pipeline.convert.pdf.pageframe import PageFrame

__all__ = ["visible_glyphs"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bounds = tuple[float, float, float, float]

#: Of more runs with clip paths so many are looked at first: where those cut nothing, as Word's, which are as
#: large as the page, the others are taken to cut nothing either.
_FIRST = 64
#: Segments looked at in one clip path, and paths: others are drawings, and cut nothing here.
_MAX_SEGMENTS, _MAX_PATHS = 64, 16
#: A glyph is cut off when its centre lies so many points outside.
_TOLERANCE = 0.5


def visible_glyphs(
    page: ctypes.Structure,
    frame: PageFrame,
    objects: list[int],
    run: Ints,
    index: Ints,
    boxes: Floats,
) -> Flags:
    """[N] which glyphs their clip path leaves on the page; invisible text is all there.

    `page` is PDFium's text page, `objects` the handles of its text objects by run, `index` the number of each
    glyph's character, `boxes` [N, 4] where glyphs are displayed.
    """
    seen = np.ones(len(run), np.bool_)
    clips = {}
    for number, text_object in enumerate(objects):
        clip = quick_calls.clip_path(text_object) if text_object else None
        if clip and quick_calls.count_clip_paths(clip) > 0:
            clips[number] = ctypes.cast(clip, pdfium_c.FPDF_CLIPPATH)
    if not clips or not len(run):
        return seen
    centre = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], axis=1) / 2
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    ends = np.append(starts[1:], len(run))
    spans = [
        (number, begin, end)
        for number, begin, end in zip(run[starts].tolist(), starts.tolist(), ends.tolist(), strict=True)
        if number in clips
    ]
    step = max(1, len(spans) // _FIRST)
    some = spans[::step] if step > 1 else spans
    if step > 1 and not any(_cuts(clips[number], frame, centre[begin:end]) for number, begin, end in some):
        return seen
    for number, begin, end in spans:
        if _cuts(clips[number], frame, centre[begin:end]):
            first, places = int(index[begin]), centre[begin:end]
            text_object = ctypes.cast(objects[number], pdfium_c.FPDF_PAGEOBJECT)
            seen[begin:end] &= _inside(page, frame, clips[number], text_object, first, places)
    return seen


def _cuts(clip: ctypes.Structure, frame: PageFrame, centre: Floats) -> bool:
    """Whether the clip path leaves any of the places out, if it is none of a form that was moved."""
    left = _left_by(clip)
    return left is not None and not bool(_seen(left, frame, centre, np.eye(3)).all())


def _inside(
    page: ctypes.Structure,
    frame: PageFrame,
    clip: ctypes.Structure,
    text_object: ctypes.Structure,
    index: int,
    centre: Floats,
) -> Flags:
    all_seen = np.ones(len(centre), np.bool_)
    if pdfium_c.FPDFTextObj_GetTextRenderMode(text_object) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE:
        return all_seen
    left, moved = _left_by(clip), _form_matrix(page, text_object, index)
    return all_seen if left is None or moved is None else _seen(left, frame, centre, moved)


def _seen(left: _Left, frame: PageFrame, centre: Floats, moved: Floats) -> Flags:
    """[N] which places are in what a clip path leaves, whose space `moved` brings to the page's."""
    bounds = left.bounds
    corners = np.asarray([(x, y, 1.0) for x in bounds[::2] for y in bounds[1::2]]) @ moved
    box = frame.boxes([(*corners.min(axis=0)[:2], *corners.max(axis=0)[:2])])[0]
    seen = _within(box, centre)
    for shapes in left.shapes:
        if not seen.any():
            break
        inside = np.zeros(len(centre), np.bool_)
        for shape in shapes:
            places = np.column_stack([shape, np.ones(len(shape))]) @ moved
            inside |= _in_polygon(np.asarray([frame.point(x, y) for x, y, _ in places.tolist()]), centre)
        seen &= inside
    return seen


def _in_polygon(corners: Floats, centre: Floats) -> Flags:
    """[N] which places lie in a polygon: a ray to the right crosses its sides an odd number of times."""
    x, y = centre.T
    inside = np.zeros(len(centre), np.bool_)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def _within(box: Floats, centre: Floats) -> Flags:
    low, high = box[:2] - _TOLERANCE, box[2:] + _TOLERANCE
    return np.asarray(((centre >= low) & (centre <= high)).all(axis=1), np.bool_)


def _form_matrix(page: ctypes.Structure, text_object: ctypes.Structure, index: int) -> Floats | None:
    """[3, 3] from the space of a text object and its clip path to the page's: forms have one of their own."""
    inner, outer = pdfium_c.FS_MATRIX(), pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(text_object, inner):
        return None
    pdfium_c.FPDFText_GetMatrix(page, index, outer)
    own, shown = _array(inner), _array(outer)
    if not (np.isfinite(own).all() and np.isfinite(shown).all()) or abs(np.linalg.det(own)) < 1e-12:
        return None
    matrix: Floats = np.linalg.inv(own) @ shown
    return matrix


def _array(matrix: ctypes.Structure) -> Floats:
    m = matrix
    return np.asarray([(m.a, m.b, 0.0), (m.c, m.d, 0.0), (m.e, m.f, 1.0)])


@dataclass(frozen=True)
class _Left:
    """What a clip path leaves: the rectangle around it and, of paths that are no rectangle, their parts."""

    bounds: Bounds
    shapes: list[list[Floats]]


def _left_by(clip: ctypes.Structure) -> _Left | None:
    """What all paths of a clip path leave, None where they are drawings."""
    left, bottom, right, top = -math.inf, -math.inf, math.inf, math.inf
    paths = pdfium_c.FPDFClipPath_CountPaths(clip)
    if paths > _MAX_PATHS:
        return None
    shapes: list[list[Floats]] = []
    for path in range(paths):
        count = pdfium_c.FPDFClipPath_CountPathSegments(clip, path)
        parts = _parts(clip, path, count) if 0 < count <= _MAX_SEGMENTS else []
        if not parts:
            continue
        xs, ys = zip(*(point for part in parts for point in part), strict=True)
        left, bottom = max(left, min(xs)), max(bottom, min(ys))
        right, top = min(right, max(xs)), min(top, max(ys))
        if len(parts) > 1 or not _is_rectangle(parts[0]):
            shapes.append([np.asarray(part) for part in parts])
    bounds = (left, bottom, max(left, right), max(bottom, top))
    return _Left(bounds, shapes) if all(map(math.isfinite, bounds)) else None


def _is_rectangle(points: list[tuple[float, float]]) -> bool:
    xs, ys = {round(x, 1) for x, _ in points}, {round(y, 1) for _, y in points}
    return len(points) <= 5 and len(xs) <= 2 and len(ys) <= 2


def _parts(clip: ctypes.Structure, path: int, count: int) -> list[list[tuple[float, float]]]:
    """The corners of each part of a path; of curves those of the lines that hold them."""
    x, y = ctypes.c_float(), ctypes.c_float()
    parts: list[list[tuple[float, float]]] = []
    for number in range(count):
        segment = pdfium_c.FPDFClipPath_GetPathSegment(clip, path, number)
        if segment and pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
            if not parts or pdfium_c.FPDFPathSegment_GetType(segment) == pdfium_c.FPDF_SEGMENT_MOVETO:
                parts.append([])
            parts[-1].append((x.value, y.value))
    return [part for part in parts if len(part) > 1]
