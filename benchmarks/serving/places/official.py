"""The Triton server of NVIDIA's container, run as docmill runs its own: proved, watched, stopped."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.triton.environment import Environment

__all__ = ["HOME", "OfficialEnvironment", "official"]

#: Where it lies in the container.
HOME = Path("/opt/tritonserver")


@dataclass(frozen=True)
class OfficialEnvironment(Environment):
    """`folder` has its program and its backends, which find their libraries by themselves."""

    @property
    def server(self) -> Path:
        """The folder of Triton itself."""
        return self.folder

    def variables(self, inherited: dict[str, str]) -> dict[str, str]:
        """As they are here, but for another Python's settings: its Python backend has one of its own."""
        return {name: value for name, value in inherited.items() if not name.startswith("PYTHON")} | {
            "PATH": os.defpath if "PATH" not in inherited else _without_virtual(inherited)
        }


def official(home: Path = HOME) -> OfficialEnvironment | None:
    """It, where it is installed with its backend for ONNX."""
    program = home / "bin" / "tritonserver"
    if not shutil.which(program) or not any((home / "backends" / "onnxruntime").glob("*.so")):
        return None
    return OfficialEnvironment(home, packages=home, libraries="", backends=home / "backends")


def _without_virtual(inherited: dict[str, str]) -> str:
    """PATH without the virtual environment that docmill runs in."""
    own = inherited.get("VIRTUAL_ENV")
    folders = inherited["PATH"].split(os.pathsep)
    return os.pathsep.join(each for each in folders if not own or each != f"{own}/bin")
