"""Relations of neighbouring cells, the measure of the ICDAR 2013 table competition (Göbel et al.).

Of every cell with text: the nearest cell with text to its right and the nearest one below, in each of its
rows and columns; a cell that spans several counts once with the same neighbour. A relation is the two texts
and the direction. Texts are NFKC in lower case, of letters, digits and symbols alone: white space,
punctuation and accents that stand alone are left out, and so are the signs that some write as punctuation
(minus, asterisk).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from benchmarks.metrics.counts import Counts
from benchmarks.quality.grid import Grid, GridCell

__all__ = ["Relation", "compare_relations", "relations", "squeezed"]

Direction = Literal["right", "below"]
_RIGHT: Direction = "right"
_BELOW: Direction = "below"
#: Text, text of its neighbour, and where that is.
Relation = tuple[str, str, Direction]

_SIGNS = "\N{MINUS SIGN}\N{ASTERISK OPERATOR}"


def squeezed(text: str) -> str:
    """What of a cell's text is compared."""
    normal = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in normal if _counts(character))


def relations(grids: Iterable[Grid]) -> Counter[Relation]:
    """The relations of all tables together."""
    found: Counter[Relation] = Counter()
    for grid in grids:
        texts = {cell: squeezed(cell.text) for cell in grid}
        cells = [cell for cell in grid if texts[cell]]
        found.update(
            (texts[cells[first]], texts[cells[second]], direction)
            for first, second, direction in _neighbours(cells)
        )
    return found


def compare_relations(truth: Iterable[Grid], predicted: Iterable[Grid]) -> Counts:
    """Relations of a document's tables that both have, that are missing, and that are wrong."""
    expected, found = relations(truth), relations(predicted)
    hit = (expected & found).total()
    return Counts(hit, expected.total() - hit, found.total() - hit)


def _counts(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or (category[0] == "S" and category != "Sk" and character not in _SIGNS)


def _neighbours(cells: list[GridCell]) -> set[tuple[int, int, Direction]]:
    """Pairs of cells by index."""
    rows: dict[int, dict[int, int]] = {}
    columns: dict[int, dict[int, int]] = {}
    for index, cell in enumerate(cells):
        for row in range(cell.top, cell.bottom + 1):
            for column in range(cell.left, cell.right + 1):
                rows.setdefault(row, {})[column] = index
                columns.setdefault(column, {})[row] = index
    found: set[tuple[int, int, Direction]] = set()
    for direction, lines in (_RIGHT, rows), (_BELOW, columns):
        for line in lines.values():
            order = [line[place] for place in sorted(line)]
            found.update((one, other, direction) for one, other in pairwise(order) if one != other)
    return found
