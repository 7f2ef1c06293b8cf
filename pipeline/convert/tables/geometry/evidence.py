"""How well a grid fits its words: a phrase cut by cells or a wide gap within a cell counts against it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.tables.geometry.rows import is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import FIGURE, LEADING, TRAILING, em_of, text_lines
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton
from docmill.pipeline.convert.types import Word

__all__ = ["fit"]

#: Word gaps in em: within a cell up to `_SPACE` is natural; between cells from `_COLUMN` on.
_SPACE, _COLUMN = 0.3, 0.9


def fit(skeleton: Skeleton, words: Sequence[Word]) -> float:
    """A score from 0 to 1 of a grid with its words matched.

    It is the share of neighbouring words whose gap agrees with being in one cell or in two, less the
    share of words in cells that hold several lines with numbers.
    """
    if not words or not skeleton.slots:
        return 1.0 if not words else 0.0
    em = em_of(words)
    index_of = {id(word): index for index, word in enumerate(words)}
    slot_of = {index: at for at, slot in enumerate(skeleton.slots) for index in slot.words}
    loss, pairs = 0.0, 0
    numbers: dict[int, int] = {}
    for line in text_lines(words):
        for left, right in pairwise(line.words):
            gap = (right.box.l - left.box.r) / em
            grade = min(1.0, max(0.0, (gap - _SPACE) / (_COLUMN - _SPACE)))
            together = slot_of.get(index_of[id(left)]) == slot_of.get(index_of[id(right)])
            pairs += 1
            if left.text in LEADING and FIGURE.search(right.text):
                loss += 0.5 * (not together)
            elif right.text in LEADING and FIGURE.search(left.text):
                loss += together
            elif not together:
                loss += 1.0 - grade
            elif right.text not in TRAILING:
                loss += grade
        for at in {slot_of.get(index_of[id(w)], -1) for w in line.words if is_numeric(w.text)}:
            numbers[at] = numbers.get(at, 0) + 1
    repeated = sum(count - 1 for at, count in numbers.items() if count > 1 and at >= 0)
    total = max(1, sum(numbers.values()))
    return max(0.0, (1.0 - loss / max(1, pairs)) * (1.0 - repeated / total))
