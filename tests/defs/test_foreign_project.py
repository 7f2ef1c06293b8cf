"""docmill in somebody else's Dagster project, by `dg` alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.model_cache import weights

ROOT = Path(__file__).parents[2]
DG = str(Path(sys.executable).with_name("dg"))
COMPONENT = "docmill.pipeline.defs.component.DocmillComponent"
SAMPLE = ROOT / "tests" / "samples" / "financial_statement.pdf"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Their project, with an instance of its own and docmill scaffolded into it."""
    made = tmp_path / "project"
    shutil.copytree(ROOT / "tests" / "support" / "foreign_project", made)
    (tmp_path / "dagster").mkdir()
    shutil.copy(ROOT / "deploy" / "dagster.yaml", tmp_path / "dagster")
    assert "Creating defs at" in dg(made, "scaffold", "defs", COMPONENT, "ingest")
    return made


def environment(project: Path) -> dict[str, str]:
    home = project.parent
    return {
        **os.environ,
        "DAGSTER_HOME": str(home / "dagster"),
        "DOCMILL_HOME": str(home / "docmill"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "PYTHONPATH": str(project / "src"),
        "VIRTUAL_ENV": sys.prefix,
    }


def ran(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=project, env=environment(project), capture_output=True, text=True, check=False
    )


def dg(project: Path, *arguments: str) -> str:
    """What `dg` says, which must be well."""
    done = ran(project, DG, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def configure(project: Path, **attributes: Any) -> None:
    text = yaml.safe_dump({"type": COMPONENT, "attributes": attributes})
    (project / "src" / "theirs" / "defs" / "ingest" / "defs.yaml").write_text(text)


def test_it_converts_beside_things_of_the_same_names(project: Path) -> None:
    home = project.parent
    (home / "in").mkdir()
    shutil.copy(SAMPLE, home / "in" / "a file.pdf")
    configure(
        project,
        resources={
            "store": {"url": str(home / "store")},
            "inbox": {"url": str(home / "in"), "settle_seconds": 0, "max_wait_seconds": 0},
            "exports": {"out": str(home / "out"), "formats": ["md"]},
            "workers": {"count": 1},
        },
    )
    dg(project, "check", "defs")
    listed = json.loads(ran(project, DG, "list", "defs", "--json").stdout)
    assert {"documents", "docmill/documents", "docmill/exports"} <= {
        each["asset_key"] for each in listed["assets"]
    }
    assert {"store", "docmill_store"} <= {each["name"] for each in listed["resources"]}
    assert {"convert_documents", "docmill_convert_documents"} <= {each["name"] for each in listed["jobs"]}

    tick = ran(project, sys.executable, "one_tick.py")
    assert tick.returncode == 0, tick.stderr
    told = json.loads(tick.stdout)
    assert told["executor"] == "their_executor"
    [batch] = told["batches"]
    dg(project, "launch", "--job", "docmill_convert_documents", "--partition", batch)
    assert "# Balance sheet" in (home / "out" / "a file.md").read_text()
    # theirs is as it was
    dg(project, "launch", "--assets", "documents")


def test_a_wrong_setting_is_named(project: Path) -> None:
    configure(project, resources={"store": {"urll": "x"}})
    done = ran(project, DG, "check", "defs")
    assert done.returncode != 0
    assert (
        "docmill's resource 'store': there is no setting urll; did you mean url?" in done.stdout + done.stderr
    )
