"""Headings of groups of columns: which columns each of them stands over, found for a whole row at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docmill.pipeline.convert.tables.geometry.columns import Interval
from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, is_numeric
from docmill.pipeline.convert.types import Box

__all__ = ["Heading", "grouped"]

#: First and last column in which a heading has its text, and the text's box.
Heading = tuple[int, int, Box]

#: How far a heading may stand from the middle of its columns, in em; and one without other groups beside it.
_OFF, _OFF_ALONE = 0.75, 0.4
#: Columns that a heading without others stands over, at least.
_ALONE = 3


def grouped(
    headings: Sequence[Heading],
    below: Mapping[int, str],
    columns: Sequence[Interval],
    em: float,
    *,
    alone: bool = True,
) -> list[tuple[int, int]] | None:
    """First and last column of each heading, given from left to right; None when they are no such row.

    `below` are the texts of the next row by column. From the first group on all of its columns must be under
    a heading. The groups are found by texts that repeat under each heading, however it is set, or by
    headings in the middle of their columns. A heading with nothing below is none of a group. `alone`:
    whether one heading may be all.
    """
    if not headings:
        return None
    for start in (*range(1, max(2, headings[-1][0] + 1)), 0):
        stub = [heading for heading in headings if heading[1] < start]
        rest = headings[len(stub) :]
        if not rest or rest[0][0] < start or (len(rest) == 1 and (start > 1 or not alone)):
            continue
        spans = _repeated(rest, below, columns, em, start) or _centred(rest, below, columns, em, start)
        if spans is not None:
            return [(first, last) for first, last, _ in stub] + spans
    return None


def _repeated(
    headings: Sequence[Heading],
    below: Mapping[int, str],
    columns: Sequence[Interval],
    em: float,
    start: int,
) -> list[tuple[int, int]] | None:
    count = len(headings)
    labels = [below.get(column, "") for column in range(start, len(columns))]
    size = len(labels) // count
    if count < 2 or size < 2 or size * count != len(labels) or not all(labels):
        return None
    if any(labels[at] != labels[at % size] for at in range(len(labels))) or len(set(labels[:size])) < size:
        return None
    spans = [(start + at * size, start + (at + 1) * size - 1) for at in range(count)]
    within = all(
        columns[first][0] - em <= box.l and box.r <= columns[last][1] + em
        for (first, last), (_, _, box) in zip(spans, headings, strict=True)
    )
    return spans if within else None


def _centred(
    headings: Sequence[Heading],
    below: Mapping[int, str],
    columns: Sequence[Interval],
    em: float,
    start: int,
) -> list[tuple[int, int]] | None:
    spans: list[tuple[int, int]] = []
    at = start
    alone = len(headings) == 1
    farthest = -1.0
    for index, (first, last, box) in enumerate(headings):
        until = headings[index + 1][0] if index + 1 < len(headings) else len(columns)
        if not any(column in below for column in range(first, last + 1)):
            if any(column in below for column in range(at, first)):
                return None
            spans.append((first, last))
            at = last + 1
            continue
        while at < first and at not in below:
            at += 1
        ends = [end for end in range(last, until) if all(c in below for c in range(at, end + 1))]
        if not ends:
            return None
        off = {end: abs(columns[at][0] + columns[end][1] - box.l - box.r) / 2 for end in ends}
        end = min(off, key=off.__getitem__)
        if end > at:
            farthest = max(farthest, off[end])
        spans.append((at, end))
        at = end + 1
    single = any(first == last and first in below for first, last in spans)
    numbers = sum(is_numeric(text) and not YEAR.fullmatch(text) for text in below.values())
    if single and 2 * numbers > len(below):
        return None  # below are values, not the names of columns
    if farthest < 0 or farthest > (_OFF_ALONE if alone or single else _OFF) * em:
        return None
    if any(column in below for column in range(at, len(columns))):
        return None
    return None if alone and spans[0][1] - spans[0][0] + 1 < _ALONE else spans
