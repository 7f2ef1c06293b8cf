"""What scales: its target and its credentials are there, and its numbers make sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from tests.charts.checks.objects import Obj, label_of

__all__ = ["check_targets"]

_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
#: Triggers of KEDA that hold a count of their own, so that `fallback` can stand in for them with an average.
#: https://keda.sh/docs/latest/reference/scaledobject-spec/#fallback
_NO_FALLBACK = frozenset({"cpu", "memory"})


def check_targets(objects: Sequence[Obj], outside: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """Scalers of nothing, two of the same, and bounds that contradict each other."""
    there = {(thing["kind"], thing["metadata"]["name"]): thing for thing in objects}
    targets: Counter[tuple[str, str]] = Counter()
    for thing in objects:
        if thing["kind"] not in _SCALERS:
            continue
        label, spec = label_of(thing), thing["spec"]
        target = (spec["scaleTargetRef"].get("kind", "Deployment"), spec["scaleTargetRef"]["name"])
        targets[target] += 1
        if target not in there:
            yield f"{label}: there is no {target[0]} {target[1]}"
        elif "replicas" in there[target]["spec"]:
            yield f"{label}: {target[1]} sets replicas itself, so every upgrade would undo what is scaled"
        if thing["kind"] == "ScaledObject":
            yield from _of_scaled_object(label, spec, there, outside)
        else:
            yield from _bounds(label, spec.get("minReplicas", 1), spec["maxReplicas"])
    for target, count in targets.items():
        if count > 1:
            yield f"{count} scalers want {target[0]} {target[1]}"
    yield from _budgets(objects)


def _bounds(label: str, least: int, most: int) -> Iterator[str]:
    if not 0 <= least <= most or most < 1:
        yield f"{label}: at least {least} and at most {most} replicas"


def _of_scaled_object(
    label: str, spec: Obj, there: dict[tuple[str, str], Obj], outside: Collection[tuple[str, str]]
) -> Iterator[str]:
    most = spec.get("maxReplicaCount", 100)
    yield from _bounds(label, spec.get("minReplicaCount", 0), most)
    if (fallback := spec.get("fallback")) and fallback["replicas"] > most:
        yield f"{label}: falls back to {fallback['replicas']} replicas, more than {most}"
    names = Counter(trigger.get("name") for trigger in spec["triggers"] if trigger.get("name"))
    yield from (f"{label}: {count} triggers are called {name}" for name, count in names.items() if count > 1)
    for trigger in spec["triggers"]:
        for key, value in trigger["metadata"].items():
            if not isinstance(value, str):
                yield f"{label}: {key} of a trigger must be text, not {value!r}"
        if trigger.get("metricType", "AverageValue") == "Utilization" and trigger["type"] not in _NO_FALLBACK:
            yield f"{label}: {trigger['type']} has no utilization"
        if reference := trigger.get("authenticationRef"):
            key = (reference.get("kind", "TriggerAuthentication"), reference["name"])
            if key not in there and key not in outside:
                yield f"{label}: there is no {key[0]} {key[1]}"


def _budgets(objects: Sequence[Obj]) -> Iterator[str]:
    for thing in objects:
        if thing["kind"] == "PodDisruptionBudget":
            bounds = thing["spec"].keys() & {"minAvailable", "maxUnavailable"}
            if len(bounds) != 1:
                yield f"{label_of(thing)}: needs one of minAvailable and maxUnavailable"
            if thing["spec"].get("maxUnavailable") in (0, "0%"):
                yield f"{label_of(thing)}: allows no disruption, so no node can be drained"
