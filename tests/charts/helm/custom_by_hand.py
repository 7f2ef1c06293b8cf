"""Schemas of custom resources whose types nobody publishes for Python: KubeRay's RayService, of ray.io/v1.

By KubeRay's API reference, https://ray-project.github.io/kuberay/reference/api/, 1.4 and newer: its fields,
no others. Pod templates are Kubernetes' own: `pod_templates` has them for its schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["BY_HAND", "pod_templates"]

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
#: Of Kubernetes, or not made by a chart of ours.
_ANY: Schema = {"type": "object"}
_LIST: Schema = {"type": "array", "items": _ANY}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": list(required),
    }


#: `ray start` gets them as options without looking at them: unknown ones end it.
_START_OPTIONS = (
    *("block", "dashboard-agent-listen-port", "dashboard-host", "dashboard-port", "disable-usage-stats"),
    *("include-dashboard", "labels", "max-worker-port", "memory", "metrics-export-port", "min-worker-port"),
    *("no-monitor", "node-ip-address", "num-cpus", "num-gpus", "object-manager-port", "object-store-memory"),
    *(
        "plasma-directory",
        "port",
        "ray-client-server-port",
        "resources",
        "runtime-env-agent-port",
        "temp-dir",
    ),
)
_START: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(_START_OPTIONS, _TEXT),
}
_TEMPLATE: Schema = {"type": "object", "properties": {"spec": _ANY}, "required": ["spec"]}
_HEAD = _object(
    {
        "rayStartParams": _START,
        "template": _TEMPLATE,
        "headService": _ANY,
        "enableIngress": _FLAG,
        "serviceType": _TEXT,
        "resources": _TEXTS,
        "labels": _TEXTS,
    },
    "template",
)
_WORKERS = _object(
    {
        "groupName": {"type": "string", "minLength": 1},
        "replicas": _COUNT,
        "minReplicas": _COUNT,
        "maxReplicas": _COUNT,
        "idleTimeoutSeconds": _COUNT,
        "numOfHosts": _COUNT,
        "suspend": _FLAG,
        "rayStartParams": _START,
        "template": _TEMPLATE,
        "scaleStrategy": _ANY,
        "resources": _TEXTS,
        "labels": _TEXTS,
    },
    *("groupName", "template", "minReplicas", "maxReplicas"),
)
_AUTOSCALER = _object(
    {
        "resources": _ANY,
        "image": _TEXT,
        "imagePullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
        "securityContext": _ANY,
        "idleTimeoutSeconds": _COUNT,
        "upscalingMode": {"enum": ["Default", "Aggressive", "Conservative"]},
        "version": {"enum": ["v1", "v2"]},
        "env": _LIST,
        "envFrom": _LIST,
        "volumeMounts": _LIST,
    }
)
_CLUSTER = _object(
    {
        "rayVersion": _TEXT,
        "enableInTreeAutoscaling": _FLAG,
        "autoscalerOptions": _AUTOSCALER,
        "gcsFaultToleranceOptions": _ANY,
        "authOptions": _object({"mode": {"enum": ["disabled", "token"]}}),
        "headServiceAnnotations": _TEXTS,
        "managedBy": _TEXT,
        "suspend": _FLAG,
        "headGroupSpec": _HEAD,
        "workerGroupSpecs": {"type": "array", "items": _WORKERS},
    },
    "headGroupSpec",
)
_SPEC = _object(
    {
        "serveConfigV2": {"type": "string", "minLength": 1},
        "rayClusterConfig": _CLUSTER,
        "upgradeStrategy": _object({"type": {"enum": ["NewCluster", "None"]}}),
        "serveService": _ANY,
        "excludeHeadPodFromServeSvc": _FLAG,
        "rayClusterDeletionDelaySeconds": _COUNT,
        "serviceUnhealthySecondThreshold": _COUNT,
        "deploymentUnhealthySecondThreshold": _COUNT,
    },
    *("serveConfigV2", "rayClusterConfig"),
)
#: By `apiVersion/kind`.
BY_HAND: Mapping[str, Schema] = {
    "ray.io/v1/RayService": _object(
        {
            "apiVersion": {"const": "ray.io/v1"},
            "kind": {"const": "RayService"},
            # its clusters are called after it with six characters more, and their services with ten
            "metadata": _object(
                {"name": {"type": "string", "maxLength": 47}, "labels": _TEXTS, "annotations": _TEXTS}, "name"
            ),
            "spec": _SPEC,
        },
        *("apiVersion", "kind", "metadata", "spec"),
    )
}


def pod_templates(thing: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod templates of a RayService, each as an object of Kubernetes' own; of other things none."""
    if thing.get("kind") != "RayService":
        return
    cluster, name = thing["spec"]["rayClusterConfig"], thing["metadata"]["name"]
    for group in (cluster["headGroupSpec"], *cluster.get("workerGroupSpecs", ())):
        named = {"name": f"{name}-{group.get('groupName', 'head')}"}
        yield {"apiVersion": "v1", "kind": "PodTemplate", "metadata": named, "template": group["template"]}
