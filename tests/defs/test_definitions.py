"""The Dagster definitions, against a snapshot: `python -m tests.defs.test_definitions` writes it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg

from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.stages.registry import STAGES

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).parent / "snapshots" / "definitions.json"


def described() -> dict[str, Any]:
    """What users see of the definitions."""
    graph = defs.resolve_asset_graph()
    assets = {}
    for node in graph.asset_nodes:
        partitions = node.partitions_def
        assets[node.key.to_user_string()] = {
            "deps": sorted(key.to_user_string() for key in node.parent_keys),
            "group": node.group_name,
            "kinds": sorted(node.kinds),
            "partitions": partitions.name
            if isinstance(partitions, dg.DynamicPartitionsDefinition)
            else str(partitions),
        }
    jobs = {
        job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
        for job in defs.resolve_all_job_defs()
        if not job.name.startswith("__")
    }
    return {
        "assets": dict(sorted(assets.items())),
        "jobs": jobs,
        "resources": sorted(defs.resources or {}),
        "executor": defs.executor.name if isinstance(defs.executor, dg.ExecutorDefinition) else None,
        "schedules": sorted(schedule.name for schedule in defs.schedules or ()),
        "sensors": sorted(sensor.name for sensor in defs.sensors or ()),
        "checks": sorted(key.to_user_string() for key in graph.asset_check_keys),
    }


def test_the_definitions_are_as_they_were() -> None:
    """A change here is seen by users: look at it, then run `python -m tests.defs.test_definitions`."""
    assert described() == json.loads(SNAPSHOT.read_text("utf-8"))


def test_every_stage_is_an_asset_that_needs_what_the_stage_needs() -> None:
    assets = described()["assets"]
    for stage in STAGES:
        assert set(stage.needs) <= set(assets[stage.name]["deps"]), stage.name


def test_to_load_them_makes_no_instance() -> None:
    """Every run does; an instance's database is half a second of imports."""
    loaded = "import sys, docmill.pipeline.defs.definitions; print('sqlalchemy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_dagster_validates_the_workspace(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path), "DOCMILL_HOME": str(tmp_path)},
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "All code locations passed validation" in run.stdout + run.stderr


def test_dg_lists_the_definitions(tmp_path: Path) -> None:
    """`dg` finds them by `[tool.dg]` in pyproject.toml; telemetry is off in the shipped settings."""
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "deploy" / "dagster.yaml").read_bytes())
    run = subprocess.run(
        [str(Path(sys.executable).with_name("dg")), "list", "defs", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "DAGSTER_HOME": str(tmp_path),
            "DOCMILL_HOME": str(tmp_path),
            "VIRTUAL_ENV": sys.prefix,
        },
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert {each["asset_key"] for each in found["assets"]} == set(described()["assets"])
    assert {each["name"] for each in found["jobs"]} == set(described()["jobs"])
    assert not (tmp_path / ".telemetry").exists()


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(described(), indent=2) + "\n", "utf-8")
