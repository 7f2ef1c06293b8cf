"""Where the parts of a local Ray Serve server lie: what the project ships, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docmill.resources.home import default_home
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.places import ServerHome, shipped_roots

__all__ = ["Shipped", "default_ray_home", "shipped"]


@dataclass(frozen=True)
class Shipped:
    """What the project ships: read only."""

    root: Path

    @property
    def folder(self) -> Path:
        """The application's package, and its configuration."""
        return self.root / "deploy" / "ray"

    @property
    def lock(self) -> Path:
        """The packages of the server's environment, with hashes."""
        return self.folder / "requirements.lock"

    @property
    def config(self) -> Path:
        """What Ray Serve runs."""
        return self.folder / "serve.yaml"


def default_ray_home() -> ServerHome:
    """`ray` in docmill's home."""
    return ServerHome(default_home() / "ray")


def shipped() -> Shipped:
    """What this installation ships; raises `EnvironmentSetupError` when it was installed without."""
    for root in shipped_roots():
        found = Shipped(root)
        if found.lock.is_file():
            return found
    raise EnvironmentSetupError(
        "this installation of docmill cannot set up Ray Serve: use a checkout of the project, "
        "or deploy/ray on a cluster of yours"
    )
