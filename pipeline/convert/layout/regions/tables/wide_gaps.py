"""Lines of text as the pieces that wide gaps part: cells that stand closer than lines are parted at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import PageContent, Word

__all__ = ["at_wide_gaps"]

_WIDE = 0.6  # of the type size
_WIDER = 2.0  # times the usual gap of the line


def at_wide_gaps(rows: Sequence[Row], page: PageContent) -> list[Row]:
    """The rows, those with a gap much wider than their others as two or more.

    The gaps of a justified line are wide too, but alike.
    """
    found: list[Row] = []
    for row in rows:
        line = page.cells[row.cells[0]] if row.cells[0] < len(page.cells) else None
        if line is None or line.count < 2 or row.rtl or row.angle or row.box.width < 3 * row.size:
            found.append(row)
            continue
        found += _parted(row, page.words[line.first : line.first + line.count])
    return found


def _parted(row: Row, words: Sequence[Word]) -> list[Row]:
    gaps = [two.box.l - one.box.r for one, two in pairwise(words)]
    if max(gaps) < _WIDE * row.size:
        return [row]
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0.0
    wide = max(_WIDE * row.size, _WIDER * usual) if min(gaps) < _WIDE * row.size else _WIDE * row.size
    pieces: list[list[Word]] = [[words[0]]]
    for gap, word in zip(gaps, words[1:], strict=True):
        if gap >= wide:
            pieces.append([])
        pieces[-1].append(word)
    return [_piece(row, piece) for piece in pieces] if len(pieces) > 1 else [row]


def _piece(row: Row, words: Sequence[Word]) -> Row:
    text = " ".join(word.text for word in words)
    box = hull(word.box for word in words)
    return replace(row, text=text, box=box, chars=len(text.replace(" ", "")), first=words[0].text)
