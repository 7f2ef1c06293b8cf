"""docmill in a cluster: its daemon as a Deployment, and a pod for each run, or for each step.

PostgreSQL and S3 are outside, as they are in clusters that have them as services.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from kubernetes import client

from tests.support.cluster.containers import Image
from tests.support.cluster.machines.pool import POOL, Pool
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.deployment import ROOT, Deployment
from tests.support.postgres import PostgresServer

__all__ = ["IMAGE", "ClusterDeployment", "docmill_image"]

IMAGE = "docmill:test"
_HOME = "/opt/docmill/dagster"
_MODELS = "/opt/docmill/models"
_GATES = "/run/docmill"


def docmill_image() -> Image:
    """What stands for docmill's image: this checkout and its environment."""
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return Image({"PATH": programs, "HOME": "/root", "COLUMNS": "200"}, folder=str(ROOT))


@dataclass
class ClusterDeployment(Deployment):
    """Use as a context manager, inside those of a control plane and its kubelet."""

    kubelet: ProcessKubelet = field(kw_only=True)
    namespace: str = field(kw_only=True)
    #: `k8s`: a pod for each step.
    executor: str = field(kw_only=True, default="in_process")
    postgres_port: int = field(kw_only=True)
    #: What else there is in its namespace.
    others: Sequence[Mapping[str, Any]] = field(kw_only=True, default=())
    #: As in docmill.toml.
    pages_per_pod: int = field(kw_only=True, default=0)
    #: Where runs have their pods; with a pod for each step, where those are.
    pool: Pool | None = field(kw_only=True, default=None)

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.kubelet.plane.api)

    def start_daemon(self) -> None:
        """Everything that docmill has in the cluster, the daemon among it."""
        (self.folder / "docmill.toml").write_text(self._written())
        Objects(self.kubelet.plane).apply([*self._objects(), *self.others], self.namespace)

    def kill_daemon(self) -> None:
        """Its pod's processes, the code server among them; the kubelet starts them again."""
        self.kill_labelled("docmill-daemon")

    def kill_labelled(self, app: str) -> None:
        """The processes of the pods of an app; the kubelet starts them again."""
        for name, labels in self._pods().items():
            if labels.get("app") == app:
                self.kubelet.pod(name, self.namespace).kill()

    def kill_pod(self, run: str, step: str = "") -> None:
        """Of a run, or of one of its steps: all its processes, as when its node runs out of memory."""
        for name in self._pods_of(run, step):
            self.kubelet.pod(name, self.namespace).kill()

    def lose_node(self) -> None:
        """The machine of the pool, with all that runs on it."""
        assert self.pool is not None
        self.pool.lose()

    def drain_pod(self, run: str, step: str = "") -> None:
        """Of a run, or of one of its steps: deleted, as from a node that is to go; it is asked at first."""
        for name in self._pods_of(run, step):
            self.core.delete_namespaced_pod(name, self.namespace)

    def _pods_of(self, run: str, step: str) -> list[str]:
        return [
            name
            for name, labels in self._pods().items()
            if labels.get("dagster/run-id") == run and labels.get("dagster/op", "") == step
        ]

    def jobs(self, component: str) -> list[Any]:
        """The Jobs of the runs (`run_worker`) or of the steps (`step_worker`)."""
        batch = client.BatchV1Api(self.kubelet.plane.api)
        label = f"app.kubernetes.io/component={component}"
        found: list[Any] = batch.list_namespaced_job(self.namespace, label_selector=label).items
        return found

    def _pods(self) -> dict[str, Mapping[str, str]]:
        """The labels of each pod that is not over."""
        return {
            pod.metadata.name: pod.metadata.labels or {}
            for pod in self.core.list_namespaced_pod(self.namespace).items
            if pod.status.phase in ("Pending", "Running")
        }

    def _server(self) -> PostgresServer:
        return PostgresServer(self.postgres_port)

    def _end_processes(self) -> None:
        """Forget the namespace, and wait until its pods are gone."""
        super()._end_processes()
        if self.kubelet.errors:
            self.log.write_text("\n".join(map(repr, self.kubelet.errors[-20:])))
        self.core.delete_namespace(self.namespace)
        deadline = time.monotonic() + 120
        while self.core.list_namespaced_pod(self.namespace).items and time.monotonic() < deadline:
            time.sleep(0.3)

    def _configuration(self) -> str:
        written = yaml.safe_load(super()._configuration())
        written["run_launcher"] = {
            "module": "docmill.pipeline.instance.cluster_launcher",
            "class": "ClusterRunLauncher",
            "config": {
                "service_account_name": "docmill",
                "instance_config_map": "docmill-instance",
                "dagster_home": _HOME,
                "job_namespace": self.namespace,
                "job_image": IMAGE,
                "image_pull_policy": "Never",
                "env_config_maps": ["docmill"],
                "env_secrets": ["docmill"],
                "volumes": self._volumes(),
                "volume_mounts": _mounts(),
            },
        }
        if self.pool and self.executor == "in_process":
            selector = {"node_selector": {POOL: self.pool.name}}
            written["run_launcher"]["config"]["run_k8s_config"] = {"pod_spec_config": selector}
        return str(yaml.safe_dump(written))

    def _written(self) -> str:
        """docmill.toml, for what no variable says."""
        lines = ["[execution]", f"pages_per_pod = {self.pages_per_pod}"]
        if self.pool and self.executor == "k8s":
            lines.append("[execution.k8s.step_k8s_config.pod_spec_config.node_selector]")
            lines.append(f'"{POOL}" = "{self.pool.name}"')
        return "\n".join(lines) + "\n"

    def _volumes(self) -> list[dict[str, Any]]:
        return [
            {"name": "models", "hostPath": {"path": str(self.models)}},
            {"name": "gates", "hostPath": {"path": str(self.folder)}},
        ]

    def _objects(self) -> Sequence[Mapping[str, Any]]:
        variables = {
            "DOCMILL_INBOX": self.environment["DOCMILL_INBOX"],
            "DOCMILL_STORE": self.environment["DOCMILL_STORE"],
            "DOCMILL_OUT": self.environment["DOCMILL_OUT"],
            "DOCMILL_MODELS": _MODELS,
            "DOCMILL_EXECUTOR": self.executor,
            "DOCMILL_SETTINGS": f"{_GATES}/docmill.toml",
            "AWS_ENDPOINT_URL": self.environment["AWS_ENDPOINT_URL"],
            "AWS_DEFAULT_REGION": self.environment["AWS_DEFAULT_REGION"],
            **self.more,
        }
        database = urlsplit(self.environment["DOCMILL_POSTGRES_URL"])
        host = f"docmill@postgres.{self.namespace}.svc:{database.port}"
        secret = {
            "DOCMILL_POSTGRES_URL": database._replace(netloc=host).geturl(),
            "AWS_ACCESS_KEY_ID": self.environment["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": self.environment["AWS_SECRET_ACCESS_KEY"],
        }
        return [
            _object("v1", "Namespace", self.namespace),
            _object("v1", "ConfigMap", "docmill", data=variables),
            _object("v1", "ConfigMap", "docmill-instance", data={"dagster.yaml": self._configuration()}),
            _object(
                *("v1", "Secret", "docmill"),
                data={key: base64.b64encode(value.encode()).decode() for key, value in secret.items()},
            ),
            _object("v1", "Service", "postgres", spec={"type": "ExternalName", "externalName": "localhost"}),
            _object("v1", "ServiceAccount", "docmill"),
            _object("rbac.authorization.k8s.io/v1", "Role", "docmill", rules=_RULES),
            _object(
                *("rbac.authorization.k8s.io/v1", "RoleBinding", "docmill"),
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "docmill"},
                subjects=[{"kind": "ServiceAccount", "name": "docmill", "namespace": self.namespace}],
            ),
            _object("apps/v1", "Deployment", "docmill-daemon", spec=self._daemon()),
        ]

    def _daemon(self) -> dict[str, Any]:
        labels = {"app": "docmill-daemon"}
        instance = {"name": "instance", "mountPath": f"{_HOME}/dagster.yaml", "subPath": "dagster.yaml"}
        container = {
            "name": "daemon",
            "image": IMAGE,
            "imagePullPolicy": "Never",
            "args": ["dagster-daemon", "run", "-m", self.definitions],
            "env": [{"name": "DAGSTER_HOME", "value": _HOME}],
            "envFrom": [{"configMapRef": {"name": "docmill"}}, {"secretRef": {"name": "docmill"}}],
            "volumeMounts": [instance, *_mounts()],
        }
        pod = {
            "serviceAccountName": "docmill",
            "containers": [container],
            "volumes": [
                {"name": "instance", "configMap": {"name": "docmill-instance"}},
                *self._volumes(),
            ],
        }
        return {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }


#: What Dagster's launcher and executor do, and no more.
_RULES = [
    {"apiGroups": ["batch"], "resources": ["jobs", "jobs/status"], "verbs": ["*"]},
    {
        "apiGroups": [""],
        "resources": ["pods", "pods/log", "pods/status", "events"],
        "verbs": ["get", "list", "watch"],
    },
]


def _mounts() -> list[dict[str, Any]]:
    return [
        {"name": "models", "mountPath": _MODELS, "readOnly": True},
        {"name": "gates", "mountPath": _GATES},
    ]


def _object(version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}
