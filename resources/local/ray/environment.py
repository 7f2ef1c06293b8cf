"""The server's environment: Ray Serve, and what models need in Triton.

pip fetches everything, so the user's own index, proxy and certificate settings apply.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.places import ServerHome
from docmill.resources.local.ray.places import Shipped
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables, stamp_of
from docmill.resources.local.wheels import Wheels

__all__ = ["Environment", "prepare_environment"]

_WHEELS = Wheels("Ray", (3, 11), (3, 13))
_CHECK = "import cv2, onnxruntime, ray.serve, tritonclient.grpc"


@dataclass(frozen=True)
class Environment:
    """A complete environment, ready to launch a server."""

    folder: Path
    application: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "bin" / "python"

    def variables(self, inherited: dict[str, str]) -> dict[str, str]:
        """The server's environment variables; another Python's settings are kept out, and another Ray's."""
        own = own_variables(self.folder, inherited, left_out=("RAY_",))
        return own | {"PYTHONPATH": str(self.application), "PYTHONUNBUFFERED": "1"}


def prepare_environment(
    home: ServerHome,
    source: Shipped,
    python: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Environment:
    """The environment, made when it is missing or was made for another lock; a minute the first time, 0.5 GB.

    `python` is the interpreter to make it with, docmill's own by default. Raises `EnvironmentSetupError`.
    """
    _WHEELS.check_machine()
    packages = VirtualEnvironment(home.environment)

    def make() -> None:
        report(f"making the environment of the Ray Serve server in {home.environment}: about 0.5 GB")
        _make(packages, source.lock, python or Path(sys.executable))

    with packages.complete(stamp_of([source.lock]), make, anew=python is not None):
        return Environment(home.environment, source.folder)


def _make(packages: VirtualEnvironment, lock: Path, python: Path) -> None:
    _WHEELS.check_python(python)
    packages.create(python)
    packages.install_locked(lock, "the server's packages")
    packages.check(_CHECK)
