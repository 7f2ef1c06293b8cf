"""The images' Dockerfiles: linted, on locked packages, with a last stage that runs without rights."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.image.dockerfile import Copy, Run, StrangeInstructionError, put_files, stages_of

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILES = (DEPLOY / "Dockerfile", DEPLOY / "triton" / "Dockerfile", DEPLOY / "ray" / "Dockerfile")
STAGES = stages_of(DOCKERFILES[0], {})
TRITON = stages_of(DOCKERFILES[1], {"TRITON": "nvidia/tritonserver"})["nvidia/tritonserver"]
RAY = stages_of(DOCKERFILES[2], {})


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", DOCKERFILES, ids=str)
def test_the_linter_has_nothing_to_say(file: Path) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_locked_versions() -> None:
    main, image = versions(ROOT / "requirements.lock"), versions(DEPLOY / "image" / "requirements.lock")
    assert image and image.items() <= main.items(), "make lock"
    assert {"dagster-k8s", "dagster-postgres", "dagster-webserver", "transformers"} <= image.keys()
    assert not {"pytest", "mypy", "moto", "ruff"} & image.keys()


def test_every_package_is_checked_by_its_hash() -> None:
    every = (*STAGES.values(), TRITON, *RAY.values())
    commands = [step.command for stage in every for step in stage.steps if isinstance(step, Run)]
    installs = [each for each in commands if re.search(r"pip (install|sync)", each)]
    assert len(installs) == 6
    for each in installs:
        assert "--require-hashes" in each or "--no-index" in each, each


def test_the_last_stage_runs_without_rights_and_builds_nothing() -> None:
    last = list(STAGES.values())[-1]
    assert (last.user, TRITON.user) == ("10001:10001", "10001:10001")
    assert (last.healthcheck, last.entrypoint) == ("NONE", ())
    assert all(step.stage == "build" for step in last.steps if isinstance(step, Copy))
    assert last.base == "python"
    packages = " ".join(step.command for step in STAGES["python"].steps if isinstance(step, Run))
    assert "ca-certificates python3 " in packages and "pip" not in packages
    assert {"version", "revision", "source", "licenses"} <= {key.rpartition(".")[2] for key in last.labels}


def test_rays_image_runs_without_rights_and_lets_in_what_it_copies() -> None:
    last = RAY["ray"]
    assert (last.user, last.healthcheck, last.entrypoint) == ("10001:10001", "NONE", ())
    # KubeRay starts Ray by it
    assert last.shell[0] == "/bin/bash" and last.environment["PATH"].startswith("/opt/ray/bin:")
    admitted = (DEPLOY / "ray" / "Dockerfile.dockerignore").read_text()
    copies = [
        step for stage in RAY.values() for step in stage.steps if isinstance(step, Copy) and not step.stage
    ]
    for source in (source for copy in copies for source in copy.sources):
        assert (ROOT / source).exists()
        assert f"\n!{source}\n" in admitted


def test_rays_image_has_what_its_application_looks_for(tmp_path: Path) -> None:
    files = tmp_path / "image"
    last = RAY["ray"]
    put_files(last, ROOT, files)
    told = {name: f"{files}{value}" for name, value in last.environment.items() if name == "PYTHONPATH"}
    asked = (
        "import json, sys; from pathlib import Path;"
        "from docmill_ray import tensors; from docmill_ray.models import served;"
        "[one] = served.read_repository(Path(sys.argv[1]), ['layout_cdla']);"
        "print(json.dumps([str(one.code), served.__file__]))"
    )
    version = tmp_path / "models" / "layout_cdla" / "1"
    version.mkdir(parents=True)
    config = (ROOT / "model_repository" / "layout_cdla" / "config.pbtxt").read_text()
    (version.parent / "config.pbtxt").write_text(config)
    command = [sys.executable, "-c", asked, str(tmp_path / "models")]
    done = subprocess.run(command, env=told, cwd=tmp_path, capture_output=True, text=True, check=True)
    for file in json.loads(done.stdout):
        assert Path(file).is_file() and Path(file).is_relative_to(files)
    # where docmill_ray/models/model.py looks for it
    assert (files / "opt" / "docmill" / "model_repository" / "shared" / "docmill_account.py").is_file()


def test_what_is_not_understood_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nVOLUME /data\n")
    with pytest.raises(StrangeInstructionError, match="VOLUME"):
        stages_of(tmp_path / "Dockerfile", {})
