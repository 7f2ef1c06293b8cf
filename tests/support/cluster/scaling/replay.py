"""The real controller's turns held against `benchmarks.scaling.autoscaler`, by what it was told at each."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from benchmarks.scaling.autoscaler import Horizontal, Scaling, desired
from tests.support.cluster.scaling.adapter import Turn

__all__ = ["Replay", "replay"]

#: The controller's clock is read some moments after it was told: where a window or a step ends between, both
#: answers are right.
_SLACK_S = (0.0, -0.5, 0.5)


@dataclass(frozen=True)
class Replay:
    """Turns whose decision is clear, and those where the controller decided otherwise: at, ours, its."""

    counted: int
    differences: tuple[tuple[float, tuple[int, ...], int], ...]


def replay(turns: Sequence[Turn], acted: Sequence[float], scaling: Scaling) -> Replay:
    """Decide all turns but the last anew; `acted` is when something else changed the replicas."""
    model, counted, differences = Horizontal(scaling), 0, []
    for turn, later in pairwise(turns):
        if len(turn.values) != len(scaling.triggers) or any(turn.at - 1 < at < later.at for at in acted):
            continue
        seen, options = later.look.replicas, []
        there = dict.fromkeys((turn.look.status, turn.look.replicas))
        for status, ready in product(there, dict.fromkeys((turn.look.ready, *there))):
            wanted = desired(turn.values, turn.look.replicas, scaling, status, ready)
            for slack in _SLACK_S:
                option = copy.deepcopy(model)
                options.append((option.decide(turn.at + slack, turn.look.replicas, wanted), option))
        found = [option for result, option in options if result == seen]
        results = tuple(sorted({result for result, _ in options}))
        counted += len(results) == 1
        if not found:
            differences.append((turn.at - turns[0].at, results, seen))
        model = found[0] if found else options[0][1]
    return Replay(counted, tuple(differences))
