"""KEDA's part, imitated: the HorizontalPodAutoscaler that it makes, the first replica and the last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.scaling.autoscaler import Activation
from tests.support.cluster.scaling.adapter import Metrics, metric_name

__all__ = ["Keda", "horizontal", "polling"]


def horizontal(scaled: Mapping[str, Any]) -> dict[str, Any]:
    """The HorizontalPodAutoscaler that KEDA makes of a ScaledObject."""
    name, spec = scaled["metadata"]["name"], scaled["spec"]
    metrics = [
        {"type": "External", "external": {"metric": {"name": metric_name(index)}, "target": _target(trigger)}}
        for index, trigger in enumerate(spec["triggers"])
    ]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"keda-hpa-{name}"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", **spec["scaleTargetRef"]},
            "minReplicas": max(spec["minReplicaCount"], 1),
            "maxReplicas": spec["maxReplicaCount"],
            "metrics": metrics,
            "behavior": spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
        },
    }


def _target(trigger: Mapping[str, Any]) -> dict[str, str]:
    kind = trigger["metricType"]
    return {"type": kind, "value" if kind == "Value" else "averageValue": trigger["metadata"]["threshold"]}


@dataclass
class Keda:
    """Looks at the triggers each polling interval; `read` and `scale` are the Deployment's replicas."""

    metrics: Metrics
    read: Callable[[], int]
    scale: Callable[[int], None]
    polls: int = 0
    #: When it has changed the replicas, and to what.
    acted: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._activation = Activation(self.metrics.scaling)

    def poll(self) -> None:
        """Look once, and act."""
        values, replicas = self.metrics.values(), self.read()
        wanted = self._activation.poll(time.time(), replicas, values)
        if wanted != replicas:
            self.acted.append((time.time(), wanted))
            self.scale(wanted)
        self.polls += 1


@contextmanager
def polling(keda: Keda) -> Iterator[None]:
    """It looks inside."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(keda.metrics.scaling.polling_s):
            keda.poll()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
