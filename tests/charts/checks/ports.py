"""Ports: in range, unique, and named ones known where they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.charts.checks.objects import Obj, Pod, label_of, matches, pods
from tests.charts.checks.selectors import selected

__all__ = ["check_ports"]

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def check_ports(objects: Sequence[Obj]) -> Iterator[str]:
    """Numbers that are no ports, and references to ports that nobody has."""
    all_pods = list(pods(objects))
    for pod in all_pods:
        yield from _of_pod(pod)
    for thing in objects:
        match thing["kind"]:
            case "Service":
                yield from _of_service(thing, all_pods)
            case "NetworkPolicy":
                yield from _of_policy(thing, all_pods)
            case "ServiceMonitor":
                yield from _of_monitor(thing, objects)


def _valid(port: object) -> bool:
    return isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535


def _names(pod: Pod) -> set[str]:
    return {port["name"] for each in pod.all_containers for port in each.get("ports", ()) if "name" in port}


def _numbers(pod: Pod) -> set[int]:
    return {port["containerPort"] for each in pod.all_containers for port in each.get("ports", ())}


def _known(port: object, pod: Pod) -> bool:
    return port in (_names(pod) if isinstance(port, str) else _numbers(pod))


def _of_pod(pod: Pod) -> Iterator[str]:
    ports = [port for each in pod.containers for port in each.get("ports", ())]
    for port in ports:
        if not _valid(port["containerPort"]):
            yield f"{pod.name}: {port['containerPort']!r} is no port"
    for name, count in Counter(port["name"] for port in ports if "name" in port).items():
        if count > 1:
            yield f"{pod.name}: {count} ports are called {name}"
    for number, count in Counter(
        (port["containerPort"], port.get("protocol", "TCP")) for port in ports
    ).items():
        if count > 1:
            yield f"{pod.name}: port {number[0]} is there {count} times"
    for container in pod.containers:
        own = Pod(pod.owner, pod.labels, {"containers": [container]})
        handlers = [container.get(probe) or {} for probe in _PROBES]
        handlers += [(container.get("lifecycle") or {}).get(hook) or {} for hook in ("postStart", "preStop")]
        for handler in handlers:
            asked = (handler.get("httpGet") or handler.get("tcpSocket") or handler.get("grpc") or {}).get(
                "port"
            )
            if asked is not None and not _known(asked, own):
                yield f"{pod.name}: {container['name']} is probed at port {asked!r}, which it does not have"


def _of_service(service: Obj, all_pods: Sequence[Pod]) -> Iterator[str]:
    label = label_of(service)
    ports = service["spec"].get("ports", ())
    if len(ports) > 1 and not all(port.get("name") for port in ports):
        yield f"{label}: several ports, and not all have names"
    for key, count in Counter(port.get("name") for port in ports).items():
        if count > 1:
            yield f"{label}: {count} ports are called {key}"
    for port in ports:
        if not _valid(port["port"]):
            yield f"{label}: {port['port']!r} is no port"
        target = port.get("targetPort", port["port"])
        if not isinstance(target, str) and not _valid(target):
            yield f"{label}: {target!r} is no port"
        for pod in selected(service, all_pods):
            if not _known(target, pod):
                yield f"{label}: {pod.name} has no port {target!r}"


def _of_policy(policy: Obj, all_pods: Sequence[Pod]) -> Iterator[str]:
    label, spec = label_of(policy), policy["spec"]
    targets = [pod for pod in all_pods if matches(spec.get("podSelector") or {}, pod.labels)]
    for rule in spec.get("ingress") or ():
        for port in rule.get("ports", ()):
            asked = port.get("port")
            if not isinstance(asked, str) and asked is not None and not _valid(asked):
                yield f"{label}: {asked!r} is no port"
            if asked is not None and not any(_known(asked, pod) for pod in targets):
                yield f"{label}: no pod that it protects has port {asked!r}"
    for rule in spec.get("egress") or ():
        for port in rule.get("ports", ()):
            asked = port.get("port")
            if asked is not None and not isinstance(asked, str) and not _valid(asked):
                yield f"{label}: {asked!r} is no port"


def _of_monitor(monitor: Obj, objects: Sequence[Obj]) -> Iterator[str]:
    selector = monitor["spec"]["selector"]
    services = [
        thing
        for thing in objects
        if thing["kind"] == "Service" and matches(selector, thing["metadata"].get("labels") or {})
    ]
    for endpoint in monitor["spec"]["endpoints"]:
        asked = endpoint.get("port")
        if asked is None:
            yield f"{label_of(monitor)}: an endpoint names no port of a service"
        for service in services:
            if asked not in {port.get("name") for port in service["spec"]["ports"]}:
                yield f"{label_of(monitor)}: {label_of(service)} has no port {asked!r}"
