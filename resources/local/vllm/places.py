"""Where the parts of a local vLLM server lie: what the project ships, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docmill.resources.home import default_home
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.places import ServerHome, shipped_roots

__all__ = ["Shipped", "default_vllm_home", "shipped"]


@dataclass(frozen=True)
class Shipped:
    """What the project ships: read only."""

    root: Path

    @property
    def lock(self) -> Path:
        """The packages of the server's environment, with hashes."""
        return self.root / "deploy" / "vllm" / "requirements.lock"

    @property
    def torch(self) -> Path:
        """torch, which is installed after the others and without a hash: its builds differ by index."""
        return self.root / "deploy" / "vllm" / "torch.in"

    @property
    def tiny(self) -> Path:
        """The tiny model: Granite-Docling's architecture, and nothing of its knowledge."""
        return self.root / "deploy" / "vllm" / "tiny"


def default_vllm_home() -> ServerHome:
    """`vllm` in docmill's home."""
    return ServerHome(default_home() / "vllm")


def shipped() -> Shipped:
    """What this installation ships; raises `EnvironmentSetupError` when it was installed without."""
    for root in shipped_roots():
        found = Shipped(root)
        if found.lock.is_file():
            return found
    raise EnvironmentSetupError(
        "this installation of docmill cannot set up vLLM: use a checkout of the project, "
        "or run vLLM's container: see deploy/compose.yaml"
    )
