"""Picture regions: bitmaps, the detector's figures fitted to what is drawn, and dense vector drawings."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in, merge_near, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.regions.forms import holds_form
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.ruled_grids import ruling_box
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["picture_regions"]

_LEAST_SCORE = 0.5
_WHOLE_PAGE = 0.85
_LEAST_SIDE = 18.0
_LEAST_AREA = 600.0
_LEAST_STROKES = 8  # of a drawing that nothing but its density speaks for
_CAPTION_REACH = 45.0
_LEAST_TICKS = 3
_MAX_SHAPES = 20_000
_MAX_PANELS = 300
_MAX_PICTURES = 100


def _clipped(box: Box, page: PageContent) -> Box:
    return Box(max(0.0, box.l), max(0.0, box.t), min(page.width, box.r), min(page.height, box.b))


def _words(row: Row) -> int:
    return len(row.text.split())


def _prose_rows(rows: Sequence[Row], box: Box) -> int:
    return sum(1 for row in within(rows, box) if _words(row) >= 6)


def _holds_prose(rows: Sequence[Row], box: Box) -> bool:
    """True for a panel or a background: several full lines, or text over much of the area."""
    inner = within(rows, box)
    if _prose_rows(inner, box) >= 4:
        return True
    if inner and sum(row.mono for row in inner) > 0.6 * len(inner):
        return True
    return sum(row.chars * row.size * row.size * 0.5 for row in inner) > 0.45 * box.area


def _bitmaps(page: PageContent, rows: Sequence[Row]) -> list[Box]:
    area = page.width * page.height
    usable = [
        box
        for box in (_clipped(box, page) for box in page.bitmaps)
        if box.width > 0 and box.height > 0 and box.area < _WHOLE_PAGE * area
    ]
    native = [row for row in rows if not row.ocr]
    return [
        box
        for box, _ in sorted(merge_near(usable, 2.0), key=lambda cluster: -cluster[0].area)[:_MAX_PICTURES]
        if min(box.width, box.height) >= _LEAST_SIDE
        and _LEAST_AREA <= box.area < _WHOLE_PAGE * area
        and not _holds_prose(native, box)
    ]


def _strokes(page: PageContent, rows: Sequence[Row], taken: Sequence[Box]) -> list[Box]:
    """What is drawn outside tables, without panels behind text and without page-wide decoration."""
    drawn = page.shapes[:_MAX_SHAPES]
    drawn += [ruling_box(ruling) for ruling in page.rulings[:_MAX_SHAPES]]
    prose = [(row.centre, row.middle) for row in rows if _words(row) >= 6]
    kept: list[Box] = []
    panels = 0
    for shape in drawn:
        box = _clipped(shape, page)
        if box.width > 0.8 * page.width or box.height > 0.8 * page.height:
            continue
        if any(lies_in(box, region, 0.7) for region in taken):
            continue
        if box.area > 5000 and panels < _MAX_PANELS:
            panels += 1
            if sum(1 for x, y in prose if box.l < x < box.r and box.t < y < box.b) >= 2:
                continue
        kept.append(box)
    return kept


def _bare(page: PageContent, rows: Sequence[Row], box: Box) -> bool:
    """True where nothing is drawn but horizontal rules between lines of text, as on a form to fill in."""
    if len([row for row in within(rows, box) if not row.ocr]) < 3:
        return False
    marks = [*page.bitmaps, *page.shapes[:_MAX_SHAPES]]
    marks += [ruling_box(ruling) for ruling in page.rulings if not ruling.horizontal]
    return not any(lies_in(mark, box, 0.5) for mark in marks)


def _captioned(box: Box, captions: Sequence[Row]) -> bool:
    return any(
        min(row.box.r, box.r) > max(row.box.l, box.l)
        and (-5 <= row.box.t - box.b <= _CAPTION_REACH or -5 <= box.t - row.box.b <= _CAPTION_REACH)
        for row in captions
    )


def _fitted(box: Box, graphics: Sequence[Box], rows: Sequence[Row]) -> Box:
    """A detected figure moved to the graphics and labels in it, where these agree with it by and large."""
    whole = max(graphics, key=lambda graphic: graphic.iou(box), default=box)
    inner = [graphic for graphic in graphics if graphic.inside(box) > 0.6]
    if whole.iou(box) > 0.5:
        inner.append(whole)
    if not inner:
        return box
    drawn = hull(inner)
    labels = [
        row.box
        for row in within(rows, box, 0.7)
        if not CAPTION.match(row.text) and (_words(row) <= 3 or drawn.t < row.middle < drawn.b)
    ]
    content = hull([drawn, *labels])
    return content if content.iou(box) > 0.5 else box


def _with_labels(box: Box, rows: Sequence[Row]) -> Box:
    """Grown to the short labels that cross its edge or stand along its axes."""
    grown = box
    for row in within(rows, box, 0.3):
        if _words(row) <= 5 and not CAPTION.match(row.text):
            grown = grown.union(row.box)
    return _with_axes(grown, rows)


def _with_axes(box: Box, rows: Sequence[Row]) -> Box:
    """Grown to the numbers along its left and lower edges: the labels of a chart's axes."""
    left, below = [], []
    for row in rows:
        near = 1.2 * row.size
        if _words(row) > 2 or not any(map(str.isdigit, row.text)) or row.angle:
            continue
        if box.t - near < row.middle < box.b + near and -near <= box.l - row.box.r <= 2 * near:
            left.append(row.box)
        elif box.l - near < row.centre < box.r + near and -near <= row.box.t - box.b <= near:
            below.append(row.box)
    return hull([box, *(side for edge in (left, below) if len(edge) >= _LEAST_TICKS for side in edge)])


def _drawn(page: PageContent, box: Box) -> int:
    """How many shapes lie in the box."""
    frame = box.padded(1.0)
    return sum(
        1
        for shape in page.shapes[:_MAX_SHAPES]
        if frame.l <= shape.l <= frame.r and frame.t <= shape.t <= frame.b
    )


def _drawings(page: PageContent, strokes: Sequence[Box], rows: Sequence[Row]) -> list[Found]:
    """Clusters of strokes dense enough, or with a caption, that they must be drawings."""
    area = page.width * page.height
    captions = [row for row in rows if CAPTION.match(row.text)]
    if len(page.widgets) >= 3:
        return []  # what is drawn are the form's boxes
    clusters = sorted(merge_near(strokes, 6.0), key=lambda cluster: -cluster[0].area)[:_MAX_PICTURES]
    found: list[Found] = []
    for box, count in clusters:
        side = min(box.width, box.height)
        if box.area < 1500 or box.area > 0.8 * area or _prose_rows(rows, box) >= 2 or _holds_prose(rows, box):
            continue
        captioned = count >= 3 and side >= 30 and _captioned(box, captions)
        # rulings alone frame things; it takes more to draw
        if captioned or (side >= 40 and _drawn(page, box) >= _LEAST_STROKES):
            found.append(Found("picture", _with_labels(box, rows), 0.7, "geometry"))
    return found


def picture_regions(
    page: PageContent, rows: Sequence[Row], detections: Sequence[Detection], tables: Sequence[Found]
) -> list[Found]:
    """Pictures of the page, none inside another and none that a table is."""
    taken = [table.box for table in tables]
    area = page.width * page.height
    bitmaps = _bitmaps(page, rows)
    strokes = _strokes(page, rows, taken)
    found: list[Found] = []
    figures = [det for det in detections if det.raw == "figure" and det.score >= _LEAST_SCORE]
    for detection in sorted(figures, key=lambda det: -det.score):
        box = _clipped(detection.box, page)
        if box.area > 0.8 * area or _holds_prose(rows, box) or holds_form(page, box):
            continue
        if _bare(page, rows, box):
            continue
        inner = [stroke for stroke in strokes if lies_in(stroke, box, 0.6)]
        drawn = [cluster for cluster, _ in merge_near(inner, 6.0)]
        found.append(
            Found(
                "picture", _with_labels(_fitted(box, bitmaps + drawn, rows), rows), detection.score, "model"
            )
        )
    found += [Found("picture", _with_labels(box, rows), 0.9, "geometry") for box in bitmaps]
    known = [picture.box.padded(2.0) for picture in found]
    loose = [stroke for stroke in strokes if not any(lies_in(stroke, box, 0.5) for box in known)]
    found += _drawings(page, loose, rows)
    kept: list[Found] = []
    for candidate in found:
        if any(candidate.box.inside(table) > 0.6 or table.inside(candidate.box) > 0.8 for table in taken):
            continue
        if not any(candidate.box.inside(k.box) > 0.4 or k.box.inside(candidate.box) > 0.4 for k in kept):
            kept.append(candidate)
    return kept
