"""heron, docling's layout model, with random weights: its sizes and its cost, and no knowledge of documents.

It is made in the environment that exports models, and kept in docmill's home, for that takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from filelock import FileLock

from docmill.resources.local.triton.places import shipped
from docmill.resources.local.virtual_environment import VirtualEnvironment, run, stamp_of
from docmill.resources.weights.docling_models.environment import prepare_export_environment
from docmill.resources.weights.docling_models.pictures import draw_pages
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub

__all__ = ["HERON", "SCRIPTS", "RandomHeron"]

HERON = "docling-project--docling-layout-heron"
_ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = _ROOT / "tests" / "exporters"


@dataclass(frozen=True)
class RandomHeron:
    """It in docmill's home. What goes wrong raises `EnvironmentSetupError`."""

    home: Path

    @cached_property
    def environment(self) -> VirtualEnvironment:
        """What exports models, made when it is missing."""
        return prepare_export_environment(self.home / "export", shipped())

    @cached_property
    def pictures(self) -> Path:
        """Pictures of pages, as the exporter sees them."""
        made_by = _ROOT / "resources" / "weights" / "docling_models" / "pictures.py"
        folder = self.place("pictures", [made_by])
        with FileLock(folder.with_suffix(".lock")):
            if not folder.exists():
                draw_pages(shipped().samples, folder.with_suffix(".new"))
                folder.with_suffix(".new").rename(folder)
        return folder

    def checkpoint(self, size: Literal["full", "small"]) -> Path:
        """`full`: docling's sizes; `small`: another backbone and fewer channels. Not docling's weights."""
        script = SCRIPTS / "random_heron.py"
        folder = self.place(f"heron-{size}", [script])
        with FileLock(folder.with_suffix(".lock")):
            if not folder.exists():
                made = folder.with_suffix(".new")
                self.run(script, "--size", size, "--pictures", self.pictures, "--out", made)
                made.rename(folder)
        return folder

    def repository(self, size: Literal["full", "small"] = "full") -> Path:
        """A repository with both of heron's models, of docling's sizes or small, installed as users do it."""
        folder = self.home / "tests" / ("heron-repository" if size == "full" else f"heron-repository-{size}")
        places = Places(shipped(), self.home / "export", self.home / "none", folder)
        pull("layout", "accurate", places, self.checkpoint(size), Hub())
        return folder

    def run(self, script: Path, *arguments: object) -> None:
        """A script in that environment."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        run([str(self.environment.python), str(script), *map(str, arguments)], script.name, variables)

    def place(self, name: str, made_by: Sequence[Path]) -> Path:
        """A place for what scripts make, another one when they change."""
        folder = self.home / "tests"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}-{stamp_of(made_by)[:12]}"
