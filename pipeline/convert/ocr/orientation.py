"""Which way up a scanned page is, found by reading a few of its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .crops import reading_order, sides
from .detect import Image, Quads
from .read import OcrModels, recognise_quads

__all__ = ["Orientation", "orientation"]

#: Blank space that clean pages are read with: see `recognise_quads`.
CLEAN_MARGIN = 0.15

_SAMPLES = 5
_MIN_ASPECT = 3.0  # shorter ones do not show how they lie
_READABLE = 0.85  # upright text scores above this, upside-down text below it
_BETTER = 0.1
_CLEAN = 0.99


@dataclass(frozen=True)
class Orientation:
    """The clockwise turn, in degrees, that makes the page upright; and whether its print is clean."""

    rotation: int = 0
    clean: bool = False


def orientation(image: Image, quads: Quads, models: OcrModels) -> Orientation:
    """How the page lies on which the lines `quads` were detected.

    The lines' long sides say upright or lying; of the two ways that leaves, the better readable one wins,
    and the second is not even tried when the first reads well.
    """
    widths, heights = sides(quads)
    lying, standing = widths >= _MIN_ASPECT * heights, heights >= _MIN_ASPECT * widths
    sideways = bool(heights[standing].sum() > widths[lying].sum())
    chosen = standing if sideways else lying
    if not chosen.any():
        return Orientation()
    sample = _typical(quads[chosen], np.maximum(widths, heights)[chosen])

    # a line that reads at `angle` needs the rest of a full turn
    first, second = (90, 270) if sideways else (0, 180)
    score = _score(image, sample, first, models)
    angle = first
    if score < _READABLE:
        other = _score(image, sample, second, models)
        if other > score + (0.0 if sideways else _BETTER):
            angle, score = second, other
    if sideways and score < _READABLE:
        return Orientation()  # vertical script, or no text at all
    return Orientation((360 - angle) % 360, clean=score >= _CLEAN)


def _typical(quads: Quads, lengths: np.ndarray) -> Quads:
    """A few lines of middling length: long enough to judge by, and cheap to read."""
    order = np.argsort(lengths, kind="stable")
    middle = np.linspace(len(order) // 4, len(order) - 1 - len(order) // 4, _SAMPLES).round().astype(int)
    picked: Quads = quads[order[np.unique(middle)]]
    return picked


def _score(image: Image, quads: Quads, angle: int, models: OcrModels) -> float:
    """The mean confidence with which `quads` read at `angle`."""
    turned = [reading_order(quad, angle) for quad in quads]
    readings = recognise_quads(image, turned, models, CLEAN_MARGIN)
    return float(np.mean([reading.score for reading in readings]))
