"""Where the words of a recognised line stand: CTC says roughly where, the ink says exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .detect import Image, Tensor
from .recognise import Recognised

__all__ = ["Part", "ink", "split", "unread"]

#: How far a pixel must stand off the background, as a fraction of the strongest contrast in the line.
_INK_CONTRAST = 0.35
#: The part of a column that must be ink: less is noise ...
_ANY_INK = 0.03
#: ... and this much is more than an underscore or the dots of a leader.
_LETTER_INK = 0.12
#: No glyph reaches further from its middle, in heights of the line.
_REACH = 0.75


@dataclass(frozen=True)
class Part:
    """A word of a line: from `start` to `end`, as fractions of the line's width."""

    text: str
    start: float
    end: float
    score: float


def ink(crop: Image) -> Tensor:
    """For each pixel column of a line's image the part of it that is ink, dark on light or light on dark."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.int16)
    contrast = np.abs(grey - np.median(grey))
    threshold = max(16.0, _INK_CONTRAST * float(np.percentile(contrast, 99)))
    return np.asarray((contrast > threshold).mean(axis=0), np.float32)


def unread(line: Recognised, columns: Tensor, height: int) -> float:
    """The part of a line's inked `columns` that is too far from any recognised character to belong to it."""
    inked = np.flatnonzero(columns > _LETTER_INK)
    centres = np.array([p for p, c in zip(line.positions, line.text, strict=True) if not c.isspace()])
    if not inked.size or not centres.size:
        return 1.0 if inked.size else 0.0
    centres = np.sort(centres) * len(columns)
    after = np.searchsorted(centres, inked)
    before = (after - 1).clip(0)
    after = after.clip(max=len(centres) - 1)
    distance = np.minimum(np.abs(inked - centres[before]), np.abs(inked - centres[after]))
    return float((distance > _REACH * height).mean())


def split(line: Recognised, shares: Tensor) -> list[Part]:
    """The words of `line`, whose image has so much ink in each column. They never overlap."""
    inked = shares > _ANY_INK
    tokens = [match.span() for match in re.finditer(r"\S+", line.text)]
    columns = len(inked)
    if not tokens or not columns:
        return []
    first, last = (round(line.positions[index] * columns) for index in (tokens[0][0], tokens[-1][1] - 1))
    before, after = np.flatnonzero(inked[: first + 1]), np.flatnonzero(inked[last:])
    edges = [(0, int(before[0]) if before.size else max(0, first))]
    for (_, end), (start, _) in pairwise(tokens):
        left, right = (round(line.positions[index] * columns) for index in (end - 1, start))
        edges.append(_widest_gap(inked, left, max(left, right)))
    edges.append((last + int(after[-1]) + 1 if after.size else min(columns, last + 1), columns))
    return [
        Part(
            text=line.text[start:end],
            start=edges[index][1] / columns,
            end=max(edges[index][1], edges[index + 1][0]) / columns,
            score=float(np.mean(line.confidences[start:end])),
        )
        for index, (start, end) in enumerate(tokens)
    ]


def _widest_gap(inked: NDArray[np.bool_], left: int, right: int) -> tuple[int, int]:
    """The longest run of columns without ink in `left:right`; its middle, twice, when there is none."""
    padded = np.concatenate([[True], inked[left:right], [True]])
    filled = np.flatnonzero(padded)
    runs = np.diff(filled)
    best = int(runs.argmax())
    if runs[best] <= 1:
        return (left + right) // 2, (left + right) // 2
    return left + int(filled[best]), left + int(filled[best + 1]) - 1
