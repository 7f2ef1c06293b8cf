"""Matches of words and predicted cells put right, as docling's `MatchingPostProcessor` does it.

docling-ibm-models 4.0.4, `tableformer.data_management.matching_post_processor`: cells that hold no word move
to where their column is; of neighbouring columns that share most of their words one goes; each word goes to
the cell that holds most of it, and cells shrink to their words; words that are in no cell go to the row and
column in whose bands they lie. Lengths are pixels at 144 dpi: distances are compared as whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.tableformer.cell_matcher import Matches, PredictedCell, intersections

__all__ = ["Assignment", "assign_words"]

Boxes: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

#: Neighbouring columns are one column when they share more than this part of the first one's words.
_SAME_COLUMN = 0.6
#: Cells shrink to their words in tables of at most so many words.
_MOST_WORDS_TO_SHRINK = 300
#: The class of cells that the model takes for empty, and those below it.
_EMPTY = 1
#: docling's band of a row or column without cells.
_NOWHERE = (-1.0, -1.0)


@dataclass(frozen=True)
class Assignment:
    """Which cell each word belongs to.

    `cells` are the predicted ones, then those made for words that were in none; `boxes` [C, 4] are theirs;
    `cell_of` [W] is each word's cell, or -1.
    """

    cells: list[PredictedCell]
    boxes: Boxes
    cell_of: Indices


def assign_words(
    cells: Sequence[PredictedCell], boxes: Boxes, words: Boxes, classes: NDArray[np.integer] | None = None
) -> Assignment:
    """Give every word [W, 4] a cell.

    `boxes` [C, 4] are the cells', `classes` [C] what the model takes them for: 0 or 1 is empty, 2 (the
    default) is not. Boxes are left, top, right, bottom; there is at least one cell.
    """
    kinds = np.full(len(cells), 2) if classes is None else np.asarray(classes)
    columns = np.array([cell.col for cell in cells], np.intp)
    counted = np.array([cell.span is None for cell in cells]) & (kinds > _EMPTY)
    first = intersections(boxes, words)
    moved = _moved(boxes, columns, first, kinds, counted)
    second = intersections(moved, words)
    doubled = _doubled_columns(columns, first, second, len(words))
    left = second.of(~np.isin(columns[second.cells], doubled))
    cell_of = _best_cells(left, len(words))
    if len(words) > _MOST_WORDS_TO_SHRINK:
        kept = ~np.isin(columns, doubled)
    else:
        kept = np.isin(np.arange(len(cells)), cell_of)
        moved = _shrunk(moved, words, cell_of)
    return _with_orphans(list(cells), moved, counted & kept, kept, words, cell_of)


def _moved(
    boxes: Boxes,
    columns: Indices,
    matches: Matches,
    kinds: NDArray[np.integer],
    counted: NDArray[np.bool_],
) -> Boxes:
    """The boxes, those of cells without words at their column's usual place, as wide as they were.

    The usual place is a median over the column's good cells, each taken once for every word in it. In a
    column without good cells it is the page's left edge.
    """
    weights = np.bincount(matches.cells, minlength=len(boxes))
    good = (weights > 0) & (kinds > _EMPTY)
    moved = boxes.copy()
    for column in np.unique(columns[~good]):
        inside = columns == column
        aligned = int(np.ptp(_anchors(boxes[inside & good]), axis=1).argmin()) if (inside & good).any() else 0
        usual = inside & good & counted
        anchors = np.repeat(_anchors(boxes[usual])[aligned], weights[usual])
        x = float(np.median(anchors)) if len(anchors) else 0.0
        bad = inside & ~good
        width = boxes[bad, 2] - boxes[bad, 0]
        moved[bad, 0] = x - aligned / 2 * width
        moved[bad, 2] = x if aligned == 2 else moved[bad, 0] + width
    return moved


def _anchors(boxes: Boxes) -> Boxes:
    """Left edge, middle and right edge [3, N] of boxes [N, 4]."""
    return np.stack([boxes[:, 0], (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 2]])


def _doubled_columns(columns: Indices, first: Matches, second: Matches, word_count: int) -> Indices:
    """The columns to leave out: of two neighbours with mostly the same words, the one that matches worse."""
    count = max(1, int(columns.max())) + 1
    scores = _scores(columns, first, count) + _scores(columns, second, count)
    pairs = np.unique(
        np.concatenate([columns[matches.cells] * word_count + matches.words for matches in (first, second)])
    )
    words = np.bincount(pairs // word_count, minlength=count)
    shared = np.bincount(pairs[np.isin(pairs + word_count, pairs)] // word_count, minlength=count)
    doubled = np.flatnonzero(shared[:-1] / np.maximum(words[:-1], 1) > _SAME_COLUMN)
    return np.where(scores[doubled] >= scores[doubled + 1], doubled + 1, doubled)


def _scores(columns: Indices, matches: Matches, count: int) -> NDArray[np.float64]:
    """The sum of the shares of each column, added up in docling's order, so that equal columns stay equal."""
    _, firsts, ranks = np.unique(matches.words, return_index=True, return_inverse=True)
    order = np.lexsort((matches.cells, firsts[ranks]))
    sums = np.bincount(columns[matches.cells[order]], matches.shares[order], count)
    return np.asarray(sums, np.float64)


def _best_cells(matches: Matches, word_count: int) -> Indices:
    """For each word the cell that holds most of it, the earlier one of equals; -1 for words in none."""
    order = np.lexsort((matches.cells, -matches.shares, matches.words))
    words, firsts = np.unique(matches.words[order], return_index=True)
    best = np.full(word_count, -1, np.intp)
    best[words] = matches.cells[order][firsts]
    return best


def _shrunk(boxes: Boxes, words: Boxes, cell_of: Indices) -> Boxes:
    """Cells with words as large as these."""
    held = cell_of >= 0
    shrunk = boxes.copy()
    shrunk[np.unique(cell_of[held])] = (np.inf, np.inf, -np.inf, -np.inf)
    np.minimum.at(shrunk[:, :2], cell_of[held], words[held, :2])
    np.maximum.at(shrunk[:, 2:], cell_of[held], words[held, 2:])
    return shrunk


def _with_orphans(
    cells: list[PredictedCell],
    boxes: Boxes,
    counted: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    words: Boxes,
    cell_of: Indices,
) -> Assignment:
    """Words without a cell go to the cell at their row and column, or to a new one.

    `kept` cells [C] take part, and the `counted` ones say where rows and columns are.
    """
    rows = _bands([cell.row for cell in cells], boxes[:, [1, 3]], counted)
    columns = _bands([cell.col for cell in cells], boxes[:, [0, 2]], counted)
    orphans = np.flatnonzero(cell_of < 0)
    row_of = _band_of(words[orphans][:, [1, 3]], rows)
    column_of = _band_of(words[orphans][:, [0, 2]], columns)
    nearest_row = _nearest_band(words[orphans][:, [1, 3]], rows)
    nearest_column = _nearest_band(words[orphans][:, [0, 2]], columns)
    # words that are in a row come first: what they make the others find
    in_row = [
        (i, row_of[i], column_of[i] if column_of[i] >= 0 else nearest_column[i])
        for i in np.flatnonzero(row_of >= 0)
    ]
    in_column = [(i, nearest_row[i], column_of[i]) for i in np.flatnonzero((row_of < 0) & (column_of >= 0))]
    at = {(cells[i].row, cells[i].col): int(i) for i in np.flatnonzero(kept)}
    placed, assigned = [*boxes], cell_of.copy()
    for i, row, column in (*in_row, *in_column):
        if row < 0 or column < 0:
            continue
        word = orphans[i]
        cell = at.setdefault((int(row), int(column)), len(cells))
        if cell == len(cells):
            cells.append(PredictedCell(int(row), int(column), "body"))
            placed.append(words[word])
        else:
            placed[cell] = _union(placed[cell], words[word])
        assigned[word] = cell
    return Assignment(cells, np.array(placed), assigned)


def _bands(places: Sequence[int], extents: Boxes, counted: NDArray[np.bool_]) -> Boxes:
    """Where each row or column begins and ends [N, 2], by the counted cells in it."""
    bands = np.tile(np.array(_NOWHERE), (max(1, *places) + 1, 1))
    own = np.asarray(places)[counted]
    bands[own] = (np.inf, -np.inf)
    np.minimum.at(bands[:, 0], own, extents[counted, 0])
    np.maximum.at(bands[:, 1], own, extents[counted, 1])
    return bands


def _band_of(extents: Boxes, bands: Boxes) -> Indices:
    """The band that each extent [N, 2] touches with its middle nearest to the band's; -1 for none."""
    start, end = extents[:, 0], extents[:, 1]
    middle = (end + start) / 2
    best, nearest = np.full(len(extents), -1, np.intp), np.full(len(extents), np.inf)
    for index, (low, high) in enumerate(bands):
        touches = ((low <= start) & (start <= high)) | ((low <= end) & (end <= high))
        touches |= (start <= low) & (high <= end)
        depth = np.rint(np.abs((high + low) / 2 - middle))
        better = touches & (depth < nearest)
        best[better], nearest[better] = index, depth[better]
    return best


def _nearest_band(extents: Boxes, bands: Boxes) -> Indices:
    """The band whose middle is nearest to that of each extent [N, 2]; -1 when there is no band."""
    known = np.flatnonzero((bands >= 0).all(axis=1))
    best = np.full(len(extents), -1, np.intp)
    nearest = np.full(len(extents), np.inf)
    for index in known:
        distance = np.abs(extents.mean(axis=1) - bands[index].sum() / 2)
        better = distance < nearest
        best[better], nearest[better] = index, distance[better]
    return best


def _union(one: Boxes, other: Boxes) -> Boxes:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])
