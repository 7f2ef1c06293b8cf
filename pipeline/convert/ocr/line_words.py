"""Where the words of a recognised line stand: CTC says roughly where, the ink says exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .bullets import ATTACHED
from .detect import Image, Tensor
from .recognise import Recognised

__all__ = ["Paper", "Part", "ink", "split", "unread"]

#: How far a pixel must stand off the background, as a fraction of the strongest contrast in the line.
_INK_CONTRAST = 0.35
#: ... which so many of its pixels do not reach.
_STRONGEST = 0.99
_GREYS = np.arange(256)
#: The part of a column that must be ink: less is noise ...
_ANY_INK = 0.03
#: ... and this much is more than an underscore or the dots of a leader.
_LETTER_INK = 0.12
#: No glyph reaches further from its middle, in heights of the line.
_REACH = 0.75
#: The blank after a bullet, in heights of the line: more than after a hyphen or a minus.
_BULLET_GAP = 0.25


@dataclass(frozen=True)
class Part:
    """A word of a line: from `start` to `end`, as fractions of the line's width."""

    text: str
    start: float
    end: float
    score: float


@dataclass(frozen=True)
class Paper:
    """The grey of a line's background, and by how much ink stands off it."""

    grey: float
    contrast: float

    @classmethod
    def of(cls, crop: Image) -> Paper:
        """Of a line's image: its median, and a part of its strongest contrasts."""
        counts = np.bincount(_grey(crop).ravel(), minlength=256)
        ranks = np.cumsum(counts)
        last = int(ranks[-1]) - 1
        grey = float(np.searchsorted(ranks, [last // 2, (last + 1) // 2], side="right").mean())
        apart = np.abs(_GREYS - grey)
        order = np.argsort(apart, kind="stable")
        strongest = np.searchsorted(np.cumsum(counts[order]), int(_STRONGEST * last), side="right")
        return cls(grey, max(16.0, _INK_CONTRAST * float(apart[order[strongest]])))

    def ink(self, crop: Image) -> NDArray[np.bool_]:
        """The pixels of an image that are ink, dark on light or light on dark."""
        inked: NDArray[np.uint8] = (np.abs(_GREYS - self.grey) > self.contrast).astype(np.uint8)
        return np.asarray(cv2.LUT(_grey(crop), inked), np.bool_)


def _grey(crop: Image) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)


def ink(crop: Image, paper: Paper | None = None) -> Tensor:
    """For each pixel column of a line's image the part of it that is ink."""
    return np.asarray((paper or Paper.of(crop)).ink(crop).mean(axis=0), np.float32)


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


def split(line: Recognised, shares: Tensor, height: int) -> list[Part]:
    """The words of `line`, whose image has so much ink in each column. They never overlap."""
    inked = shares > _ANY_INK
    tokens = [match.span() for match in re.finditer(r"\S+", line.text)]
    columns = len(inked)
    if not tokens or not columns:
        return []
    tokens = _bullet_apart(line, tokens, inked, height)
    first, last = (round(line.positions[index] * columns) for index in (tokens[0][0], tokens[-1][1] - 1))
    before, after = np.flatnonzero(inked[: first + 1]), np.flatnonzero(inked[last:])
    apart = np.flatnonzero(np.diff(before) > _BULLET_GAP * height)
    edges = [(0, int(before[apart[-1] + 1 if apart.size else 0]) if before.size else max(0, first))]
    for (_, end), (start, _) in pairwise(tokens):
        left, right = (round(line.positions[index] * columns) for index in (end - 1, start))
        edges.append(_widest_gap(inked, left, max(left, right)))
    edges.append((last + int(after[-1]) + 1 if after.size else min(columns, last + 1), columns))
    return [
        Part(
            text="◦" if line.text[start:end] == "。" and not index else line.text[start:end],
            start=edges[index][1] / columns,
            end=max(edges[index][1], edges[index + 1][0]) / columns,
            score=float(np.mean(line.confidences[start:end])),
        )
        for index, (start, end) in enumerate(tokens)
    ]


def _bullet_apart(
    line: Recognised, tokens: list[tuple[int, int]], inked: NDArray[np.bool_], height: int
) -> list[tuple[int, int]]:
    """The words, a bullet no longer in one with what follows it at a distance."""
    start, end = tokens[0]
    if end - start < 2 or line.text[start] not in ATTACHED or not line.text[start + 1].isalnum():
        return tokens
    left, right = (round(line.positions[index] * len(inked)) for index in (start, start + 1))
    gap = _widest_gap(inked, left, max(left, right))
    if gap[1] - gap[0] < _BULLET_GAP * height:
        return tokens
    return [(start, start + 1), (start + 1, end), *tokens[1:]]


def _widest_gap(inked: NDArray[np.bool_], left: int, right: int) -> tuple[int, int]:
    """The longest run of columns without ink in `left:right`; its middle, twice, when there is none."""
    padded = np.concatenate([[True], inked[left:right], [True]])
    filled = np.flatnonzero(padded)
    runs = np.diff(filled)
    best = int(runs.argmax())
    if runs[best] <= 1:
        return (left + right) // 2, (left + right) // 2
    return left + int(filled[best]), left + int(filled[best + 1]) - 1
