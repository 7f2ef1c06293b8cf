"""Bullets that detection or recognition leaves out: a dot or a dash before a line, a space apart from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ATTACHED", "REACH", "unread_bullet"]

#: How far left of its text a bullet may begin, in heights of the line.
REACH = 2.2
#: Bullets that are read as part of the first word; the first is what a ring is taken for.
ATTACHED = "。•·●○◦▪■*-–—"
#: Of the line's height: what parts a bullet from its text, and from anything before it.
_GAP, _BEFORE = (0.3, 1.6), 0.5
#: ... how wide a bullet is, and how wide a dash is at least; how high each is at most.
_WIDTH, _DASH = (0.12, 0.75), 0.3
_HIGH, _THIN = 0.5, 0.16
#: ... and where its middle is, from the top.
_MIDDLE = (0.3, 0.78)


def unread_bullet(inked: NDArray[np.bool_]) -> tuple[str, int, int] | None:
    """A bullet in [height, width] pixels left of a text that begins where they end: what it is, from, to."""
    height, width = inked.shape
    columns = np.flatnonzero(inked.any(axis=0))
    if not columns.size or not height:
        return None
    # the last run of columns, over breaks that are no gap
    breaks = np.flatnonzero(np.diff(columns) > 0.1 * height)
    start = int(columns[breaks[-1] + 1]) if breaks.size else int(columns[0])
    end = int(columns[-1]) + 1
    before = start - int(columns[breaks[-1]]) if breaks.size else start
    if not _within((width - end) / height, _GAP) or not _within((end - start) / height, _WIDTH):
        return None
    if before < _BEFORE * height:
        return None
    rows = np.flatnonzero(inked[:, start:end].any(axis=1))
    high, middle = (rows[-1] + 1 - rows[0]) / height, (rows[-1] + 1 + rows[0]) / 2 / height
    if high > _HIGH or not _within(middle, _MIDDLE):
        return None
    if high <= _THIN:
        return ("–", start, end) if end - start >= _DASH * height else None
    solid = inked[rows[0] : rows[-1] + 1, start:end].mean()
    round_ = end - start <= 1.6 * high * height
    return ("•", start, end) if solid > 0.5 and round_ else None


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]
