"""Rows to blocks: paragraphs, headings, list items and captions, each a run of rows in one column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from docmill.pipeline.convert.layout.blocks.breaks import KnownHeadings, Surroundings, continues
from docmill.pipeline.convert.layout.blocks.leading import page_leading
from docmill.pipeline.convert.layout.blocks.line_ends import is_terminated, opens
from docmill.pipeline.convert.layout.blocks.loose_lines import loose_pitches
from docmill.pipeline.convert.layout.blocks.spatial import hull, strips
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Box, Ruling

__all__ = ["Block", "build_blocks", "rows_above"]

_FIRST_LINE = 6  # em: the widest indentation of a paragraph's first line, a typed one's
_LEAST_FIRST = 25  # characters of such a line
_MEMORY = 60  # rows of a long block that are looked at


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that belong together, from top to bottom; never empty."""

    rows: tuple[Row, ...]
    box: Box
    text: str  # the rows', joined by spaces
    chars: int  # without spaces
    size: float  # of most characters

    @staticmethod
    def of(rows: Iterable[Row]) -> Block:
        """The block of these rows."""
        every = tuple(rows)
        votes: dict[float, int] = {}
        for row in every:
            votes[row.size] = votes.get(row.size, 0) + row.chars
        return Block(
            rows=every,
            box=hull([row.box for row in every]),
            text=" ".join([row.text for row in every]),
            chars=sum(votes.values()),
            size=max(votes, key=lambda size: (votes[size], size)),
        )

    def all(self, name: str) -> bool:
        """True when all rows but the tiniest have the style `name` (bold, italic or mono)."""
        return all(getattr(row, name) for row in self.rows if row.chars > 2 or len(self.rows) == 1)


def rows_above(rows: Sequence[Row]) -> list[int | None]:
    """For each row, the index of the row right above most of it; `rows` are sorted by top edge.

    A skyline sweep: every vertical strip of the page remembers the last row that covered it.
    """
    skyline: dict[int, int] = {}
    found: list[int | None] = []
    for number, row in enumerate(rows):
        covered = strips(row.box.l, row.box.r)
        votes = Counter(skyline[strip] for strip in covered if strip in skyline)
        under = {
            upper
            for upper, shared in votes.items()
            if shared >= 0.5 * min(len(covered), len(strips(rows[upper].box.l, rows[upper].box.r)))
        }
        if row.box.width < _FIRST_LINE * row.size:
            reach = strips(row.box.l, row.box.l + _FIRST_LINE * row.size)
            under |= {
                upper
                for upper in {skyline[strip] for strip in reach if strip in skyline}
                if _under_first_line(rows[upper], row)
            }
        # under two rows that stand side by side, a row belongs to neither's column
        nearest = sorted(under, reverse=True)[:4]
        beside = any(_level(rows[nearest[0]], rows[other]) for other in nearest[1:])
        best = nearest[0] if nearest and not beside else None
        found.append(best)
        for strip in covered:
            skyline[strip] = number
    return found


def _under_first_line(upper: Row, row: Row) -> bool:
    """True for a word or two under a paragraph's first line that is indented past them."""
    return (
        0 < upper.start - row.start <= _FIRST_LINE * row.size
        and row.size == upper.size
        and row.box.t - upper.box.b < 2 * row.size
        and upper.chars >= _LEAST_FIRST
        and not is_terminated(upper)
        and not opens(row)
    )


def build_blocks(
    rows: Sequence[Row],
    separators: Sequence[Ruling] = (),
    titles: Mapping[int, int] = MappingProxyType({}),
    starts: Container[int] = (),
    leading: Mapping[float, float] = MappingProxyType({}),
    known: KnownHeadings | None = None,
) -> list[Block]:
    """Group rows into blocks.

    `separators` are the page's horizontal rulings, sorted by y; `titles` maps the first cell of a row to
    the title detection that covers it; `starts` holds the first cells of rows that must start a block;
    `leading` is the document's usual line pitch by font size; `known` is what it says of headings.
    Rows of two columns never meet: a row joins only the block right above it, and not when another row
    stands beside it under the same block.
    """
    ordered = sorted(rows, key=lambda row: (row.box.t, row.box.l))
    above = rows_above(ordered)
    beneath: dict[int, list[int]] = {}
    for number, upper in enumerate(above):
        if upper is not None:
            beneath.setdefault(upper, []).append(number)
    pairs = [(ordered[upper], ordered[number]) for number, upper in enumerate(above) if upper is not None]
    pitches, loose = page_leading(pairs, leading), loose_pitches(pairs)
    around = Surroundings(pitches, separators, titles, starts, loose, known or KnownHeadings())
    groups: list[list[Row]] = []
    group_of: dict[int, int] = {}
    for number, row in enumerate(ordered):
        upper = above[number]
        below = next((ordered[index] for index in beneath.get(number, ())), None)
        if upper is not None and _alone(row, [ordered[index] for index in beneath[upper]]):
            group = groups[group_of[upper]]
            if group[-1] is ordered[upper] and continues(_recent(group), row, below, around):
                group.append(row)
                group_of[number] = group_of[upper]
                continue
        group_of[number] = len(groups)
        groups.append([row])
    return [Block.of(group) for group in groups]


def _recent(group: list[Row]) -> list[Row]:
    """The rows of a block that say how it goes on: the first and the last ones."""
    return group if len(group) <= _MEMORY else [group[0], *group[1 - _MEMORY :]]


def _alone(row: Row, siblings: Sequence[Row]) -> bool:
    """True when no other row under the same upper row stands beside this one."""
    return not any(other is not row and _level(other, row) for other in siblings[:20])


def _level(one: Row, two: Row) -> bool:
    """True for rows side by side on one baseline."""
    shared = min(one.box.b, two.box.b) - max(one.box.t, two.box.t)
    return shared > 0.4 * min(one.box.height, two.box.height)
