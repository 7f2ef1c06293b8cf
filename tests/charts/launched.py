"""The pods that Dagster makes of a rendered instance: those of runs, and of steps with the executor k8s.

Dagster makes them of the `dagster.yaml` in the chart's ConfigMap. The cluster and the database that
it names are not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job, get_user_defined_k8s_config
from kubernetes.client import ApiClient

from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.resources import default_resources
from docmill.pipeline.stages.registry import STAGES
from docmill.resources.settings.workers import Workers
from tests.charts.checks.objects import Obj

__all__ = ["instance_of", "launched", "run_job", "step_job"]

_IMAGE = "docmill:told-by-the-code-server"
#: The client of Kubernetes is made, and never asks.
_KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "http://192.0.2.1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {}}],
    "current-context": "none",
}


@contextmanager
def instance_of(settings: Mapping[str, Any], folder: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of a `dagster.yaml`, on SQLite in `folder`."""
    here = json.loads(json.dumps(settings))
    del here["storage"]
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_KUBECONFIG))
    here["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
    (folder / "dagster.yaml").write_text(yaml.safe_dump(here))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def run_job(launcher: K8sRunLauncher) -> Obj:
    """The Job of a run."""
    return _job(_of_launcher(launcher), launcher, "run_worker", ["dagster", "api", "execute_run", "{}"])


def step_job(launcher: K8sRunLauncher, executor: Mapping[str, Any], stage: str, workers: Workers) -> Obj:
    """The Job of a stage's step, as `k8s_job_executor` with this configuration joins what it is told."""
    assets = {
        each.key.path[-1]: each for each in stage_assets(STAGES, default_resources() | {"workers": workers})
    }
    tags = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in assets[stage].op.tags.items()
    }
    said = {"dagster-k8s/config": json.dumps(executor.get("step_k8s_config", {}))}
    context = (
        _of_launcher(launcher)
        .merge(K8sContainerContext(run_k8s_config=get_user_defined_k8s_config(said)))
        .merge(K8sContainerContext(run_k8s_config=get_user_defined_k8s_config(tags)))
    )
    return _job(context, launcher, "step_worker", ["dagster", "api", "execute_step", "{}"])


def launched(objects: tuple[dict[str, Any], ...], folder: Path) -> list[dict[str, Any]]:
    """The Jobs that a chart's instance makes: none where the objects have no instance."""
    made: list[dict[str, Any]] = []
    for thing in objects:
        text = (thing.get("data") or {}).get("dagster.yaml") if thing["kind"] == "ConfigMap" else None
        if text:
            with instance_of(yaml.safe_load(text), folder) as instance:
                launcher = instance.run_launcher
                assert isinstance(launcher, K8sRunLauncher)
                made.append(dict(run_job(launcher)))
                made.append(dict(step_job(launcher, {}, "layout", Workers())))
    return made


def _of_launcher(launcher: K8sRunLauncher) -> K8sContainerContext:
    run = dg.DagsterRun(job_name="docmill", run_id="00000000-0000-0000-0000-000000000000")
    return K8sContainerContext.create_for_run(run, launcher, include_run_tags=False)


def _job(context: K8sContainerContext, launcher: K8sRunLauncher, component: str, args: list[str]) -> Obj:
    job = construct_dagster_k8s_job(
        job_config=context.get_k8s_job_config(_IMAGE, launcher),
        args=args,
        job_name=f"dagster-{component.replace('_', '-')}",
        component=component,
        user_defined_k8s_config=context.run_k8s_config,
    )
    made: Obj = ApiClient().sanitize_for_serialization(job)
    return made
