"""Lines set far apart, double-spaced or at one and a half, among others that are not.

The usual pitch of a page or a document says nothing of them. What does is the text: a line that was broken
because it was full, in mid-sentence, goes on in the line below, however far down that is; and lines before
and after them at the same distance are of the same setting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.line_ends import is_short, is_terminated, opens
from docmill.pipeline.convert.layout.blocks.text_rows import Row

__all__ = ["loose_pitches"]

_PITCH = (1.3, 2.8)  # em: from where the usual leading no longer reaches to what is no setting of lines
_EVEN = 0.05  # by which pitches of one setting may differ
_RUNNING = 1 / 3  # of the pairs of lines of such a setting: those parted in mid-sentence
_LEAST_CHARS = 25  # of a line that is broken; what is shorter is a label


@dataclass
class _Stretch:
    """Pairs of rows, one right above the other, at one distance."""

    pitch: float
    pairs: list[tuple[Row, Row]]


def loose_pitches(pairs: Iterable[tuple[Row, Row]]) -> dict[int, float]:
    """The pitch of loosely set text by the first cell of each row that stands so under another one.

    `pairs` are rows with the ones right below them, from top to bottom.
    """
    stretches: list[_Stretch] = []
    ends: dict[int, _Stretch] = {}
    for upper, lower in pairs:
        pitch = lower.box.t - upper.box.t
        if upper.ocr or upper.size != lower.size or not _PITCH[0] <= pitch / lower.size <= _PITCH[1]:
            continue
        stretch = ends.get(upper.cells[0])
        if stretch is None or abs(stretch.pitch - pitch) > _EVEN * pitch + 0.3:
            stretch = _Stretch(pitch, [])
            stretches.append(stretch)
        stretch.pairs.append((upper, lower))
        ends[lower.cells[0]] = stretch
    return {
        lower.cells[0]: stretch.pitch
        for stretch in stretches
        if _runs_on(stretch.pairs)
        for _, lower in stretch.pairs
    }


def _runs_on(pairs: list[tuple[Row, Row]]) -> bool:
    """True when enough of the pairs are lines of one sentence."""
    right = max(row.end for pair in pairs for row in pair)
    broken = sum(
        upper.chars >= _LEAST_CHARS
        and not is_terminated(upper)
        and not lower.marker
        and not opens(lower)
        and not is_short(upper, lower, right)
        and lower.start <= upper.start + 0.5 * lower.size
        for upper, lower in pairs
    )
    return broken > 0 and broken >= _RUNNING * len(pairs)
