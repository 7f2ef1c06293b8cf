"""Table regions: the detector's, snapped to words and rulings, and ruled grids that it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.regions.forms import holds_form
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.open_tables import shared_edges
from docmill.pipeline.convert.layout.regions.ruled_grids import (
    bands,
    booktabs,
    panel_grids,
    ruled_grids,
    ruling_box,
    tabular,
)
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["table_regions"]

_LEAST_SCORE = 0.5
_MAX_DRAWN = 4  # shapes in a table that has no ruled grid
_MAX_FIGURES = 20
_ALONE_SCORE = 0.75  # of a table that rulings show


def _prose(rows: Sequence[Row], box: Box) -> bool:
    """True for text set as paragraphs or a list: most baselines carry one piece, most pieces are wide."""
    every = bands(rows)
    single = sum(1 for band in every if len(band) == 1)
    wide = sum(1 for row in rows if row.box.width > 0.6 * box.width and row.chars > 25)
    return single >= 0.7 * len(every) and wide >= 0.5 * len(rows)


def _listing(inner: Sequence[Row], rows: Sequence[Row]) -> bool:
    """True for columns within a program listing: monospaced, and monospaced lines go on above or below."""
    if sum(row.mono for row in inner) < 0.6 * len(inner):
        return False
    box = hull(row.box for row in inner)
    reach = Box(box.l, box.t - 2.5 * inner[0].size, box.r, box.b + 2.5 * inner[0].size)
    held = {row.cells for row in inner}
    return any(row.mono and row.cells not in held for row in within(rows, reach, 0.1))


def _as_listing(table: Found, rows: Sequence[Row]) -> Found:
    """The code that a table turns out to be: a program listing with line numbers at its left."""
    box = _numbered_listing(within(rows, table.box))
    return table if box is None else Found("code", box, table.score, "geometry")


def _numbered_listing(rows: Sequence[Row]) -> Box | None:
    """The box of numbered lines of which a third at least look like code; None for anything else."""
    numbers = [row for row in rows if row.text.isdigit()]
    lines = [row for row in rows if not row.text.isdigit()]
    if len(numbers) < 4 or not lines or 3 * sum(row.code for row in lines) < len(lines):
        return None
    values = [int(row.text) for row in sorted(numbers, key=lambda row: row.box.t) if len(row.text) < 6]
    steps = sum(1 for one, two in pairwise(values) if two == one + 1)
    left = max(row.box.r for row in numbers) <= min(row.box.l for row in lines) + 1
    return hull(row.box for row in rows) if left and steps >= 0.8 * (len(values) - 1) else None


def _trimmed(rows: list[Row], box: Box) -> list[Row]:
    """Without a caption at the top or bottom edge."""
    first = next((row for row in rows if CAPTION.match(row.text)), None)
    if first is None:
        return rows
    if first.middle < box.t + 0.3 * box.height:
        below = [row for row in rows if row.box.t >= first.box.t - 1 and not _beside(row, first)]
        gap = next((row for row in sorted(below, key=lambda r: r.box.t) if row.split), None)
        return [row for row in below if gap is None or row.box.t >= gap.box.t - gap.size]
    if first.middle > box.b - 0.3 * box.height:
        return [row for row in rows if row.box.b <= first.box.t + 1]
    return rows


def _without_strays(rows: list[Row]) -> list[Row]:
    """Without single pieces over or under the columns, parted from them by more than a row's pitch."""
    every = bands(rows)
    if len(every) < 4:
        return rows
    tops = [min(row.box.t for row in band) for band in every]
    gaps = [two - one for one, two in pairwise(tops)]
    usual = sorted(gaps)[len(gaps) // 2]
    if len(every[0]) == 1 and gaps[0] > 1.5 * usual:
        every = every[1:]
    if len(every[-1]) == 1 and gaps[-1] > 1.5 * usual:
        every = every[:-1]
    return [row for band in every for row in band]


def _without_prose(rows: list[Row], box: Box, ruled: Sequence[Box]) -> list[Row]:
    """Without the lines of a paragraph over the first or under the last rule, that a detection takes in."""
    every = bands(rows)
    top = min((rule.t for rule in ruled), default=box.b)
    bottom = max((rule.b for rule in ruled), default=box.t)
    while len(every) > 2 and every[-1][0].middle > bottom and _is_prose(every[-1], box, every[-2]):
        every.pop()
    while len(every) > 2 and every[0][0].middle < top and _is_prose(every[0], box, every[1]):
        every.pop(0)
    return [row for band in every for row in band]


def _is_prose(band: Sequence[Row], box: Box, inner: Sequence[Row]) -> bool:
    """True for one wide line, or the short last one of a paragraph of such lines."""
    row = band[0]
    if len(band) > 1:
        return False
    wide = row.box.width > 0.6 * box.width and row.chars > 25
    return wide or (len(inner) == 1 and inner[0].box.width > 0.8 * box.width and inner[0].chars > 40)


def _with_heads(box: Box, rows: Sequence[Row], body: Sequence[Row]) -> Box:
    """Grown to a row of column heads right above, which a detection may miss where they are shaded."""
    if not body:
        return box
    size = max(row.size for row in body)
    reach = Box(box.l - 2, box.t - 2.2 * size, box.r + 2, box.t)
    above = [row for row in rows if row.middle < box.t and lies_in(row.box, reach, 0.6)]
    if len(above) < 2 or len(bands(above)) > 1 or any(CAPTION.match(row.text) for row in above):
        return box
    columns = sum(1 for head in above if any(_aligned(head.box, row.box) for row in body))
    as_many = len(above) == len(bands(body)[0])
    heads = as_many or columns >= max(2, 0.5 * len(above))
    return hull([box, *(row.box for row in above)]) if heads else box


def _aligned(one: Box, two: Box) -> bool:
    """True for boxes with a common left edge, right edge or centre."""
    return min(abs(one.l - two.l), abs(one.r - two.r), abs(one.l + one.r - two.l - two.r) / 2) < 2.5


def _beside(row: Row, other: Row) -> bool:
    return abs(row.middle - other.middle) < 0.5 * max(row.box.height, other.box.height)


def _snapped(page: PageContent, rows: Sequence[Row], box: Box) -> Box | None:
    """The detection's box drawn in or out to its words and rulings; None when it holds prose."""
    inner = within(rows, box)
    if not inner:
        return box
    ruled = [ruling_box(ruling) for ruling in page.rulings if ruling_box(ruling).inside(box.padded(8)) > 0.85]
    inner = _trimmed(inner, box) or inner
    if not ruled and (_prose(inner, box) or _listing(inner, rows)):
        return None
    inner = _without_prose(inner, box, ruled) if ruled else _without_strays(inner)
    words = hull(row.box for row in inner)
    return _with_heads(hull([words, *ruled]), rows, inner)


def _from_figures(page: PageContent, rows: Sequence[Row], detections: Sequence[Detection]) -> list[Found]:
    """Tables that the detector took for figures: nothing is drawn in them but columns of words."""
    found: list[Found] = []
    for detection in detections:
        box = detection.box
        if detection.raw != "figure" or detection.score < _LEAST_SCORE or len(found) >= _MAX_FIGURES:
            continue
        inner = within(rows, box)
        if holds_form(page, box) or not tabular(inner, box.width) or shared_edges(inner) < 2:
            continue
        drawn = sum(1 for shape in page.shapes if lies_in(shape, box, 0.5))
        if drawn >= _MAX_DRAWN or any(image.intersection(box) > 0.1 * box.area for image in page.bitmaps):
            continue
        snapped = _snapped(page, rows, box)
        if snapped is not None:
            found.append(Found("table", snapped, detection.score, "geometry"))
    return found


def table_regions(page: PageContent, rows: Sequence[Row], detections: Sequence[Detection]) -> list[Found]:
    """Tables of the page, none inside another."""
    grids = ruled_grids(page.rulings, rows, page.width, page.height) + panel_grids(page.shapes, rows)
    candidates: list[Found] = []
    seen = [det for det in detections if det.raw == "table" and det.score >= _LEAST_SCORE]
    for detection in sorted(seen, key=lambda det: -det.score):
        box = _snapped(page, rows, detection.box)
        if box is None or box.area < 200:
            continue
        touching = [grid for grid in grids if grid.inside(box) > 0.5 or box.inside(grid) > 0.5]
        candidates.append(Found("table", hull([box, *touching]), detection.score, "model"))
    candidates += _from_figures(page, rows, detections)
    candidates += [Found("table", grid, _ALONE_SCORE, "geometry") for grid in grids]
    candidates += [
        Found("table", box, _ALONE_SCORE, "geometry") for box in booktabs(page.rulings, rows, page.height)
    ]
    kept: list[Found] = []
    for candidate in candidates:
        if not any(candidate.box.inside(k.box) > 0.4 or k.box.inside(candidate.box) > 0.4 for k in kept):
            kept.append(candidate)
    return [_as_listing(candidate, rows) for candidate in kept]
