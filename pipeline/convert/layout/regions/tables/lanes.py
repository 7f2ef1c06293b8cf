"""Lines between two edges of a page that could be a table's: short pieces with gutters between columns.

Cells may be wrapped, so that lines do not have a piece in each column; they have the gutters in common.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.drawn import stretches
from docmill.pipeline.convert.layout.regions.tables.plain_text import is_text
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["OVER", "SEVERAL", "Lane", "Run", "in_columns", "runs_in", "usual_size"]

OVER = 6.0  # points by which a cell may reach beyond the edges
SEVERAL = 0.3  # of a table's lines at least have several pieces, where cells are wrapped
_MOST_WORDS = 6  # in most pieces
_GUTTER = 0.6  # of the type size between columns
_MOST_COLUMNS = 40
_CODE_SHARE = 0.6  # of the pieces at most are program code
_GAP = 1.6  # of the type size between lines, or between a line and a mark
_ALIGNED = 2.0  # points
_FEW = 0.4  # of the usual pieces of a line

Run = list[list[Row]]  # lines, each with its pieces


@dataclass(frozen=True, slots=True)
class Lane:
    """From a left edge to a right edge, with the marks that begin and end there, from top to bottom."""

    left: float
    right: float
    marks: list[Box]

    def holds(self, row: Row) -> bool:
        """True for a piece of text between the edges."""
        return row.box.l > self.left - OVER and row.box.r < self.right + OVER

    def touches(self, row: Row) -> bool:
        """True for a piece of text of which a part is between the edges."""
        return row.box.r > self.left - OVER and row.box.l < self.right + OVER


def runs_in(lane: Lane, rows: Sequence[Row]) -> list[Run]:
    """Lines that could be a table's, from what parts them to what parts them: text, a caption, a wide gap."""
    runs: list[Run] = []
    current: Run = []
    edges = sorted(edge for mark in lane.marks for edge in (mark.t, mark.b))
    for band in bands(filter(lane.touches, rows)):
        top, size = min(row.box.t for row in band), band[0].size
        if current:
            end = max(row.box.b for row in current[-1])
            between = edges[bisect_left(edges, end) : bisect_right(edges, top)]
            if max(two - one for one, two in pairwise([end, *between, top])) > _GAP * size:
                runs.append(current)
                current = []
        if _parts(band, lane):
            runs.append(current)
            current = []
        else:
            current.append(band)
    runs.append(current)
    return [whole for whole in map(_whole, runs) if len(whole) > 1]


def _parts(band: Sequence[Row], lane: Lane) -> bool:
    """True for a line that is no table's: it reaches beyond the marks, is a caption, or a line of text."""
    if not all(map(lane.holds, band)):
        return True
    first = min(band, key=lambda row: row.box.l)
    if len(band) < 3 and CAPTION.match(first.text):
        return True
    if len(band) > 1:
        return False
    starts = first.box.l < lane.left + 2 * first.size
    return starts and first.chars > 25 and first.box.width > 0.6 * (lane.right - lane.left)


def _whole(run: Run) -> Run:
    """From the first line of several pieces to the last, with what goes on in cells of the last."""
    several = [at for at, band in enumerate(run) if len(band) > 1]
    counts = sorted(len(run[at]) for at in several)
    usual = counts[len(counts) // 2] if counts else 0
    while len(several) > 1 and not _fits(run[several[-1]], run[several[-2]], usual):
        several.pop()
    while len(several) > 1 and not _fits(run[several[0]], run[several[1]], usual):
        several.pop(0)
    if not several:
        return []
    first, last = several[0], several[-1]
    end = last + 1
    left = min(row.box.l for band in run[first:end] for row in band)
    while end < len(run) and _follows(run[end - 1], run[end], left):
        end += 1
    return run[first:end]


def _fits(band: Sequence[Row], beside: Sequence[Row], usual: int) -> bool:
    """True unless a line has far fewer pieces than others, or wide gaps alone part them, under nothing."""
    if len(band) < _FEW * usual:
        return False  # a title or a note
    if len({row.cells for row in band}) > 1:
        return True
    return all(
        any(
            min(abs(row.box.l - other.box.l), abs(row.box.r - other.box.r), abs(row.centre - other.centre))
            < 2
            for other in beside
        )
        for row in band[1:]
    )


def _follows(upper: Sequence[Row], lower: Sequence[Row], left: float) -> bool:
    """True for the next line of a cell, but of one in the first column."""
    row = lower[0]
    return row.box.l > left + 2 * row.size and row.box.t - max(row.box.b for row in upper) < 0.6 * row.size


def in_columns(run: Run, least: float) -> bool:
    """True for short pieces in columns; a share of `least` of the lines has several."""
    several = sum(len(band) > 1 for band in run)
    if several < 2 or several < least * len(run):
        return False
    pieces = [row for band in run for row in band]
    lengths = sorted(len(row.text.split()) for row in pieces)
    if lengths[len(lengths) // 2] > _MOST_WORDS or not _has_columns(run, usual_size(run)):
        return False
    words = hull(row.box for row in pieces)
    return not is_text(pieces, words) and sum(row.code for row in pieces) <= _CODE_SHARE * len(pieces)


def usual_size(run: Run) -> float:
    """The size of most type."""
    sizes = sorted(row.size for band in run for row in band)
    return sizes[len(sizes) // 2]


def _has_columns(run: Run, size: float) -> bool:
    """True when a gutter goes through all lines of several pieces, or all but a head's."""
    several = [band for band in run if len(band) > 1]
    for heads in range(min(2, len(several) - 1) + 1):
        columns = stretches(row for band in several[heads:] for row in band)
        if len(columns) < 2:
            continue
        gaps = [two[0] - one[1] for one, two in pairwise(columns)]
        return min(gaps) >= 0 and max(gaps) >= _GUTTER * size and len(columns) <= _MOST_COLUMNS
    return False
