"""Checkpoints of heron's architecture with random weights, and what transformers makes of them."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from filelock import FileLock

from benchmarks.beside_docling.random_heron import SCRIPTS, RandomHeron
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.virtual_environment import VirtualEnvironment

ROOT = Path(__file__).parents[2]

__all__ = [
    "ROOT",
    "SCRIPTS",
    "checkpoint",
    "copy",
    "docmill_home",
    "export_environment",
    "pictures",
    "reference",
    "repository",
    "run",
]


@functools.cache
def docmill_home() -> Path:
    """Kept from run to run: environments and checkpoints take minutes."""
    return Path(os.environ.get("DOCMILL_HOME") or ROOT / ".docmill")


@functools.cache
def heron() -> RandomHeron:
    """In that home."""
    return RandomHeron(docmill_home())


@functools.cache
def export_environment() -> VirtualEnvironment:
    """What exports models, made when it is missing."""
    try:
        return heron().environment
    except EnvironmentSetupError as error:
        pytest.fail(str(error))


def pictures() -> Path:
    """Pictures of pages, as the exporter sees them."""
    return heron().pictures


@functools.cache
def checkpoint(size: Literal["full", "small"]) -> Path:
    """`full`: docling's sizes; `small`: another backbone and fewer channels. Not docling's weights."""
    return heron().checkpoint(size)


@functools.cache
def reference(size: Literal["full", "small"]) -> dict[str, np.ndarray]:
    """What transformers finds on the pictures with the checkpoint of that size."""
    script = SCRIPTS / "reference_detections.py"
    file = heron().place(f"reference-{size}", [script, SCRIPTS / "random_heron.py"]).with_suffix(".npz")
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            run(script, "--checkpoint", checkpoint(size), "--pictures", pictures(), "--out", file)
    return dict(np.load(file))


@functools.cache
def repository() -> Path:
    """A repository with both of heron's models, docling's sizes, installed as users do it."""
    return heron().repository()


def copy(folder: Path, to: Path) -> None:
    """A folder elsewhere, by links to its files, in place of what is there."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, copy_function=_link)


def run(script: Path, *arguments: object) -> None:
    """A script in the export environment."""
    heron().run(script, *arguments)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
