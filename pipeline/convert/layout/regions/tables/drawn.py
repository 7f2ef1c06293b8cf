"""What is drawn on a page that can hold a table together, and which pieces of text are figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import ruling_box
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["Drawn", "is_numeric", "stretches"]

_MOST_DRAWN = 4000
_TOUCHING = 1.0  # points between two pieces of one rule


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn on a page that can hold a table together: rules and backgrounds, as boxes."""

    across: tuple[Box, ...]  # horizontal rules
    down: tuple[Box, ...]  # vertical rules
    shades: tuple[Box, ...]
    grids: tuple[Box, ...] = ()  # whole ruled grids

    @staticmethod
    def of(page: PageContent, grids: Iterable[Box]) -> Drawn:
        """The page's; at most some thousands of each. What is drawn cell by cell is one."""
        rulings = page.rulings[:_MOST_DRAWN]
        return Drawn(
            across=_joined(ruling_box(ruling) for ruling in rulings if ruling.horizontal),
            down=tuple(ruling_box(ruling) for ruling in rulings if not ruling.horizontal),
            shades=_joined(
                shape for shape in page.shapes[:_MOST_DRAWN] if shape.width > 12 and shape.height > 5
            ),
            grids=tuple(grids),
        )

    def inside(self, box: Box) -> Drawn:
        """What lies in a box by and large: its middle does, and it is not much bigger."""
        l, t, r, b = 2 * box.l - 12, 2 * box.t - 12, 2 * box.r + 12, 2 * box.b + 12  # noqa: E741 - left
        width, height = 1.6 * box.width + 12, 1.6 * box.height + 12

        def held(marks: tuple[Box, ...]) -> tuple[Box, ...]:
            return tuple(
                mark
                for mark in marks
                if t <= mark.t + mark.b <= b
                and l <= mark.l + mark.r <= r
                and mark.r - mark.l <= width
                and mark.b - mark.t <= height
            )

        return Drawn(held(self.across), held(self.down), held(self.shades), held(self.grids))


def _joined(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes of one height that touch each other from left to right, as one each."""
    done: list[Box] = []
    for box in sorted(boxes, key=lambda box: (round(box.t), round(box.b), box.l)):
        last = done[-1] if done else None
        level = last is not None and abs(last.t - box.t) < _TOUCHING and abs(last.b - box.b) < _TOUCHING
        if last is not None and level and box.l <= last.r + _TOUCHING:
            done[-1] = last.union(box)
        else:
            done.append(box)
    return tuple(done)


def is_numeric(row: Row) -> bool:
    """True for figures: digits, or the dash that stands for none."""
    digits = sum(char.isdigit() for char in row.text)
    return digits >= 0.4 * len(row.text.replace(" ", "")) or row.text in {"-", "–", "—"}


def stretches(rows: Iterable[Row]) -> list[tuple[float, float]]:
    """The stretches that text covers from left to right."""
    merged: list[tuple[float, float]] = []
    for left, right in sorted((row.box.l, row.box.r) for row in rows):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged
