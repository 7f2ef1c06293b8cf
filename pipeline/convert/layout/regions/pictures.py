"""Picture regions: bitmaps, the detector's figures fitted to what is drawn, and dense vector drawings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in, merge_near, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.regions.captioned_figures import captioned_figures
from docmill.pipeline.convert.layout.regions.forms import holds_form
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["drawn_figures", "picture_regions", "sure_figures"]

_LEAST_SCORE = 0.5
_WHOLE_PAGE = 0.85
#: Of a figure that numbers in rows do not make a table; a table that the detector sees there, too, could.
_SURE_SCORE, _TABLE_SCORE = 0.7, 0.3
_OF_FIGURE = re.compile(r"\W*(?:fig|abb|그림|图|圖|図|شكل)", re.IGNORECASE)
#: A bitmap that fills so much of a page is a scan of it when OCR found a title's worth of text in it; a
#: smaller one, a strip of a scan, when its lines fill so much of it.
_MOST_OF_PAGE, _TITLED = 0.5, 0.01
_LETTERED = 0.25
#: The edges of a scan's strips are as far from each other, and the strips are as far apart, in points.
_STRIP_EDGE, _STRIP_GAP = 1.0, 8.0
_LEAST_SIDE = 18.0
_LEAST_AREA = 600.0
_LEAST_STROKES = 8  # of a drawing that nothing but its density speaks for
_CAPTION_REACH = 45.0
_LEAST_TICKS = 3
#: Words of an axis's title, and how far it is from the numbers along the axis, in units of its type.
_TITLE_WORDS, _TITLE_REACH = 5, 1.5
#: The first characters of the scripts of Chinese and Japanese, and of what follows them.
_UNSPACED, _HANGUL = "\u3040", "\uac00"
_MAX_SHAPES = 20_000
_MAX_PANELS = 300
_MAX_PICTURES = 100
_LEAST_TEXT = 150  # characters of a text that has a picture behind it
#: Words in a line of text; characters of some lines; and the share of all that makes a text of a figure.
_LINE, _LEAST_LINES, _MOSTLY = 4, 120, 0.8


def _clipped(box: Box, page: PageContent) -> Box:
    return Box(max(0.0, box.l), max(0.0, box.t), min(page.width, box.r), min(page.height, box.b))


def _words(row: Row) -> int:
    """How many words a row has; where scripts do without spaces two characters count as one."""
    text = row.text
    unspaced = 0 if text.isascii() else sum(_UNSPACED <= char < _HANGUL for char in text)
    return len(text.split()) + unspaced // 2


def _prose_rows(rows: Sequence[Row], box: Box) -> int:
    return sum(1 for row in within(rows, box) if _words(row) >= 6)


def _holds_prose(rows: Sequence[Row], box: Box) -> bool:
    """True for a panel or a background: several full lines, or text over much of the area."""
    inner = within(rows, box)
    if _prose_rows(inner, box) >= 4:
        return True
    if _is_listing(inner):
        return True
    return sum(row.chars * row.size * row.size * 0.5 for row in inner) > 0.45 * box.area


def _is_listing(rows: Sequence[Row]) -> bool:
    return bool(rows) and sum(row.mono for row in rows) > 0.6 * len(rows)


def _background(rows: Sequence[Row], box: Box) -> bool:
    """True for what a page's text is set on: it would hold more than half of that, and not only labels."""
    inner = within(rows, box)
    chars = sum(row.chars for row in inner)
    if chars < _LEAST_TEXT or 2 * chars <= sum(row.chars for row in rows):
        return False
    return 2 * sum(row.chars for row in inner if _words(row) >= 3) > chars


def _bitmaps(page: PageContent, rows: Sequence[Row]) -> list[Box]:
    area = page.width * page.height
    usable = [
        box
        for box in (_clipped(box, page) for box in page.bitmaps)
        if box.width > 0 and box.height > 0 and box.area < _WHOLE_PAGE * area
    ]
    clusters = [box for box, _ in merge_near(usable, 2.0)]
    native = [row for row in rows if not row.ocr]
    read = [row for row in rows if row.ocr]
    if read:
        clusters = _stacked(clusters)
    return [
        box
        for box in sorted(clusters, key=lambda cluster: -cluster.area)[:_MAX_PICTURES]
        if min(box.width, box.height) >= _LEAST_SIDE
        and _LEAST_AREA <= box.area < _WHOLE_PAGE * area
        and not _holds_prose(native, box)
        and not (read and _is_scan(read, box, area))
        and not _background(native, box)
    ]


def _stacked(clusters: Sequence[Box]) -> list[Box]:
    """The strips that a scan is cut into, each as wide as the one above it, as one."""
    found: list[Box] = []
    for box in sorted(clusters, key=lambda box: (box.l, box.t)):
        last = found[-1] if found else None
        if (
            last is not None
            and max(abs(last.l - box.l), abs(last.r - box.r)) <= _STRIP_EDGE
            and box.t - last.b <= _STRIP_GAP
        ):
            found[-1] = last.union(box)
        else:
            found.append(box)
    return found


def _is_scan(read: Sequence[Row], box: Box, page_area: float) -> bool:
    """True for a bitmap of text, by what OCR read in it; a picture has a few labels.

    What is a picture on a scan of most of a page, with its margins left out, is the detector's word, as it is
    on a scan of all of it.
    """
    inner = within(read, box)
    lettered = sum(row.box.area for row in inner) / box.area
    if box.area >= _MOST_OF_PAGE * page_area:
        return lettered >= _TITLED
    return _prose_rows(inner, box) >= 4 or lettered >= _LETTERED


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


def _is_text(page: PageContent, rows: Sequence[Row], box: Box) -> bool:
    """True where no bitmap is and nearly all letters are those of lines of text or of program code."""
    inner = [row for row in within(rows, box) if not row.ocr]
    chars = sum(row.chars for row in inner)
    if not chars or any(lies_in(bitmap, box, 0.5) for bitmap in page.bitmaps):
        return False
    lines = sum(row.chars for row in inner if _words(row) >= _LINE or row.mono)
    if chars >= _LEAST_LINES and lines >= _MOSTLY * chars:
        return True
    drawn = any(lies_in(shape, box, 0.5) for shape in page.shapes[:_MAX_SHAPES])
    drawn = drawn or any(lies_in(ruling_box(ruling), box, 0.5) for ruling in page.rulings[:_MAX_SHAPES])
    return not drawn and sum(row.box.area for row in inner) > _LETTERED * box.area


def _without_captions(box: Box, rows: Sequence[Row]) -> Box:
    """Without the captions at its lower and upper edge that a detection takes in."""
    for row in within(rows, box):
        if not CAPTION.match(row.text):
            continue
        if row.middle > box.b - 0.3 * box.height:
            box = Box(box.l, box.t, box.r, max(box.t + 1.0, row.box.t - 1))
        elif row.middle < box.t + 0.3 * box.height:
            under = [other.box.b for other in within(rows, box) if other.box.t < row.box.b + 0.3 * row.size]
            box = Box(box.l, min(box.b - 1.0, max([row.box.b, *under]) + 1), box.r, box.b)
    return box


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
    """Grown to the numbers along its left and lower edges, the labels of a chart's axes, and their titles."""
    left, below = [], []
    for row in rows:
        near = 1.2 * row.size
        if _words(row) > 2 or not any(map(str.isdigit, row.text)) or row.angle:
            continue
        if box.t - near < row.middle < box.b + near and -near <= box.l - row.box.r <= 2 * near:
            left.append(row.box)
        elif box.l - near < row.centre < box.r + near and -near <= row.box.t - box.b <= near:
            below.append(row.box)
    edges = [edge for edge in (left, below) if len(edge) >= _LEAST_TICKS]
    if not edges:
        return box
    grown = hull([box, *(side for edge in edges for side in edge)])
    return hull([grown, *_axis_titles(grown, rows, across=below in edges)])


def _axis_titles(box: Box, rows: Sequence[Row], *, across: bool) -> list[Box]:
    """A few words under the middle of a chart with numbers `across` it, and turned ones beside it."""
    found: list[Box] = []
    for row in rows:
        other = row.box
        if _words(row) > _TITLE_WORDS or CAPTION.match(row.text):
            continue
        near = _TITLE_REACH * row.size
        if row.angle in (90, 270):
            beside = -near <= box.l - other.r <= near or -near <= other.l - box.r <= near
            if beside and box.t - near < other.t and other.b < box.b + near:
                found.append(other)
        elif across and not row.angle and -0.2 * near <= other.t - box.b <= near:
            middle = abs(row.centre - (box.l + box.r) / 2) < 0.25 * box.width
            if middle and box.l < other.l and other.r < box.r:
                found.append(other)
    return found


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
        if _background(rows, box):
            continue
        labelled = _with_labels(box, rows)
        captioned = count >= 3 and side >= 30 and _captioned(labelled, captions)
        # rulings alone frame things; it takes more to draw
        if captioned or (side >= 40 and _drawn(page, box) >= _LEAST_STROKES):
            found.append(Found("picture", labelled, 0.7, "geometry"))
    return found


def sure_figures(page: PageContent, rows: Sequence[Row], detections: Sequence[Detection]) -> list[Box]:
    """Figures that the detector sees, and that a caption calls so or bitmaps fill: heat maps, charts."""
    tables = [det.box for det in detections if det.raw == "table" and det.score >= _TABLE_SCORE]
    captions: list[Row] | None = None
    found: list[Box] = []
    for detection in detections:
        box = _clipped(detection.box, page)
        if detection.raw != "figure" or detection.score < _SURE_SCORE or box.area <= 0:
            continue
        if any(box.intersection(table) > 0.2 * min(box.area, table.area) for table in tables):
            continue
        filled = sum(bitmap.area for bitmap in page.bitmaps if lies_in(bitmap, box.padded(6), 0.9))
        if captions is None:
            captions = [row for row in rows if _OF_FIGURE.match(row.text) and CAPTION.match(row.text)]
        called = filled > 0.5 * box.area or _captioned(box, captions)
        if called and not _is_listing(within(rows, box)):
            found.append(box)
    return found


def _same(picture: Box, figure: Box) -> bool:
    """True for a picture that is a figure, or a part of it."""
    return picture.inside(figure) > 0.5


def drawn_figures(page: PageContent, rows: Sequence[Row]) -> list[Found]:
    """Vector drawings with captions of figures, which are no tables whatever they look like."""
    if not any(CAPTION.match(row.text) for row in rows) or len(page.widgets) >= 3:
        return []
    clusters = merge_near(_strokes(page, rows, ()), 6.0)
    figures = captioned_figures(clusters, page.shapes[:_MAX_SHAPES], rows)
    return [
        Found("picture", _with_labels(figure.box, rows), figure.score, figure.source)
        for figure in figures
        if not _holds_prose(rows, figure.box)
    ]


def picture_regions(
    page: PageContent,
    rows: Sequence[Row],
    detections: Sequence[Detection],
    tables: Sequence[Found],
    captioned: Sequence[Found] = (),
    sure: Sequence[Box] = (),
) -> list[Found]:
    """Pictures of the page, none inside another and none that a table is; `captioned` are known already.

    Titles and legends in `sure` figures are no text, however long.
    """
    taken = [table.box for table in tables]
    area = page.width * page.height
    bitmaps = _bitmaps(page, rows)
    strokes = _strokes(page, rows, taken)
    found: list[Found] = []
    figures = [det for det in detections if det.raw == "figure" and det.score >= _LEAST_SCORE]
    for detection in sorted(figures, key=lambda det: -det.score):
        box = _clipped(detection.box, page)
        if box.area > 0.8 * area or holds_form(page, box):
            continue
        if box not in sure and (_holds_prose(rows, box) or _is_text(page, rows, box)):
            continue
        if _bare(page, rows, box) or _background([row for row in rows if not row.ocr], box):
            continue
        box = _without_captions(box, rows)
        inner = [stroke for stroke in strokes if lies_in(stroke, box, 0.6)]
        drawn = [cluster for cluster, _ in merge_near(inner, 6.0)]
        found.append(
            Found(
                "picture", _with_labels(_fitted(box, bitmaps + drawn, rows), rows), detection.score, "model"
            )
        )
    found += [Found("picture", _with_labels(box, rows), 0.9, "geometry") for box in bitmaps]
    found = [picture for picture in found if not any(_same(picture.box, known.box) for known in captioned)]
    found += captioned
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
