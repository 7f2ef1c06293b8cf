"""Monospaced type in scans, told by where words begin: in it each character takes the same width.

Recognised words have no font, and their boxes end with the ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from docmill.pipeline.convert.types import PageContent, TextCell, Word

__all__ = ["is_scan", "typed_lines"]

_SCAN = 0.5  # of the page
#: Words and characters of a line that shows its pitch; and so many such lines, one after another, prove it.
_LEAST_WORDS, _LEAST_CHARS, _LEAST_LINES = 4, 15, 3
#: How far words begin beside their place, in pitches: at most, and in the root of the mean square.
_OFF, _USUALLY_OFF = 0.45, 0.22
#: By how much the pitches of lines in one type differ.
_SAME = 0.015
#: A short line beside typed ones is as wide as its characters, less what its ends leave blank.
_BLANK = 0.2


def is_scan(page: PageContent) -> bool:
    """True for a page most of which is bitmaps: its text, if there is any, is a layer on them."""
    return sum(box.area for box in page.bitmaps) >= _SCAN * page.width * page.height


def typed_lines(cells: Sequence[TextCell], words: Sequence[Word]) -> frozenset[int]:
    """The indices of the lines of a scan, in their order on the page, that are set in monospaced type."""
    lines = [words[max(0, cell.first) : max(0, cell.first) + max(0, cell.count)] for cell in cells]
    shown = {index: pitch for index, line in enumerate(lines) if (pitch := _pitch(line)) is not None}
    found: dict[int, float] = {}
    run: list[int] = []
    for index, pitch in shown.items():
        if not pitch:
            run = []
            continue
        if run and abs(pitch - shown[run[-1]]) > _SAME * pitch:
            run = []
        run.append(index)
        if len(run) == _LEAST_LINES:
            found.update((member, pitch) for member in run)
        elif len(run) > _LEAST_LINES:
            found[index] = pitch
    if found:
        for step in (1, -1):
            order = range(len(lines)) if step == 1 else range(len(lines) - 1, -1, -1)
            for before, index in pairwise(order):
                if before in found and index not in found and _as_wide(lines[index], found[before]):
                    found[index] = found[before]
    return frozenset(found)


def _pitch(line: Sequence[Word]) -> float | None:
    """The width of each character; 0 where they differ, and None for a line that cannot tell."""
    if len(line) < _LEAST_WORDS or line[0].angle or not all(word.text.isascii() for word in line):
        return None
    places = [0]
    for word in line:
        places.append(places[-1] + len(word.text) + 1)
    places.pop()
    if places[-1] < _LEAST_CHARS:
        return None
    start = line[0].box.l
    pitch = (line[-1].box.l - start) / places[-1]
    if not (isfinite(pitch) and pitch > 0):
        return None
    off = [(word.box.l - start) / pitch - place for word, place in zip(line, places, strict=True)]
    usual = (sum(value * value for value in off) / len(off)) ** 0.5
    return pitch if max(map(abs, off)) <= _OFF and usual <= _USUALLY_OFF else 0.0


def _as_wide(line: Sequence[Word], pitch: float) -> bool:
    if not line or line[0].angle or not all(word.text.isascii() for word in line):
        return False
    count = sum(len(word.text) + 1 for word in line) - 1
    wide = (line[-1].box.r - line[0].box.l) / pitch
    return abs(wide - (count - _BLANK)) <= _OFF
