"""What KEDA and the HorizontalPodAutoscaler make of a trigger's values, as pure arithmetic.

The HorizontalPodAutoscaler's rules for external metrics, with its `behavior`:
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details and
pkg/controller/podautoscaler/{replica_calculator,horizontal}.go of Kubernetes, against whose controller
`tests/cluster/test_scaling.py` holds it. Between nothing and one it is KEDA that acts, and it stands in for a
value that cannot be had: https://keda.sh/docs/latest/concepts/scaling-deployments/.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Activation",
    "Autoscaler",
    "Fallback",
    "Horizontal",
    "Rules",
    "Scaling",
    "Step",
    "Trigger",
    "desired",
]


@dataclass(frozen=True)
class Trigger:
    """What a replica is to have of a value, and above which value the first replica is wanted.

    `whole`: the value is to be so much whatever the number of replicas (type Value).
    """

    threshold: float
    activation: float = 0.0
    whole: bool = False


@dataclass(frozen=True)
class Step:
    """A policy of `behavior`: so many replicas, or so many percent of them, within a time."""

    type: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True)
class Rules:
    """One direction of `behavior`; of its steps the largest counts (`selectPolicy: Max`)."""

    window_s: float
    steps: tuple[Step, ...]


_UP = Rules(0.0, (Step("Percent", 100, 15.0), Step("Pods", 4, 15.0)))
_DOWN = Rules(300.0, (Step("Percent", 100, 15.0),))


@dataclass(frozen=True)
class Scaling:
    """A ScaledObject: bounds, and seconds of its loops; defaults are KEDA's and Kubernetes' own."""

    triggers: tuple[Trigger, ...]
    most: int
    least: int = 0
    polling_s: float = 30.0
    cooldown_s: float = 300.0
    sync_s: float = 15.0
    tolerance: float = 0.1
    up: Rules = _UP
    down: Rules = _DOWN


def desired(
    values: Sequence[float | None],
    replicas: int,
    scaling: Scaling,
    status: int | None = None,
    ready: int | None = None,
) -> int | None:
    """Replicas by the values of the triggers, each the sum over all replicas; None is not known.

    `status` are the replicas that are there, `ready` those of them that are ready: by default as many as are
    asked for. Nothing can be said, and the answer is None, when all values are unknown, or when one is and
    replicas would be taken away.
    """
    there = replicas if status is None else status
    ready = there if ready is None else ready
    found = [
        _by(value, trigger, replicas if trigger.whole else there, ready, scaling.tolerance)
        for value, trigger in zip(values, scaling.triggers, strict=True)
        if value is not None
    ]
    if not found or (None in values and max(found) < replicas):
        return None
    return max(found)


def _by(value: float, trigger: Trigger, replicas: int, ready: int, tolerance: float) -> int:
    ratio = value / trigger.threshold
    each = ratio if trigger.whole else ratio / replicas if replicas else math.inf
    if abs(each - 1) <= tolerance:
        return replicas
    return math.ceil(ratio * ready if trigger.whole else ratio)


@dataclass
class Horizontal:
    """A HorizontalPodAutoscaler between one and most, with what it remembers of its decisions."""

    scaling: Scaling
    _recommended: deque[tuple[float, int]] = field(default_factory=deque)
    _moved: deque[tuple[float, int]] = field(default_factory=deque)

    def decide(self, now: float, replicas: int, wanted: int | None) -> int:
        """Replicas from now on, where the triggers want so many (see `desired`)."""
        scaling, least = self.scaling, max(1, self.scaling.least)
        if not self._recommended and replicas:
            self._recommended.append((now, replicas))
        if not replicas or wanted is None:
            return replicas
        if not least <= replicas <= scaling.most:
            result = min(max(replicas, least), scaling.most)
        else:
            result = self._limited(now, replicas, self._stable(now, replicas, wanted))
        if result != replicas:
            self._moved.append((now, result - replicas))
        return result

    def _stable(self, now: float, replicas: int, wanted: int) -> int:
        """The least that was wanted lately on the way up, the most on the way down.

        On the way down it may be more than there is, where the steps upward were short.
        """
        up, down = self.scaling.up, self.scaling.down
        rules, better = (up, min) if wanted >= replicas else (down, max)
        recent = [each for at, each in self._recommended if at > now - rules.window_s]
        while self._recommended and self._recommended[0][0] < now - max(up.window_s, down.window_s):
            self._recommended.popleft()
        self._recommended.append((now, wanted))
        return better([wanted, *recent])

    def _limited(self, now: float, replicas: int, wanted: int) -> int:
        scaling = self.scaling
        if wanted > replicas:
            furthest = max(self._reach(now, replicas, step, 1) for step in scaling.up.steps)
            return min(wanted, scaling.most, max(replicas, furthest))
        if wanted < replicas:
            furthest = min(self._reach(now, replicas, step, -1) for step in scaling.down.steps)
            return max(wanted, scaling.least, 1, min(replicas, furthest))
        return replicas

    def _reach(self, now: float, replicas: int, step: Step, sign: int) -> int:
        moved = sum(count for at, count in self._moved if at > now - step.period_s and count * sign > 0)
        before = replicas - moved
        if step.type == "Pods":
            return before + sign * step.value
        share = before * (1 + sign * step.value / 100)
        return math.ceil(share) if sign > 0 else int(share)


@dataclass
class Activation:
    """What KEDA does itself: the first replica, and the last."""

    scaling: Scaling
    #: When a trigger was last above its activation.
    _active: float = -math.inf

    def poll(self, now: float, replicas: int, values: Sequence[float | None]) -> int:
        """Replicas from now on."""
        pairs = zip(values, self.scaling.triggers, strict=True)
        if any(value is not None and value > trigger.activation for value, trigger in pairs):
            self._active = now
            return replicas or max(1, self.scaling.least)
        # what cannot be seen may be at work: KEDA stays where there is a fallback
        if None in values or self.scaling.least or now - self._active <= self.scaling.cooldown_s:
            return replicas
        return 0


@dataclass
class Fallback:
    """What KEDA tells in place of a value that could not be had more than `failures` times in a row.

    Only triggers of a value a replica have it, as up to KEDA 2.17. It comes to `replicas`, or, with `higher`,
    to those that are there where they are more (`behavior: currentReplicasIfHigher`).
    """

    failures: int
    replicas: int
    higher: bool = False
    _failed: int = 0

    def value(self, value: float | None, trigger: Trigger, replicas: int) -> float | None:
        """What is told of this trigger, whose value was this, or could not be had."""
        self._failed = 0 if value is not None else self._failed + 1
        if self._failed <= self.failures or trigger.whole:
            return value
        return trigger.threshold * (max(self.replicas, replicas) if self.higher else self.replicas)


class Autoscaler:
    """One ScaledObject over time; `decide` is called as often as one likes, with a clock in seconds."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._synced = self._polled = -math.inf
        self._activation = Activation(scaling)
        self._horizontal = Horizontal(scaling)

    def decide(self, now: float, replicas: int, values: Sequence[float | None]) -> int:
        """Replicas from now on."""
        scaling = self._scaling
        due = now - self._synced >= scaling.sync_s
        self._synced = now if due else self._synced
        if now - self._polled >= scaling.polling_s:
            self._polled = now
            polled = self._activation.poll(now, replicas, values)
            if polled != replicas:
                return polled
        if not due or not replicas:
            return replicas
        return self._horizontal.decide(now, replicas, desired(values, replicas, scaling))
