"""How fast memory grows: the slope of a line through its means of each minute, and how sure that is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import msgspec

__all__ = ["Trend", "trend"]

_MINUTES_OF_AN_HOUR = 60.0
_LEAST_BLOCKS = 4
#: So much more in the last third than in the first is still flat, and what is no surer than its error.
_FLAT = 0.02


class Trend(msgspec.Struct, frozen=True):
    """Growth in megabytes an hour, two standard errors of it, and medians of the first and the last third."""

    mb_an_hour: float
    give_or_take: float
    first_mb: float
    last_mb: float
    flat: int  # 1 or 0: a figure of the harness is a number


def trend(points: Sequence[tuple[float, float]]) -> Trend:
    """Of (minute, megabytes), in order of time.

    Looks of one minute are alike, so they count as one. A minute is shorter where there would be too few.
    """
    begin, end = points[0][0], points[-1][0]
    block = min(1.0, (end - begin) / _LEAST_BLOCKS) or 1.0
    blocks: dict[int, list[tuple[float, float]]] = {}
    for minute, megabytes in points:
        blocks.setdefault(int((minute - begin) / block), []).append((minute, megabytes))
    xs = [statistics.fmean(minute for minute, _ in each) for each in blocks.values()]
    ys = [statistics.fmean(megabytes for _, megabytes in each) for each in blocks.values()]
    slope, offset = statistics.linear_regression(xs, ys)
    middle = statistics.fmean(xs)
    rest = sum((y - slope * x - offset) ** 2 for x, y in zip(xs, ys, strict=True))
    error = math.sqrt(rest / (len(xs) - 2) / sum((x - middle) ** 2 for x in xs)) if len(xs) > 2 else math.inf
    third = (end - begin) / 3
    first = statistics.median(megabytes for minute, megabytes in points if minute <= begin + third)
    last = statistics.median(megabytes for minute, megabytes in points if minute >= end - third)
    return Trend(
        mb_an_hour=round(_MINUTES_OF_AN_HOUR * slope, 2),
        give_or_take=round(2 * _MINUTES_OF_AN_HOUR * error, 2),
        first_mb=round(first, 1),
        last_mb=round(last, 1),
        flat=int(last <= first * (1 + _FLAT) or slope <= 2 * error),
    )
