"""Selectors: what is to select pods or services selects some, and a workload its own pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.charts.checks.objects import Obj, Pod, label_of, matches, pods

__all__ = ["check_selectors", "selected"]


def selected(thing: Obj, all_pods: Sequence[Pod]) -> list[Pod]:
    """The pods that a Service selects."""
    selector = thing["spec"].get("selector") or {}
    return [pod for pod in all_pods if selector and matches({"matchLabels": selector}, pod.labels)]


def check_selectors(objects: Sequence[Obj]) -> Iterator[str]:
    """Selectors that select nothing, or not the pods of their own template.

    A peer of a NetworkPolicy may be of another chart: its pods need not be here.
    """
    all_pods = list(pods(objects))
    for pod in all_pods:
        if pod.selects and not matches(pod.owner["spec"]["selector"], pod.labels):
            yield f"{pod.name}: its selector does not take the labels of its own pods"
        for spread in pod.spec.get("topologySpreadConstraints", ()):
            if not matches(spread.get("labelSelector") or {}, pod.labels):
                yield f"{pod.name}: spreads other pods than its own"
    yield from _shared(all_pods)
    for thing in objects:
        match thing["kind"]:
            case "Service" if thing["spec"].get("selector") and not selected(thing, all_pods):
                yield f"{label_of(thing)} selects no pod"
            case "PodDisruptionBudget" if not _any(thing["spec"].get("selector"), all_pods):
                yield f"{label_of(thing)} selects no pod"
            case "NetworkPolicy" if not _any(thing["spec"].get("podSelector"), all_pods):
                yield f"{label_of(thing)} selects no pod"
            case "ServiceMonitor" if not _services(thing, objects):
                yield f"{label_of(thing)} selects no service"
            case "PodMonitor" if not _any(thing["spec"].get("selector"), all_pods):
                yield f"{label_of(thing)} selects no pod"


def _any(selector: Obj | None, all_pods: Sequence[Pod]) -> bool:
    return selector is not None and any(matches(selector, pod.labels) for pod in all_pods)


def _services(monitor: Obj, objects: Sequence[Obj]) -> list[Obj]:
    selector = monitor["spec"]["selector"]
    services = (thing for thing in objects if thing["kind"] == "Service")
    return [each for each in services if matches(selector, each["metadata"].get("labels") or {})]


def _shared(all_pods: Sequence[Pod]) -> Iterator[str]:
    """Two workloads must not take each other's pods for their own."""
    for one in all_pods:
        for other in all_pods:
            if one is not other and one.selects and matches(one.owner["spec"]["selector"], other.labels):
                yield f"{one.name}: its selector takes the pods of {other.name}"
