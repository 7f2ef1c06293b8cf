"""Scaling as the chart `deploy/helm/serving` has it: of its values, and of a ScaledObject that it renders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.scaling.autoscaler import Fallback, Rules, Scaling, Step, Trigger

__all__ = ["TRIGGERS", "VALUES", "fallback", "of_scaled_object", "of_values"]

VALUES = Path(__file__).parents[2] / "deploy/helm/serving/values.yaml"
#: Triton's triggers by the values that have their thresholds, but for the time in its queues.
TRIGGERS: Mapping[str, str] = {
    "pending-requests": "pendingRequests",
    "batches": "batches",
    "waiting-pages": "waitingPages",
}


def of_values() -> Scaling:
    """Triton's by the chart's values, with the triggers of `TRIGGERS` in their order."""
    given = yaml.safe_load(VALUES.read_text())["autoscaling"]
    server = given["triton"]
    return Scaling(
        triggers=tuple(Trigger(float(server[name])) for name in TRIGGERS.values()),
        most=server["max"],
        least=server["min"],
        polling_s=float(given["pollingSeconds"]),
        cooldown_s=float(given["cooldownSeconds"]),
        up=_rules(given["behavior"]["scaleUp"]),
        down=_rules(given["behavior"]["scaleDown"]),
    )


def of_scaled_object(spec: Mapping[str, Any]) -> Scaling:
    """By a ScaledObject's specification, with all its triggers on Prometheus in their order."""
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    return Scaling(
        triggers=tuple(
            Trigger(
                float(each["metadata"]["threshold"]),
                float(each["metadata"]["activationThreshold"]),
                whole=each["metricType"] == "Value",
            )
            for each in spec["triggers"]
        ),
        most=spec["maxReplicaCount"],
        least=spec["minReplicaCount"],
        polling_s=float(spec["pollingInterval"]),
        cooldown_s=float(spec["cooldownPeriod"]),
        up=_rules(behavior["scaleUp"]),
        down=_rules(behavior["scaleDown"]),
    )


def fallback(spec: Mapping[str, Any]) -> Fallback:
    """What a ScaledObject says of values that cannot be had, for one trigger."""
    given = spec["fallback"]
    higher = given.get("behavior") == "currentReplicasIfHigher"
    return Fallback(given["failureThreshold"], given["replicas"], higher)


def _rules(given: Mapping[str, Any]) -> Rules:
    steps = (Step(each["type"], each["value"], float(each["periodSeconds"])) for each in given["policies"])
    return Rules(float(given["stabilizationWindowSeconds"]), tuple(steps))
