"""Line pitch: how far apart the lines of a paragraph are, for each font size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.text_rows import Row

__all__ = ["Pitches", "count_pitch", "leading_key", "page_leading", "stream_pitches", "usual_pitches"]

#: (font size, pitch rounded to half a point) and how often it was seen.
Pitches = Counter[tuple[float, float]]

_OCR_KEY = 0.0
_LEAST = 4  # pairs of lines that make a pitch usual


def leading_key(row: Row) -> float:
    """The size that a row's leading is looked up by; recognised lines share one, as theirs are estimates."""
    return _OCR_KEY if row.ocr else row.size


def count_pitch(pitches: Pitches, upper: Row, lower: Row) -> None:
    """Count the distance of two rows, if they may be lines of one paragraph."""
    pitch = lower.box.t - upper.box.t
    if leading_key(upper) == leading_key(lower) and 0.8 * upper.size <= pitch <= 2.6 * upper.size:
        pitches[(leading_key(upper), round(pitch * 2) / 2)] += 1


def stream_pitches(pitches: Pitches, rows: Sequence[Row]) -> None:
    """Count the pitches of rows that follow each other in the page's stream, and stand under each other."""
    for upper, lower in pairwise(rows):
        if min(upper.box.r, lower.box.r) - max(upper.box.l, lower.box.l) > 4 * upper.size:
            count_pitch(pitches, upper, lower)


def usual_pitches(pitches: Pitches) -> dict[float, float]:
    """For each size, the smallest common pitch: lines are never further apart than paragraphs."""
    sizes: dict[float, Counter[float]] = {}
    for (size, pitch), count in pitches.items():
        sizes.setdefault(size, Counter())[pitch] += count
    found: dict[float, float] = {}
    for size, counter in sizes.items():
        if counter.total() < _LEAST:
            continue
        # neighbours count too: scans and rounding spread one pitch over several values
        broad = {
            pitch: counter[pitch - 0.5] + count + counter[pitch + 0.5] for pitch, count in counter.items()
        }
        least = max(2.0, 0.6 * max(broad.values()))
        first = min((pitch for pitch, count in broad.items() if count >= least), default=min(broad))
        found[size] = max((first, first + 0.5), key=lambda pitch: counter[pitch])
    return found


def page_leading(pairs: Iterable[tuple[Row, Row]], known: Mapping[float, float]) -> dict[float, float]:
    """The usual pitch of each size on a page, from rows and the ones right below them.

    `known` ones, those of the whole document, come first.
    """
    pitches: Pitches = Counter()
    for upper, lower in pairs:
        count_pitch(pitches, upper, lower)
    return usual_pitches(pitches) | dict(known)
