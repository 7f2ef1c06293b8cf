"""Checkpoints of heron's architecture with random weights, made in the export environment and kept."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.virtual_environment import VirtualEnvironment, stamp_of
from docmill.resources.weights.docling_models.environment import prepare_export_environment
from docmill.resources.weights.docling_models.pictures import draw_pages
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "exporters"


@functools.cache
def docmill_home() -> Path:
    """Kept from run to run: environments and checkpoints take minutes."""
    return Path(os.environ.get("DOCMILL_HOME") or ROOT / ".docmill")


@functools.cache
def export_environment() -> VirtualEnvironment:
    """What exports models, made when it is missing."""
    try:
        return prepare_export_environment(docmill_home() / "export", shipped())
    except EnvironmentSetupError as error:
        pytest.fail(str(error))


@functools.cache
def pictures() -> Path:
    """Pictures of pages, as the exporter sees them."""
    folder = _folder("pictures", [ROOT / "resources" / "weights" / "docling_models" / "pictures.py"])
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            draw_pages(shipped().samples, folder.with_suffix(".new"))
            folder.with_suffix(".new").rename(folder)
    return folder


@functools.cache
def checkpoint(size: str) -> Path:
    """`full`: docling's sizes; `small`: another backbone and fewer channels. Not docling's weights."""
    script = SCRIPTS / "random_heron.py"
    folder = _folder(f"heron-{size}", [script])
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            run(script, "--size", size, "--pictures", pictures(), "--out", folder.with_suffix(".new"))
            folder.with_suffix(".new").rename(folder)
    return folder


@functools.cache
def reference(size: str) -> dict[str, np.ndarray]:
    """What transformers finds on the pictures with the checkpoint of that size."""
    script = SCRIPTS / "reference_detections.py"
    file = _folder(f"reference-{size}", [script, SCRIPTS / "random_heron.py"]).with_suffix(".npz")
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            run(script, "--checkpoint", checkpoint(size), "--pictures", pictures(), "--out", file)
    return dict(np.load(file))


@functools.cache
def repository() -> Path:
    """A repository with both of heron's models, docling's sizes, installed as users do it.

    Kept, for that takes a minute.
    """
    folder = docmill_home() / "tests" / "heron-repository"
    places = Places(shipped(), docmill_home() / "export", docmill_home() / "none", folder)
    pull("layout", "accurate", places, checkpoint("full"), Hub())
    return folder


def copy(folder: Path, to: Path) -> None:
    """A folder elsewhere, by links to its files, in place of what is there."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, copy_function=_link)


def run(script: Path, *arguments: object) -> None:
    """A script in the export environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(export_environment().python), str(script), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _folder(name: str, made_by: list[Path]) -> Path:
    """A place for what scripts make, another one when they change."""
    folder = docmill_home() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{stamp_of(made_by)[:12]}"
