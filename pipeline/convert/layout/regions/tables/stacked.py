"""Tables that stand one under the other: where the one ends and the other begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn, is_numeric
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["stacked"]

_ALIGNED = 3.0  # points within which edges are one
_MOST_HEADS = 6  # lines
_MOST_GAPS = 40  # that are looked at
_NEAR = 40  # lines over and under a gap that are looked at
_PITCHES = 1.6  # a gap of so many usual pitches parts tables whose columns differ
_HEADED = 1.15  # ... and of so many, one under a heading


def stacked(rows: Sequence[Row], drawn: Drawn) -> list[list[Row]]:
    """The upper and the lower part, where one table ends and another begins."""
    every = bands(rows)
    several = [at for at, band in enumerate(every) if len(band) > 1]
    if len(several) < 3:
        return []
    tops = [min(row.box.t for row in band) for band in every]
    ends = [max(row.box.b for row in band) for band in every]
    page, box, tested = _pitch(tops), hull(row.box for row in rows), 0
    for one, two in pairwise(several):
        if tops[two] - tops[one] < _HEADED * page:
            continue
        usual = _pitch(tops[max(0, one - _NEAR) : one + 1]) or page
        wider = (at for at in range(one, two) if tops[at + 1] - tops[at] > 1.25 * usual)
        cut = next(wider, max(range(one, two), key=lambda at: tops[at + 1] - ends[at]))
        gap = tops[cut + 1] - tops[cut]
        if gap < _HEADED * usual or _held(drawn, ends[cut], tops[cut + 1]):
            continue
        tested += 1
        if tested > _MOST_GAPS:
            break
        heading, below = every[cut + 1 : two], every[two : two + _NEAR]
        if not heading and _one_rule(drawn, box, ends[cut], tops[cut + 1]):
            continue  # the rule under the heads, or over the sums
        if not _is_new(every[max(0, cut + 1 - _NEAR) : cut + 1], below, heading, gap / usual):
            continue
        after = two if _is_heading(heading, below) else cut + 1
        return [[row for band in part for row in band] for part in (every[: cut + 1], every[after:])]
    return []


def _pitch(tops: Sequence[float]) -> float:
    """The usual distance between lines; 0 where they are too few."""
    steps = sorted(two - one for one, two in pairwise(tops))
    return steps[len(steps) // 2] if len(steps) > 1 else 0.0


def _held(drawn: Drawn, top: float, bottom: float) -> bool:
    """True when an upright rule or a background reaches over the gap: then it is within one table."""
    middle = (top + bottom) / 2
    return any(
        mark.t < middle - 1 and mark.b > middle + 1 for mark in (*drawn.down, *drawn.shades, *drawn.grids)
    )


def _one_rule(drawn: Drawn, box: Box, top: float, bottom: float) -> bool:
    """True when one rule as wide as the lines runs through a gap; two would end a table and begin another."""
    between = {
        round(rule.t)
        for rule in drawn.across
        if top - 2 < rule.t < bottom + 2 and min(rule.r, box.r) - max(rule.l, box.l) > 0.7 * box.width
    }
    return bool(between) and max(between) - min(between) < 4


def _is_heading(heading: Sequence[Sequence[Row]], below: Sequence[Sequence[Row]]) -> bool:
    """True for lines over a table that are its title: they begin where it does, or are a caption."""
    if not heading:
        return False
    left = min(row.box.l for band in below for row in band)
    first = heading[0][0]
    return CAPTION.match(first.text) is not None or first.box.l < left + _ALIGNED


def _is_new(
    upper: Sequence[Sequence[Row]],
    lower: Sequence[Sequence[Row]],
    heading: Sequence[Sequence[Row]],
    pitches: float,
) -> bool:
    """True when the lines under a gap are another table's: other columns, or heads of their own."""
    if sum(1 for band in upper if len(band) > 1) < 2 and not (heading and len(upper) > 1):
        return False
    if not heading and _only_heads(upper, lower):
        return False
    if sum(1 for band in lower if len(band) > 1) < 1 or len(lower) < 2:
        return False
    captioned = any(CAPTION.match(band[0].text) for band in heading)
    if captioned:
        return True
    other = _other_columns(upper, lower)
    headed = _has_heads(lower)
    if heading:
        set_off = pitches > 1.35 or all(row.bold for band in heading for row in band)
        return set_off and (other or headed)
    return pitches > _PITCHES and (other or headed)


def _only_heads(upper: Sequence[Sequence[Row]], lower: Sequence[Sequence[Row]]) -> bool:
    """True for a few lines without a figure over lines of figures: heads, in as many lines as they take."""
    values = [row for band in lower[:6] for row in sorted(band, key=lambda row: row.box.l)[1:]]
    figures = sum(map(is_numeric, values)) >= 0.5 * len(values)
    return figures and len(upper) < _MOST_HEADS and not any(_is_figure(row) for band in upper for row in band)


def _is_figure(row: Row) -> bool:
    return is_numeric(row) and not any(map(str.isalpha, row.text))


def _next_table(lower: Sequence[Sequence[Row]]) -> list[Sequence[Row]]:
    """The lines of the part below that stand together."""
    kept = [lower[0]]
    for band in lower[1:9]:
        if len(band) > 1:
            kept.append(band)
    return kept


def _other_columns(upper: Sequence[Sequence[Row]], lower: Sequence[Sequence[Row]]) -> bool:
    """True when fewer than half of the lower pieces stand under a column of the upper ones.

    The first piece of a line tells nothing: all tables begin at the left edge.
    """
    above = [row.box for band in upper for row in sorted(band, key=lambda row: row.box.l)[1:]]
    below = [row.box for band in _next_table(lower) for row in sorted(band, key=lambda row: row.box.l)[1:]]
    if not above or not below:
        return False
    numbers = [
        Counter(map(len, (band for band in part if len(band) > 1))).most_common(1)[0][0]
        for part in (upper, lower[:9])
    ]
    edges = [{round(edge / _ALIGNED) for edge in side} for side in zip(*map(_edges, above), strict=True)]

    def under(box: Box) -> bool:
        return any(
            round(edge / _ALIGNED) + step in side
            for edge, side in zip(_edges(box), edges, strict=True)
            for step in (-1, 0, 1)
        )

    share = sum(map(under, below)) / len(below)
    return share < 0.5 or (share < 0.8 and numbers[0] != numbers[1])


def _edges(box: Box) -> tuple[float, float, float]:
    return box.l, box.r, (box.l + box.r) / 2


def _has_heads(lower: Sequence[Sequence[Row]]) -> bool:
    """True when the first line is set as a head: bold over lines that are not, or words over figures."""
    head, body = lower[0], [band for band in lower[1:7] if len(band) > 1]
    if len(head) < 2 or not body:
        return False
    if all(row.bold for row in head) and not any(all(row.bold for row in band) for band in body):
        return True
    values = [row for band in body for row in sorted(band, key=lambda row: row.box.l)[1:]]
    figures = sum(map(is_numeric, values)) >= 0.6 * len(values) and len(body) > 1
    return figures and not any(map(is_numeric, head))
