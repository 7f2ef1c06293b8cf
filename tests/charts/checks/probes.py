"""Probes and the end of pods: what lasts is asked how it is, and has the time to finish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.charts.checks.objects import Obj, Pod, pods

__all__ = ["check_probes"]

_GRACE_S = 30
_KINDS = ("exec", "httpGet", "tcpSocket", "grpc")


def check_probes(objects: Sequence[Obj]) -> Iterator[str]:
    """Containers that nobody asks whether they live, probes that cannot work, and ends that come too soon."""
    for pod in pods(objects):
        for container in pod.containers:
            yield from _of_container(pod, container)


def _of_container(pod: Pod, container: Obj) -> Iterator[str]:
    label = f"{pod.name}: {container['name']}"
    if pod.lasting:
        wanted = ["livenessProbe"] + (["readinessProbe"] if container.get("ports") else [])
        yield from (f"{label} has no {probe}" for probe in wanted if probe not in container)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if asked := container.get(probe):
            yield from _of_probe(f"{label}: {probe}", asked)
    grace = pod.spec.get("terminationGracePeriodSeconds", _GRACE_S)
    pre_stop = (container.get("lifecycle") or {}).get("preStop") or {}
    if (pause := (pre_stop.get("sleep") or {}).get("seconds", 0)) >= grace:
        yield f"{label} is killed after {grace} s, while it sleeps {pause} s before it is told to stop"


def _of_probe(label: str, probe: Obj) -> Iterator[str]:
    if len([kind for kind in _KINDS if kind in probe]) != 1:
        yield f"{label} must ask in one way"
    for key in ("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"):
        if probe.get(key, 1) < 1:
            yield f"{label}: {key} is {probe[key]}"
    if "readiness" not in label and probe.get("successThreshold", 1) != 1:
        yield f"{label}: one success must be enough"
    if probe.get("timeoutSeconds", 1) > probe.get("periodSeconds", 10):
        yield f"{label}: waits longer for an answer than until the next question"
