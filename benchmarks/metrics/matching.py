"""One-to-one matching of truth with predictions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import linear_sum_assignment

__all__ = ["Edge", "match_best_first", "match_most"]

#: (truth index, prediction index, likeness)
Edge = tuple[int, int, float]


def match_best_first(edges: Iterable[Edge]) -> dict[int, int]:
    """Take the likeliest pair, then the next of what is left: truth index -> prediction index."""
    predicted_of: dict[int, int] = {}
    taken: set[int] = set()
    for truth, predicted, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        if truth not in predicted_of and predicted not in taken:
            predicted_of[truth] = predicted
            taken.add(predicted)
    return predicted_of


def match_most(edges: Iterable[Edge]) -> dict[int, int]:
    """A matching with as many pairs as any can have, the likeliest of these: truth index -> prediction index.

    The likeliest has the greatest sum of likenesses, which are not negative.
    """
    edges = list(edges)
    if not edges:
        return {}
    truths, rows = np.unique([edge[0] for edge in edges], return_inverse=True)
    predictions, columns = np.unique([edge[1] for edge in edges], return_inverse=True)
    likeness = np.array([edge[2] for edge in edges])
    worth = np.zeros((len(truths), len(predictions)))
    # one more pair is worth more than all likeness
    worth[rows, columns] = 1.0 + likeness.max() * min(worth.shape) + likeness
    chosen = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return {int(truths[row]): int(predictions[column]) for row, column in chosen if worth[row, column]}
