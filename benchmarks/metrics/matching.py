"""One-to-one matching of truth with predictions."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

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
    """A matching with as many pairs as any can have: truth index -> prediction index.

    Starts from the best-first matching, which may block a pair, and lengthens it along augmenting paths.
    """
    ordered = sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1]))
    neighbours: defaultdict[int, list[int]] = defaultdict(list)
    for truth, predicted, _ in ordered:
        neighbours[truth].append(predicted)
    predicted_of = match_best_first(ordered)
    truth_of = {predicted: truth for truth, predicted in predicted_of.items()}
    for truth in neighbours:
        if truth not in predicted_of:
            _augment(truth, neighbours, predicted_of, truth_of)
    return predicted_of


def _augment(
    start: int, neighbours: dict[int, list[int]], predicted_of: dict[int, int], truth_of: dict[int, int]
) -> None:
    """Match `start` by moving other truths to other predictions, where that is possible."""
    reached_from: dict[int, int] = {}
    queue = deque([start])
    while queue:
        truth = queue.popleft()
        for predicted in neighbours[truth]:
            if predicted in reached_from:
                continue
            reached_from[predicted] = truth
            if predicted in truth_of:
                queue.append(truth_of[predicted])
                continue
            free: int | None = predicted
            while free is not None:
                mover = reached_from[free]
                left_behind = predicted_of.get(mover)
                predicted_of[mover], truth_of[free] = free, mover
                free = left_behind
            return
