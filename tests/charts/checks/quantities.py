"""Quantities of resources: they parse, and no request is above its limit.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.charts.checks.objects import Obj, Pod, label_of, pods

__all__ = ["check_quantities", "quantity"]

_FORM = re.compile(
    r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:([eE][+-]?\d+)|(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|n|u))?"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
#: What a node counts in whole pieces, and requests exactly as it limits.
_NATIVE = ("cpu", "memory", "ephemeral-storage", "hugepages-")


def quantity(text: object) -> Decimal:
    """The number that a quantity stands for. Raises `ValueError` for what is none."""
    found = _FORM.fullmatch(str(text))
    if not found or isinstance(text, bool):
        raise ValueError(f"{text!r} is no quantity")
    number, exponent, suffix = found.groups()
    value = Decimal(number + (exponent or ""))
    if suffix in _BINARY:
        return value * Decimal(2) ** _BINARY[suffix]
    return value.scaleb(_DECIMAL[suffix]) if suffix else value


def check_quantities(objects: Sequence[Obj]) -> Iterator[str]:
    """Quantities that do not parse or cannot be had."""
    for pod in pods(objects):
        yield from _of_pod(pod)
    for thing in objects:
        if thing["kind"] == "PersistentVolumeClaim":
            size = thing["spec"]["resources"]["requests"].get("storage")
            yield from _parsed(label_of(thing), {"storage": size})


def _parsed(label: str, values: Obj) -> Iterator[str]:
    for name, text in values.items():
        try:
            value = quantity(text)
        except ValueError as error:
            yield f"{label}: {name}: {error}"
            continue
        if value < 0:
            yield f"{label}: {name} is negative: {text}"
        if name == "memory" and value != value.to_integral_value():
            yield f"{label}: {name} is a part of a byte: {text}"


def _of_pod(pod: Pod) -> Iterator[str]:
    for volume in pod.spec.get("volumes", ()):
        if size := (volume.get("emptyDir") or {}).get("sizeLimit"):
            yield from _parsed(pod.name, {f"volume {volume['name']}": size})
    for container in pod.all_containers:
        label = f"{pod.name}: {container['name']}"
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        wrong = [*_parsed(label, requests), *_parsed(label, limits)]
        yield from wrong
        if wrong:
            continue
        for name, request in requests.items():
            if name in limits and quantity(request) > quantity(limits[name]):
                yield f"{label}: requests more {name} than its limit: {request} of {limits[name]}"
        for name in {*requests, *limits}:
            if not name.startswith(_NATIVE):
                yield from _device(label, name, requests.get(name), limits.get(name))


def _device(label: str, name: str, request: object, limit: object) -> Iterator[str]:
    if "/" not in name:
        yield f"{label}: there is no resource {name}"
    elif limit is None:
        yield f"{label}: {name} needs a limit: a device is not shared out by requests"
    elif request is not None and quantity(request) != quantity(limit):
        yield f"{label}: request and limit of {name} must be the same"
    elif quantity(limit) % 1:
        yield f"{label}: {name} comes in whole pieces"
