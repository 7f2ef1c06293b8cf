"""What checks need of rendered objects: their names, pods and containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Obj", "Pod", "label_of", "matches", "named", "pods"]

Obj = Mapping[str, Any]

#: Kinds whose pods are there to stay, and so are probed.
_LASTING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_WITH_PODS = _LASTING | {"Job", "ReplicaSet"}
#: KubeRay's; it finds its pods by labels of its own.
_RAY = "RayService"


@dataclass(frozen=True)
class Pod:
    """The pods of an object, by their template."""

    owner: Obj
    labels: Mapping[str, str]
    spec: Obj

    @property
    def name(self) -> str:
        """Kind and name of the object."""
        return label_of(self.owner)

    @property
    def lasting(self) -> bool:
        """Whether they are there to stay."""
        return self.selects or self.owner["kind"] == _RAY

    @property
    def selects(self) -> bool:
        """Whether the object finds them by a selector of its own."""
        return self.owner["kind"] in _LASTING

    @property
    def containers(self) -> Sequence[Obj]:
        """Those that work."""
        return tuple(self.spec.get("containers", ()))

    @property
    def all_containers(self) -> Sequence[Obj]:
        """Those that prepare, too."""
        return (*self.spec.get("initContainers", ()), *self.containers)


def label_of(thing: Obj) -> str:
    """`Kind/name`, for messages."""
    return f"{thing['kind']}/{thing['metadata'].get('name', '?')}"


def pods(objects: Iterable[Obj]) -> Iterator[Pod]:
    """The pods that these objects make."""
    for thing in objects:
        spec = thing.get("spec") or {}
        if thing["kind"] == "Pod":
            yield Pod(thing, thing["metadata"].get("labels") or {}, spec)
        elif thing["kind"] in _WITH_PODS:
            yield _pod(thing, spec["template"])
        elif thing["kind"] == _RAY:
            cluster = spec["rayClusterConfig"]
            groups = (cluster["headGroupSpec"], *cluster.get("workerGroupSpecs", ()))
            yield from (_pod(thing, group["template"]) for group in groups)
        elif thing["kind"] == "CronJob":
            yield _pod(thing, spec["jobTemplate"]["spec"]["template"])


def _pod(owner: Obj, template: Obj) -> Pod:
    return Pod(owner, (template.get("metadata") or {}).get("labels") or {}, template["spec"])


def named(objects: Iterable[Obj], kind: str) -> dict[str, Obj]:
    """The objects of a kind by their names."""
    return {thing["metadata"]["name"]: thing for thing in objects if thing["kind"] == kind}


def matches(selector: Obj, labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all."""
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", ())
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"no operator of selectors: {expression['operator']}")
