"""Where the parts of a local server lie: what the project ships, and what is made of it on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docmill.resources.home import default_home
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.places import ServerHome, shipped_roots

__all__ = ["Shipped", "TritonHome", "default_triton_home", "shipped"]


@dataclass(frozen=True)
class Shipped:
    """What the project ships: read only."""

    root: Path

    @property
    def models(self) -> Path:
        """Configurations and code of the models, without weights: what a model repository is filled from."""
        return self.root / "model_repository"

    @property
    def lock(self) -> Path:
        """The packages of the server's environment, with hashes."""
        return self.root / "deploy" / "triton" / "requirements.lock"

    @property
    def backends(self) -> Path:
        """Backends written in Python, a folder each."""
        return self.root / "deploy" / "triton" / "backends"

    @property
    def exporters(self) -> Path:
        """Scripts that turn docling's checkpoints into ONNX, and what their environment holds."""
        return self.root / "deploy" / "export"

    @property
    def samples(self) -> Path:
        """PDFs to measure an exported model's parity on."""
        return self.root / "tests" / "samples"


class TritonHome(ServerHome):
    """Triton's home, with the folders that it is given."""

    @property
    def models(self) -> Path:
        """docmill's own model repository, with weights."""
        return self.folder / "models"

    @property
    def backends(self) -> Path:
        """The server's backend directory."""
        return self.folder / "backends"

    @property
    def canary(self) -> Path:
        """A model repository with the canary alone."""
        return self.folder / "canary"


def default_triton_home() -> TritonHome:
    """`triton` in docmill's home."""
    return TritonHome(default_home() / "triton")


def shipped() -> Shipped:
    """What this installation ships; raises `EnvironmentSetupError` when it was installed without."""
    for root in shipped_roots():
        found = Shipped(root)
        if found.lock.is_file() and found.models.is_dir():
            return found
    raise EnvironmentSetupError(
        "this installation of docmill has no model repository: use a checkout of the project, "
        "or run Triton's container"
    )
