"""Reading order: do items that both documents have come in the same order?

Body items are paired by page where their boxes have an intersection over union of at least 0.5. Of all
pairs of such items, this is the fraction that comes in the same order in both documents (Kendall's tau
scaled to 0..1). It says nothing of items that only one side has: layout F1 and text similarity do.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence

from docling_core.types.doc import DoclingDocument

from benchmarks.metrics.items import PlacedItem, placed_items, reading_ranks
from benchmarks.metrics.matching import Edge, match_most

__all__ = ["compare_order", "concordance"]

_LEAST_IOU = 0.5


def compare_order(truth: DoclingDocument, predicted: DoclingDocument) -> float | None:
    """Fraction of item pairs in the same order; None with fewer than two paired items."""
    expected, found = _ranked(truth), _ranked(predicted)
    pairs: list[tuple[int, int]] = []
    for page, items in expected.items():
        others = found.get(page, [])
        edges: list[Edge] = []
        for row, (_, item) in enumerate(items):
            for column, (_, other) in enumerate(others):
                overlap = item.box.iou(other.box)
                if overlap >= _LEAST_IOU:
                    edges.append((row, column, overlap))
        pairs += [(items[row][0], others[column][0]) for row, column in match_most(edges).items()]
    return concordance([rank for _, rank in sorted(pairs)])


def concordance(ranks: Sequence[int]) -> float | None:
    """Fraction of pairs of `ranks` that ascend (or are equal); None with fewer than two."""
    pairs = len(ranks) * (len(ranks) - 1) // 2
    if not pairs:
        return None
    seen: list[int] = []
    ascending = 0
    for rank in ranks:
        ascending += bisect_right(seen, rank)
        insort(seen, rank)
    return ascending / pairs


def _ranked(document: DoclingDocument) -> dict[int, list[tuple[int, PlacedItem]]]:
    ranks = reading_ranks(document)
    pages: defaultdict[int, list[tuple[int, PlacedItem]]] = defaultdict(list)
    for item in placed_items(document):
        if item.ref in ranks and not item.in_picture:
            pages[item.page].append((ranks[item.ref], item))
    return pages
