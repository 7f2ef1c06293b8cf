"""Table regions: the detector's, snapped to words and rulings, and ruled grids that it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, PROMPT, is_bullet
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.regions.forms import holds_form
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.tables.among_text import columns_in, tables_in
from docmill.pipeline.convert.layout.regions.tables.captioned_tables import captioned_tables, captions_of
from docmill.pipeline.convert.layout.regions.tables.column_heads import with_heads
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn
from docmill.pipeline.convert.layout.regions.tables.held_tables import held_tables, lanes_of, wide_marks
from docmill.pipeline.convert.layout.regions.tables.open_tables import shared_edges
from docmill.pipeline.convert.layout.regions.tables.plain_text import is_text
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import (
    bands,
    booktabs,
    column_ruled,
    panel_grids,
    ruled_grids,
    ruling_box,
    tabular,
)
from docmill.pipeline.convert.layout.regions.tables.striped import striped
from docmill.pipeline.convert.layout.regions.tables.table_cuts import cut_tables, without_titles
from docmill.pipeline.convert.layout.regions.tables.whole_tables import (
    ALONE_SCORE,
    with_captioned,
    with_whole,
)
from docmill.pipeline.convert.layout.regions.tables.wide_gaps import at_wide_gaps
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["table_regions"]

_LEAST_SCORE = 0.5
_MAX_DRAWN = 4  # shapes in a table that has no ruled grid
_MAX_FIGURES = 20
_MOST_ROWS = 3000
_MOST_STRAYS = 2  # lines of one piece over or under the columns of a table
_FIGURE_SCORE = 0.7
#: Of a grid's cells have text: at most in a chart, at least in a table.
_CHART_FILLED, _TABLE_FILLED = 0.2, 0.6
_CODE_SHARE, _SINGLE = 0.8, 0.6  # of the rows, and of the baselines, of a listing
_SOME_CODE, _NO_COLUMNS = 0.25, 0.85  # and of a text with listings
#: Comments stand apart from the code that they are of, in a column of their own.
_COMMENTS = ("//", "#", "--", "/*", ";;")


def _prose(rows: Sequence[Row], box: Box) -> bool:
    """True for text set as paragraphs or a list: most baselines carry one piece, most pieces are wide."""
    every = bands(rows)
    single = sum(1 for band in every if len(band) == 1)
    wide = sum(1 for row in rows if row.box.width > 0.6 * box.width and row.chars > 25)
    return single >= 0.7 * len(every) and wide >= 0.5 * len(rows)


def _listing(inner: Sequence[Row], rows: Sequence[Row]) -> bool:
    """True for columns within a program listing: monospaced, and monospaced lines go on above or below."""
    if sum(row.mono and row.code for row in inner) < 0.6 * len(inner):
        return False
    box = hull(row.box for row in inner)
    reach = Box(box.l, box.t - 2.5 * inner[0].size, box.r, box.b + 2.5 * inner[0].size)
    held = {row.cells for row in inner}
    return any(row.mono and row.code and row.cells not in held for row in within(rows, reach, 0.1))


def _is_listing(page: PageContent, rows: Sequence[Row], box: Box) -> bool:
    """True for a program listing by itself, in a frame or not, and for a text with listings in it.

    Monospaced lines, most of them in one piece: a table in typewriter type has its columns on most
    baselines, or rules between them.
    """
    inner = within(rows, box)
    code = sum(row.mono and row.code for row in inner)
    if not inner or code < _SOME_CODE * len(inner):
        return False
    every = bands(inner)
    single = sum(sum(not row.text.startswith(_COMMENTS) for row in band) <= 1 for band in every)
    if single >= _NO_COLUMNS * len(every):
        return True
    if code == len(inner) and any(PROMPT.match(row.text) for row in inner):
        return True
    if code < _CODE_SHARE * len(inner) or single < _SINGLE * len(every):
        return False
    words = hull(row.box for row in inner)
    return not any(words.padded(-2).intersection(ruling_box(ruling).padded(0.1)) for ruling in page.rulings)


def _as_listing(table: Found, rows: Sequence[Row]) -> Found:
    """The code that a table turns out to be: a program listing with line numbers at its left."""
    box = _numbered_listing(within(rows, table.box))
    return table if box is None else Found("code", box, table.score, "geometry")


def _numbered_listing(rows: Sequence[Row]) -> Box | None:
    """The box of numbered lines of which a third at least look like code; None for anything else."""
    numbers = [row for row in rows if row.text.isdecimal()]
    lines = [row for row in rows if not row.text.isdecimal()]
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
    above = [row for row in rows if row.box.b <= first.box.t + 1]
    under = [row for row in rows if row.box.t >= first.box.b - 1]
    if _several(above) > 1 and not _several(under):
        return above
    if first.middle < box.t + 0.3 * box.height:
        below = [row for row in rows if row.box.t >= first.box.t - 1 and not _beside(row, first)]
        gap = next((row for row in sorted(below, key=lambda r: r.box.t) if row.split), None)
        return [row for row in below if gap is None or row.box.t >= gap.box.t - gap.size]
    if first.middle > box.b - 0.3 * box.height:
        return [row for row in rows if row.box.b <= first.box.t + 1]
    return rows


def _several(rows: Sequence[Row]) -> int:
    """How many lines have several pieces."""
    return sum(len(band) > 1 for band in bands(rows))


def _without_strays(rows: list[Row]) -> list[Row]:
    """Without lines of one piece over or under the columns: parted from them, or more than a cell's."""
    every = bands(rows)
    several = [at for at, band in enumerate(every) if len(band) > 1]
    if len(every) < 4 or not several:
        return rows
    tops = [min(row.box.t for row in band) for band in every]
    gaps = [two - one for one, two in pairwise(tops)]
    usual = sorted(gaps)[len(gaps) // 2]
    first, last = several[0], several[-1]
    over = any(gap > 1.5 * usual for gap in gaps[:first])
    under = any(gap > 1.5 * usual for gap in gaps[last:])
    listed = any(is_bullet(band[0].first, band[0].first_font) for band in every[last + 1 :])
    if over or first > _MOST_STRAYS:
        every, last = every[first:], last - first
    if under or listed or len(every) - 1 - last > _MOST_STRAYS:
        every = every[: last + 1]
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


def _beside(row: Row, other: Row) -> bool:
    return abs(row.middle - other.middle) < 0.5 * max(row.box.height, other.box.height)


def _snapped(page: PageContent, rows: Sequence[Row], box: Box) -> Box | None:
    """The detection's box drawn in or out to its words and rulings; None when it holds prose."""
    inner = within(rows, box)
    if not inner:
        return box
    frame = box.padded(8)
    ruled = [rule for rule in map(ruling_box, page.rulings) if lies_in(rule, frame, 0.85)]
    inner = _trimmed(inner, box) or inner
    if not ruled and (_prose(inner, box) or _listing(inner, rows)):
        return None
    if not _ruled_within(ruled, inner) and is_text(inner, box):
        return None
    inner = _without_prose(inner, box, ruled) if ruled else _without_strays(inner)
    table = without_titles(inner)
    if len(table) < len(inner):
        inner, size = table, table[0].size
        top, bottom = min(row.box.t for row in table) - size, max(row.box.b for row in table) + size
        ruled = [rule for rule in ruled if rule.b > top and rule.t < bottom]
    inner = _with_sides(inner, rows, ruled)
    words = hull(row.box for row in inner)
    return with_heads(hull([words, *ruled]), rows, inner)


def _ruled_within(ruled: Sequence[Box], rows: Sequence[Row]) -> bool:
    """True when upright rules part columns, or several rules part rows: more than a frame does."""
    box = hull(row.box for row in rows)
    down = sum(rule.height for rule in ruled if box.l < rule.l and rule.r < box.r and rule.height > 6)
    across = {
        round(rule.t / 2)
        for rule in ruled
        if rule.width > 0.5 * box.width and box.t < rule.t and rule.b < box.b
    }
    return down > 0.3 * box.height or len(across) > 1


def _with_sides(inner: list[Row], rows: Sequence[Row], ruled: Sequence[Box]) -> list[Row]:
    """With columns at the left or right that a detection misses: one short, aligned piece on most lines.

    Upright rules, and rules as wide as what was found, say where a table ends.
    """
    box = hull(row.box for row in inner)
    if any(rule.width > 0.9 * box.width for rule in ruled):
        return inner
    every = [band for band in bands(inner) if len(band) > 1]
    if len(every) < 3:
        return inner
    open_sided = not any(rule.width > 20 for rule in ruled)  # rules between columns alone close no side
    held = {row.cells[0] for row in inner}
    beside = [row for row in rows if row.box.b > box.t and row.box.t < box.b and row.cells[0] not in held]
    if len(beside) > 10 * len(every):
        return inner
    added: list[Row] = []
    for left in (True, False):
        grown = hull(row.box for row in [*inner, *added])
        edge = grown.l if left else grown.r
        if any(rule.height > 8 and abs(rule.l - edge) < 8 for rule in ruled) and not open_sided:
            continue
        column = [_next_to(band, beside, grown, left=left) for band in every]
        found = [row for row in column if row is not None]
        if found and _ruled_off(ruled, edge, hull(row.box for row in found), left=left):
            continue
        short = all(len(row.text.split()) <= 4 and not row.marker for row in found)
        if len(found) >= 0.8 * len(every) and short and _shared_edge(found):
            near = max((row.box.l - grown.r, grown.l - row.box.r)[left] for row in found)
            gaps = [
                b.box.l - a.box.r for band in every for a, b in pairwise(sorted(band, key=lambda r: r.box.l))
            ]
            lone = len(found) == len(every) == sum((row.box.r <= edge) == left for row in beside)
            if near <= 1.5 * max(gaps) or lone:
                added += found
    return [*inner, *added]


def _ruled_off(ruled: Sequence[Box], edge: float, column: Box, *, left: bool) -> bool:
    """True when rules between rows end between a table's edge and what stands next to it."""
    low, high = (column.r - 3, edge + 3) if left else (edge - 3, column.l + 3)
    return sum(rule.width > 20 and low < (rule.l if left else rule.r) < high for rule in ruled) > 1


def _next_to(band: Sequence[Row], beside: Sequence[Row], box: Box, *, left: bool) -> Row | None:
    """The piece nearest to the box at one side, on the line of a band."""
    line = [row for row in beside if abs(row.middle - band[0].middle) < 0.3 * row.box.height]
    if left:
        return max((row for row in line if row.box.r <= box.l), key=lambda row: row.box.r, default=None)
    return min((row for row in line if row.box.l >= box.r), key=lambda row: row.box.l, default=None)


def _shared_edge(column: Sequence[Row]) -> bool:
    """True when the pieces of a column have one left or right edge."""
    lefts, rights = (sorted(edges) for edges in zip(*((r.box.l, r.box.r) for r in column), strict=True))
    at, trim = len(lefts) // 2, len(lefts) // 5
    return any(
        edges[-1 - trim] - edges[trim] < 3 and abs(edges[at] - edges[trim]) < 3 for edges in (lefts, rights)
    )


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


def _chart(grid: Box, filled: float, detections: Sequence[Detection]) -> bool:
    """True for the frame and grid lines of a chart: next to no text in them, or a figure to the detector."""
    if filled < _CHART_FILLED:
        return True
    if filled >= _TABLE_FILLED:
        return False
    tables = [det.box for det in detections if det.raw == "table" and det.score >= _LEAST_SCORE]
    figures = [det.box for det in detections if det.raw == "figure" and det.score >= _FIGURE_SCORE]
    return any(grid.inside(box) > 0.7 for box in figures) and not any(
        grid.inside(box) > 0.3 for box in tables
    )


def _across(grid: Box, columns: Sequence[Sequence[Row]]) -> bool:
    """True for a grid that holds text of several columns: then it is a table over all of them."""
    return sum(1 for column in columns if within(column, grid)) > 1


def _with_held(
    candidates: Sequence[Found], known: Sequence[Box], page: PageContent, rows: Sequence[Row], drawn: Drawn
) -> list[Found]:
    """With the tables that marks hold together, and those at captions; `known` ones may have more lines."""
    marks = wide_marks(drawn)
    captions = captions_of(rows, [table.box for table in candidates])
    if len(rows) > _MOST_ROWS or not (marks or captions):
        return list(candidates)
    pieces = at_wide_gaps([row for row in rows if not row.angle], page)
    held = held_tables(pieces, lanes_of(marks, pieces, known))
    return with_captioned(with_whole(candidates, held), captioned_tables(pieces, captions))


def table_regions(
    page: PageContent, rows: Sequence[Row], detections: Sequence[Detection], figures: Sequence[Box] = ()
) -> list[Found]:
    """Tables of the page, none inside another; what stands in `figures` is no table."""
    ruled = ruled_grids(page.rulings, rows, page.width, page.height)
    grids = [box for box, filled in ruled if not _chart(box, filled, detections)]
    grids += panel_grids(page.shapes, rows)
    grids = [grid for grid in grids if not any(grid.inside(figure) > 0.7 for figure in figures)]
    drawn = Drawn.of(page, grids)
    candidates: list[Found] = []
    seen = [det for det in detections if det.raw == "table" and det.score >= _LEAST_SCORE]
    for detection in sorted(seen, key=lambda det: -det.score):
        columns = columns_in(detection.box, rows)
        if len(columns) > 1 and not any(_across(grid, columns) for grid in grids):
            found = [box for column in columns for box in tables_in(column)]
            candidates += [Found("table", box, detection.score, "model") for box in found]
            continue
        box = _snapped(page, rows, detection.box)
        if box is None or box.area < 200:
            continue
        touching = [grid for grid in grids if grid.inside(box) > 0.5 or box.inside(grid) > 0.5]
        candidates.append(Found("table", hull([box, *touching]), detection.score, "model"))
    candidates += _from_figures(page, rows, detections)
    candidates += [Found("table", grid, ALONE_SCORE, "geometry") for grid in grids]
    known = [table.box for table in candidates]
    candidates += [
        Found("table", box, ALONE_SCORE, "geometry") for box in booktabs(page.rulings, rows, page.height)
    ]
    candidates += [Found("table", box, ALONE_SCORE, "geometry") for box in column_ruled(page, rows)]
    candidates += [Found("table", box, ALONE_SCORE, "geometry") for box in striped(drawn, rows)]
    candidates = _with_held(candidates, known, page, rows, drawn)
    kept: list[Found] = []
    cut: list[Found] = []  # those of them that are parts of one candidate
    done: list[Box] = []
    for whole in candidates:
        if any(whole.box.inside(figure) > 0.7 for figure in figures):
            continue
        if any(whole.box.iou(box) > 0.9 for box in done) or _is_listing(page, rows, whole.box):
            continue
        done.append(whole.box)
        parts = cut_tables(whole.box, rows, drawn)
        for box in parts:
            over = [k for k in kept if box.inside(k.box) > 0.4 or k.box.inside(box) > 0.4]
            if not over:
                kept.append(replace(whole, box=box))
                cut += kept[-1:] if len(parts) > 1 else []
            elif len(parts) == len(over) == 1 and over[0] in cut and over[0].box.inside(box) > 0.95:
                # a table found by itself knows better where it begins than a part of several found as one
                cut.remove(over[0])
                kept[kept.index(over[0])] = replace(whole, box=box)
    return [_as_listing(candidate, rows) for candidate in kept]
