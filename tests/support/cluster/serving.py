"""Servers in a cluster: Deployments of Triton, which asks for a GPU, and of vLLM, with their Services."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.serving import ROOT, home
from tests.support.cluster.containers import Image

__all__ = ["SERVED", "SERVER_IMAGE", "server_image", "triton_objects", "vllm_objects"]

SERVER_IMAGE = "servers:test"
#: The settings with which docmill uses its embedded models from there.
SERVED: Mapping[str, str] = {
    "DOCMILL_LAYOUT_BACKEND": '{triton = {contract = "cdla"}}',
    "DOCMILL_TABLES_BACKEND": '{triton = {contract = "slanet"}}',
}
_MODELS = "/opt/docmill/repository"


def server_image() -> Image:
    """What stands for the servers' images: docmill's local servers, on CPUs, from docmill's home."""
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    given = {"PATH": programs, "HOME": "/root", "DOCMILL_HOME": str(home().folder.parent)}
    return Image(given, folder=str(ROOT))


def triton_objects(repository: Path, http: int, grpc: int, metrics: int) -> list[dict[str, Any]]:
    """The objects; the ports are the pod's, which shares the machine's network. The Service has Triton's."""
    ports = {"--http-port": http, "--grpc-port": grpc, "--metrics-port": metrics}
    container = {
        "name": "triton",
        "image": SERVER_IMAGE,
        "imagePullPolicy": "Never",
        "args": [
            *("docmill", "triton", "serve", "--repository", _MODELS, "--models", "layout_cdla,slanet_plus"),
            *(part for option, port in ports.items() for part in (option, str(port))),
            *("--threads", "1"),
        ],
        "ports": [{"name": "grpc", "containerPort": grpc}],
        "readinessProbe": {"httpGet": {"port": http, "path": "/v2/health/ready"}},
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
        "volumeMounts": [{"name": "models", "mountPath": _MODELS}],
    }
    volumes = [{"name": "models", "hostPath": {"path": str(repository)}}]
    return _served("triton", 8001, "grpc", container, volumes)


def vllm_objects(port: int) -> list[dict[str, Any]]:
    """The same for vLLM with its tiny model, on CPUs."""
    container = {
        "name": "vllm",
        "image": SERVER_IMAGE,
        "imagePullPolicy": "Never",
        "args": ["docmill", "vllm", "serve", "--port", str(port), "--start-limit", "900"],
        "ports": [{"name": "http", "containerPort": port}],
        "readinessProbe": {"httpGet": {"port": port, "path": "/health"}, "timeoutSeconds": 5},
    }
    return _served("vllm", 8000, "http", container, [])


def _served(
    name: str, port: int, target: str, container: dict[str, Any], volumes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": volumes}}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"name": target, "port": port, "targetPort": target}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        },
    ]
