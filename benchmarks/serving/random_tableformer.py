"""TableFormer, docling's table model, with random weights: its sizes and loop, and no knowledge of tables."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from benchmarks.beside_docling.random_heron import SCRIPTS, RandomHeron
from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub

__all__ = ["TABLES", "RandomTableFormer"]

TABLES = "tableformer"
_ROOT = Path(__file__).resolve().parents[2]
#: With it some tables end after a dozen tags and some do not end.
_END = -5.0


@dataclass(frozen=True)
class RandomTableFormer:
    """It in docmill's home, where heron's is too. What goes wrong raises `EnvironmentSetupError`."""

    home: Path

    def checkpoint(self) -> Path:
        """The fast variant, in a folder like docling's repository. Not docling's weights."""
        heron, script = RandomHeron(self.home), SCRIPTS / "random_tableformer.py"
        made_by = [
            script,
            _ROOT / "model_repository" / TABLES / "1" / "table_decoding" / "architecture.py",
            _ROOT / "deploy" / "export" / "tableformer_cases.py",
        ]
        folder = heron.place("tableformer-fast", made_by)
        with FileLock(folder.with_suffix(".lock")):
            if not folder.exists():
                new = folder.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                heron.run(script, "--variant", "fast", "--seed", 1, "--end", _END, "--out", new)
                new.rename(folder)
        return folder

    def repository(self) -> Path:
        """A repository with the model, installed as users do it. Callers change its configuration."""
        folder = self.home / "tests" / "tableformer-repository"
        places = Places(shipped(), self.home / "export", self.home / "none", folder)
        pull("tables", "fast", places, self.checkpoint(), Hub())
        return folder
