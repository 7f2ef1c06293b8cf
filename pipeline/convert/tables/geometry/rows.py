"""Which lines of a table are rows of their own, and which continue the cells above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from docmill.pipeline.convert.tables.geometry.columns import Interval
from docmill.pipeline.convert.tables.geometry.continuation import Continuations
from docmill.pipeline.convert.tables.geometry.heading_groups import grouped
from docmill.pipeline.convert.tables.geometry.partition import partitioned
from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, PlacedLine, is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import Chunk, is_small

__all__ = ["group_rows"]

#: A table has at most so many lines of headings.
_MOST_HEADS = 6


def group_rows(
    lines: Sequence[PlacedLine], columns: Sequence[Interval], barriers: Sequence[float], em: float
) -> list[list[int]]:
    """Indices of the lines of each row, from top to bottom.

    `barriers` are ascending heights at which a ruling or the edge of a background parts two rows.
    """
    bands = _bands(lines, barriers)
    ruled = len(bands) >= 4 and not any(_conflicting([lines[i] for i in band], em) for band in bands[1:])
    whole = [ruled and at > 0 for at in range(len(bands))]
    heads = next((at for at in range(len(lines[:_MOST_HEADS])) if _begins_values(lines, at)), 0)
    if heads > 1 and _is_like_rows(lines, heads, columns):
        heads = 1
    apart = _rows_of_headings(lines[: heads + 1], columns, em)
    apart |= _sections(lines, heads)
    if len(bands) > 1 and len(bands[0]) <= 4 and not apart.intersection(bands[0]):
        whole[0] |= _is_single_header([lines[i] for i in bands[0]], em)
    loose = [band for band, one in zip(bands, whole, strict=True) if not one]
    known = Continuations.of(lines, columns, em)
    within = [
        below.middle - above.middle
        for band, one in zip(bands[1:], whole[1:], strict=True)
        for above, below in pairwise([lines[index] for index in band])
        if one and above.texts().keys() & below.texts().keys()
    ]
    parted = iter(partitioned(lines, loose, known, heads, apart, within) if loose else ())
    return [row for band, one in zip(bands, whole, strict=True) for row in ([band] if one else next(parted))]


def _rows_of_headings(lines: Sequence[PlacedLine], columns: Sequence[Interval], em: float) -> set[int]:
    """Indices of the first lines that are rows of their own: headings of groups of columns, and units."""
    found: set[int] = set()
    for index, (placed, below) in enumerate(pairwise(lines)):
        # A heading without others goes on below it, unless all is above the names of the columns.
        alone = index == 0 or index - 1 in found
        if _heads_groups(placed.texts(), below, columns, em, alone=alone):
            found.add(index)
    for index, (above, placed) in enumerate(pairwise(lines), 1):
        texts = [chunk.text for chunk in placed.texts().values()]
        units = all(text.startswith("(") and text.endswith(")") for text in texts)
        # Below headings of several lines a unit is the last of them.
        single = index < 2 or index - 2 in found or lines[index - 2].spans()
        if units and single and len(texts) > 1 and placed.columns() | {0} == above.columns() | {0}:
            found |= {index - 1, index}
    return found


def _is_like_rows(lines: Sequence[PlacedLine], heads: int, columns: Sequence[Interval]) -> bool:
    """Whether the lines over the first figures are rows as those after it: full, even, in one face."""
    over, under = lines[:heads], [placed for placed in lines[heads:] if len(placed.columns()) == len(columns)]
    if not under or len(lines) < 4 or any(len(placed.columns()) < len(columns) for placed in over):
        return False
    faces = {_faces(placed) for placed in over} | {_faces(placed) for placed in under}
    steps = [two.middle - one.middle for one, two in pairwise(lines)]
    return len(faces) == 1 and max(steps) < 1.1 * min(steps)


def _faces(placed: PlacedLine) -> tuple[frozenset[int], ...]:
    """The fonts of each column."""
    texts = placed.texts()
    return tuple(frozenset(word.font for word in texts[column].words) for column in sorted(texts))


def _sections(lines: Sequence[PlacedLine], heads: int) -> set[int]:
    """Indices of lines that are a name alone, where those have a face of their own and several head rows."""
    alone = [index for index, placed in enumerate(lines) if index > 0 and placed.columns() == {0}]
    faces = {_face(lines[index]) for index in alone}
    if len(alone) < 2 or alone[-1] < heads or len(faces) != 1:
        return set()
    named = Counter(_face(placed) for placed in lines if len(texts := placed.texts()) > 1 and 0 in texts)
    return set() if not named or named.most_common(1)[0][0] in faces else set(alone)


def _face(placed: PlacedLine) -> frozenset[int]:
    return frozenset(word.font for word in placed.texts()[0].words)


def _heads_groups(
    texts: Mapping[int, Chunk],
    below: PlacedLine,
    columns: Sequence[Interval],
    em: float,
    *,
    alone: bool,
) -> bool:
    """Whether the texts are headings of groups of columns, given the line below."""
    if any(is_numeric(chunk.text) and not YEAR.fullmatch(chunk.text) for chunk in texts.values()):
        return False
    labels = dict.fromkeys(below.columns(), "")
    labels |= {column: chunk.text for column, chunk in below.texts().items()}
    headings = [(column, column, chunk.box) for column, chunk in sorted(texts.items())]
    spans = grouped(headings, labels, columns, em, alone=alone)
    return spans is not None and any(first < last for first, last in spans)


def _has_values(placed: PlacedLine) -> bool:
    """A line with numbers that are no years, beyond its first column."""
    return any(first > 0 and not YEAR.fullmatch(chunk.text) for first, chunk in _numbers(placed).items())


def _begins_values(lines: Sequence[PlacedLine], at: int) -> bool:
    """Whether the values begin with this line: names of columns below numbers show that these head them."""
    if not _has_values(lines[at]):
        return False
    if at > 1 or at + 1 == len(lines):
        return True
    below = [chunk.text for column, chunk in lines[at + 1].texts().items() if column > 0]
    return len(below) < 2 or any(is_numeric(text) for text in below)


def _bands(lines: Sequence[PlacedLine], barriers: Sequence[float]) -> list[list[int]]:
    """Runs of lines that no barrier parts."""
    bands: list[list[int]] = []
    barrier = 0
    for index, placed in enumerate(lines):
        crossed = False
        while barrier < len(barriers) and barriers[barrier] < placed.middle:
            barrier += 1
            crossed = True
        if crossed or not bands:
            bands.append([index])
        else:
            bands[-1].append(index)
    return bands


def _numbers(placed: PlacedLine) -> dict[int, Chunk]:
    return {first: chunk for first, last, chunk in placed.placed if first == last and is_numeric(chunk.text)}


def _conflicting(lines: Sequence[PlacedLine], em: float) -> bool:
    """True when lines cannot be one row: two of them, several columns wide, have a number in one column.

    Raised and lowered numbers belong to another one.
    """
    seen: set[int] = set()
    for placed in lines:
        numbers = {first for first, chunk in _numbers(placed).items() if not is_small(chunk.words, em)}
        if seen & numbers and len(placed.columns()) > 1:
            return True
        seen |= numbers
    return False


def _is_single_header(lines: Sequence[PlacedLine], em: float) -> bool:
    """Lines above the first rule are one row of wrapped headings unless one of them spans columns."""
    spans = any(placed.spans() for placed in lines)
    apart = any(b.middle - a.middle > 1.9 * em for a, b in pairwise(lines))
    return not spans and not apart and not _conflicting(lines, em)
