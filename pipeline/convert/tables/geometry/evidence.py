"""How well a grid fits its words: a phrase cut by cells or a wide gap within a cell counts against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

import msgspec

from docmill.pipeline.convert.tables.geometry.placed_lines import is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import FIGURE, LEADING, TRAILING, em_of, text_lines
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton
from docmill.pipeline.convert.types import Box, Word

__all__ = ["Evidence"]

#: Word gaps in em: within a cell up to `_SPACE` is natural; between cells from `_COLUMN` on.
_SPACE, _COLUMN = 0.3, 0.9

#: Headings stand in so many rows at the top; what one that is off its columns costs.
_HEADS = 4
_UNCENTRED = 0.02


class _Pair(msgspec.Struct, frozen=True):
    """Two neighbouring words by index, and what it costs to have them in one cell, and in two."""

    left: int
    right: int
    together: float
    apart: float


class Evidence(msgspec.Struct, frozen=True):
    """What a table's words say of any grid: the gaps between neighbours, and the numbers of each line."""

    pairs: list[_Pair]
    numbers: list[list[int]]
    boxes: list[Box]
    em: float

    @classmethod
    def of(cls, words: Sequence[Word]) -> Evidence:
        """The evidence of the words, which grids hold by their indices."""
        em = em_of(words)
        index_of = {id(word): index for index, word in enumerate(words)}
        pairs: list[_Pair] = []
        numbers: list[list[int]] = []
        for line in text_lines(words):
            for left, right in pairwise(line.words):
                together, apart = _costs(left, right, em)
                pairs.append(_Pair(index_of[id(left)], index_of[id(right)], together, apart))
            numbers.append([index_of[id(word)] for word in line.words if _is_value(word.text)])
        return cls(pairs, numbers, [word.box for word in words], em)

    def fit(self, skeleton: Skeleton) -> float:
        """A score from 0 to 1 of a grid with its words matched.

        It is the share of neighbouring words whose gap agrees with being in one cell or in two, less the
        share of words in cells that hold several lines with numbers.
        """
        if not self.numbers or not skeleton.slots:
            return 0.0 if self.numbers else 1.0
        slot_of = {index: at for at, slot in enumerate(skeleton.slots) for index in slot.words}
        loss = sum(
            pair.together if slot_of.get(pair.left) == slot_of.get(pair.right) else pair.apart
            for pair in self.pairs
        )
        counts = self._lines_with_numbers(slot_of)
        repeated = sum(count - 1 for at, count in counts.items() if at >= 0)
        total = max(1, sum(counts.values()))
        fits = (1.0 - loss / max(1, len(self.pairs))) * (1.0 - repeated / total)
        drawn = skeleton.method == "rulings"
        return max(0.0, fits if drawn else fits - _UNCENTRED * self._uncentred(skeleton))

    def is_parted(self, skeleton: Skeleton) -> bool:
        """Whether no cell holds several lines with numbers."""
        slot_of = {index: at for at, slot in enumerate(skeleton.slots) for index in slot.words}
        return all(count < 2 for at, count in self._lines_with_numbers(slot_of).items() if at >= 0)

    def _lines_with_numbers(self, slot_of: Mapping[int, int]) -> dict[int, int]:
        """For each slot, and for none as -1, the lines with numbers in it."""
        counts: dict[int, int] = {}
        for numbers in self.numbers:
            for at in {slot_of.get(index, -1) for index in numbers}:
                counts[at] = counts.get(at, 0) + 1
        return counts

    def _uncentred(self, skeleton: Skeleton) -> int:
        """How many headings over several columns are not in the middle of these, nor begin at their left."""
        texts = [(slot, [self.boxes[i] for i in slot.words]) for slot in skeleton.slots if slot.words]
        spanning = [(slot, boxes) for slot, boxes in texts if slot.col_span > 1 and slot.row < _HEADS]
        if not spanning:
            return 0
        edges: dict[int, tuple[float, float]] = {}
        for slot, boxes in texts:
            if slot.col_span == 1:
                left, right = edges.get(slot.col, (inf, -inf))
                edges[slot.col] = min(left, *(b.l for b in boxes)), max(right, *(b.r for b in boxes))
        count = 0
        for slot, boxes in spanning:
            first, last = edges.get(slot.col), edges.get(slot.col + slot.col_span - 1)
            if first is not None and last is not None:
                left, right = min(b.l for b in boxes), max(b.r for b in boxes)
                off = abs(first[0] + last[1] - left - right) / 2
                count += off > self.em and abs(left - first[0]) > self.em
        return count


def _costs(left: Word, right: Word, em: float) -> tuple[float, float]:
    """What two neighbours cost in one cell, and in two."""
    grade = min(1.0, max(0.0, ((right.box.l - left.box.r) / em - _SPACE) / (_COLUMN - _SPACE)))
    if left.text in LEADING and FIGURE.search(right.text):
        return 0.0, 0.5
    if right.text in LEADING and FIGURE.search(left.text):
        return 1.0, 0.0
    return (0.0 if right.text in TRAILING else grade), 1.0 - grade


def _is_value(text: str) -> bool:
    """A number; its share in brackets may stand below it in its cell."""
    return is_numeric(text) and not text.endswith("%)")
