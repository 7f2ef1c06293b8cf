"""Stock docling, pinned, in an environment of its own that is made on demand in docmill's home."""

from __future__ import annotations

import sys
from pathlib import Path

from docmill.resources.local.virtual_environment import VirtualEnvironment, stamp_of

__all__ = ["stock_docling"]

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_LOCK = _HERE / "requirements.lock"
#: docling imports both, whatever engines it uses; see requirements.in.
_TORCH = ("torch==2.13.0", "torchvision==0.28.0")


def stock_docling(home: Path) -> VirtualEnvironment:
    """It takes minutes and two gigabytes of docmill's home the first time. Raises `EnvironmentSetupError`.

    docmill is in it without what it needs otherwise, for docling's plugin that is a part of it.
    """
    environment = VirtualEnvironment(home / "stock-docling" / "env")

    def make() -> None:
        environment.create(Path(sys.executable))
        environment.install_locked(_LOCK, "docling")
        environment.install(*_TORCH, what="torch")
        environment.install("--no-deps", "--editable", str(_ROOT), what="docmill's plugin")

    with environment.complete(stamp_of([_LOCK], *_TORCH, str(_ROOT)), make):
        return environment
