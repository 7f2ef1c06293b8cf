"""References of pods: what they read and mount is there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tests.charts.checks.objects import Obj, Pod, label_of, named, pods

__all__ = ["check_references"]

_VARIABLE = re.compile(r"(?<!\$)\$\(([^)]+)\)")


def check_references(objects: Sequence[Obj], outside: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """ConfigMaps, Secrets, claims, accounts, volumes and variables that are referred to and not there.

    `outside` are kinds and names of objects that somebody else makes, such as ("Secret", "database").
    """
    there = {(thing["kind"], thing["metadata"]["name"]): thing for thing in objects}
    for pod in pods(objects):
        for kind, name, key in _references(pod):
            if (kind, name) in outside:
                continue
            if (kind, name) not in there:
                yield f"{pod.name}: there is no {kind} {name}"
            elif key is not None and key not in _keys(there[kind, name]):
                yield f"{pod.name}: {kind}/{name} has no key {key}"
        yield from _mounts(pod)
        yield from _variables(pod)
    yield from _bindings(objects, there, outside)


def _keys(thing: Obj) -> set[str]:
    return {*(thing.get("data") or {}), *(thing.get("stringData") or {}), *(thing.get("binaryData") or {})}


def _references(pod: Pod) -> Iterator[tuple[str, str, str | None]]:
    if account := pod.spec.get("serviceAccountName"):
        yield "ServiceAccount", account, None
    for each in pod.spec.get("imagePullSecrets", ()):
        yield "Secret", each["name"], None
    for volume in pod.spec.get("volumes", ()):
        for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            yield from _of_volume(source)
    for container in pod.all_containers:
        for source in container.get("envFrom", ()):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if (found := source.get(field)) and not found.get("optional"):
                    yield kind, found["name"], None
        for variable in container.get("env", ()):
            value = variable.get("valueFrom") or {}
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                if (found := value.get(field)) and not found.get("optional"):
                    yield kind, found["name"], found["key"]


def _of_volume(source: Obj) -> Iterator[tuple[str, str, str | None]]:
    if found := source.get("persistentVolumeClaim"):
        yield "PersistentVolumeClaim", found["claimName"], None
    for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        if (found := source.get(field)) and not found.get("optional"):
            name = found.get(key) or found["name"]
            yield from ((kind, name, item["key"]) for item in found.get("items") or ())
            yield kind, name, None


def _mounts(pod: Pod) -> Iterator[str]:
    volumes = {volume["name"] for volume in pod.spec.get("volumes", ())}
    volumes |= {
        claim["metadata"]["name"] for claim in (pod.owner.get("spec") or {}).get("volumeClaimTemplates", ())
    }
    used = set()
    for container in pod.all_containers:
        paths = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
        yield from (
            f"{pod.name}: {container['name']} mounts {path} twice"
            for path in set(paths)
            if paths.count(path) > 1
        )
        for mount in container.get("volumeMounts", ()):
            used.add(mount["name"])
            if mount["name"] not in volumes:
                yield f"{pod.name}: {container['name']} mounts {mount['name']}, which is no volume"
    yield from (f"{pod.name}: nobody mounts {name}" for name in sorted(volumes - used))


def _variables(pod: Pod) -> Iterator[str]:
    for container in pod.all_containers:
        known: set[str] = set()
        for variable in container.get("env", ()):
            yield from _unknown(pod, container, known, variable.get("value") or "")
            known.add(variable["name"])
        if "envFrom" not in container:
            for text in (*container.get("command", ()), *container.get("args", ())):
                yield from _unknown(pod, container, known, text)


def _unknown(pod: Pod, container: Obj, known: set[str], text: str) -> Iterator[str]:
    for name in _VARIABLE.findall(text):
        if name not in known:
            yield f"{pod.name}: {container['name']} uses $({name}), which is not set before"


def _bindings(
    objects: Sequence[Obj], there: dict[tuple[str, str], Any], outside: Collection[tuple[str, str]]
) -> Iterator[str]:
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for binding in named(objects, kind).values():
            asked = [(binding["roleRef"]["kind"], binding["roleRef"]["name"])]
            asked += [(each["kind"], each["name"]) for each in binding.get("subjects", ())]
            for key in asked:
                if key not in there and key not in outside:
                    yield f"{label_of(binding)}: there is no {key[0]} {key[1]}"
