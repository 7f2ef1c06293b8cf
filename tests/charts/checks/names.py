"""Names, labels and duplicates: what the API server refuses and no schema says.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.charts.checks.objects import Obj, label_of, pods

__all__ = ["check_names"]

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PORT = re.compile(r"(?=[a-z0-9-]{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_RBAC = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})
#: Their pods are called after them with up to 11 characters more, and their names become labels of pods.
_LIMITS = {"Deployment": 46, "StatefulSet": 52, "CronJob": 52, "Job": 63, "ScaledObject": 54}


def check_names(objects: Sequence[Obj]) -> Iterator[str]:
    """Names and labels that are malformed or too long, and objects that are there twice."""
    for thing in objects:
        yield from _of_object(thing)
    for key, count in Counter(map(_identity, objects)).items():
        if count > 1:
            yield f"{key[1]}/{key[3]} is there {count} times"
    for pod in pods(objects):
        yield from _labels(pod.name, pod.labels)
        names = [each["name"] for each in pod.all_containers]
        names += [each["name"] for each in pod.spec.get("volumes", ())]
        yield from (f"{pod.name}: {name!r} is no name" for name in names if not _LABEL.fullmatch(name))
        yield from _ports_and_variables(pod.name, pod.all_containers)


def _of_object(thing: Obj) -> Iterator[str]:
    label, meta = label_of(thing), thing["metadata"]
    name = meta.get("name", "")
    if thing["kind"] not in _RBAC:
        form = _SERVICE if thing["kind"] == "Service" else _SUBDOMAIN
        if not form.fullmatch(name) or len(name) > 253:
            yield f"{label}: {name!r} is no name of a {thing['kind']}"
        if len(name) > _LIMITS.get(thing["kind"], 253):
            yield f"{label}: {len(name)} characters are more than {_LIMITS[thing['kind']]}"
    yield from _labels(label, meta.get("labels") or {})
    for key, value in (meta.get("annotations") or {}).items():
        yield from _key(label, key)
        if not isinstance(value, str):
            yield f"{label}: annotation {key} is no text: {value!r}"
    if thing["kind"] in ("ConfigMap", "Secret"):
        for key in {**(thing.get("data") or {}), **(thing.get("stringData") or {})}:
            if not _DATA_KEY.fullmatch(key):
                yield f"{label}: {key!r} is no key"


def _labels(label: str, labels: Obj) -> Iterator[str]:
    for key, value in labels.items():
        yield from _key(label, key)
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            yield f"{label}: label {key} cannot be {value!r}"


def _key(label: str, key: str) -> Iterator[str]:
    prefix, slash, name = key.rpartition("/")
    if (
        not name
        or not _VALUE.fullmatch(name)
        or (slash and (not _SUBDOMAIN.fullmatch(prefix) or len(prefix) > 253))
    ):
        yield f"{label}: {key!r} is no key of labels and annotations"


def _ports_and_variables(label: str, containers: Sequence[Obj]) -> Iterator[str]:
    for container in containers:
        for port in container.get("ports", ()):
            if "name" in port and not _PORT.fullmatch(port["name"]):
                yield f"{label}: {port['name']!r} is no name of a port"
        names = [each["name"] for each in container.get("env", ())]
        yield from (f"{label}: {name!r} is no variable" for name in names if not _VARIABLE.fullmatch(name))
        twice = [name for name, count in Counter(names).items() if count > 1]
        yield from (f"{label}: variable {name} is there twice" for name in twice)


def _identity(thing: Obj) -> tuple[str, str, str, str]:
    meta = thing["metadata"]
    group = thing["apiVersion"].rpartition("/")[0]
    return group, thing["kind"], meta.get("namespace", ""), meta.get("name", "")
