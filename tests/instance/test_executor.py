"""Which executor the definitions have: as the environment says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import dagster as dg
import pytest
from dagster_k8s import k8s_job_executor

from docmill.pipeline.convert.errors import MissingExtraError
from docmill.pipeline.instance.executor import Execution


def test_steps_run_in_the_runs_process_unless_it_is_said() -> None:
    assert Execution().definition() is dg.in_process_executor


def test_on_kubernetes_it_is_dagsters_own() -> None:
    assert Execution(executor="k8s").definition() is k8s_job_executor


def config_of(said: dict[str, Any]) -> Any:
    """What runs hand the executor that the settings configure."""

    @dg.job(executor_def=Execution(executor="k8s", k8s=said).definition())
    def job() -> None: ...

    return dg.validate_run_config(job, {})["execution"]["k8s"]


def test_its_configuration_is_that_of_the_settings() -> None:
    pod = {"pod_spec_config": {"priority_class_name": "low"}}
    config = config_of({"max_concurrent": 2, "step_k8s_config": pod})
    assert config["max_concurrent"] == 2
    assert config["step_k8s_config"]["pod_spec_config"] == {"priority_class_name": "low"}
    with pytest.raises(dg.DagsterInvalidConfigError, match="max_concurent"):
        config_of({"max_concurent": 2})


def test_every_job_of_the_definitions_runs_its_steps_with_it() -> None:
    code = (
        "from docmill.pipeline.defs.definitions import defs\n"
        "jobs = defs.resolve_all_job_defs()\n"
        "print(len(jobs), {job.executor_def.name for job in jobs})"
    )
    environment = os.environ | {"DOCMILL_EXECUTOR": "k8s"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    count, _, names = done.stdout.strip().partition(" ")
    assert int(count) > 0 and names == "{'k8s'}"


def test_without_the_extra_it_is_an_error_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dagster_k8s", None)
    with pytest.raises(MissingExtraError, match=r"the executor k8s .* 'docmill\[kubernetes\]'"):
        Execution(executor="k8s").definition()
