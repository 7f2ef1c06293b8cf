"""Small lines right under a big one stand between its descenders: its box ends where they begin.

Else the big line's box holds them, and docling takes what one region's box holds for a part of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median

from docmill.pipeline.convert.types import Box

__all__ = ["line_bottoms"]

#: A line so many times as high as most is big beside lines so many times as low as it.
_BIG = 1.9
#: Descenders are this fraction of a box of capitals and descenders at most.
_DESCENT = 0.35
#: Big lines looked at on one page, and lines under each: posters have no more.
_MAX_BIG, _MAX_UNDER = 200, 64


def line_bottoms(boxes: Sequence[Box]) -> dict[int, float]:
    """New bottoms for the boxes of horizontal lines that reach over a much smaller line below, by number."""
    if len(boxes) < 2:
        return {}
    heights = [box.height for box in boxes]
    least = min(_BIG * median(heights), max(heights))
    big = [n for n, height in enumerate(heights) if height >= max(least, _BIG * min(heights))]
    if not big or min(heights) <= 0:
        return {}
    order = sorted(range(len(boxes)), key=lambda n: boxes[n].t)
    tops = [boxes[n].t for n in order]
    found: dict[int, float] = {}
    for number in big[:_MAX_BIG]:
        box = boxes[number]
        begin, end = bisect_left(tops, box.b - _DESCENT * box.height), bisect_right(tops, box.b)
        under = [
            boxes[n].t
            for n in order[begin : min(end, begin + _MAX_UNDER)]
            if _BIG * heights[n] <= box.height and _under(boxes[n], box)
        ]
        if under:
            found[number] = min(under)
    return found


def _under(small: Box, big: Box) -> bool:
    """Whether most of a line is under another; those beside a big initial are not."""
    return min(small.r, big.r) - max(small.l, big.l) > 0.5 * min(small.width, big.width)
