"""The environment that exports models: torch, transformers, ONNX, and docling's own table model.

It is apart from docmill's own because converting documents needs none of it, and it takes gigabytes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from docmill.resources.home import default_home
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.places import Shipped
from docmill.resources.local.virtual_environment import VirtualEnvironment, stamp_of

__all__ = ["default_export_home", "prepare_export_environment"]

#: By version, without a hash: pip takes the build for CPUs where an index offers one. torchvision is needed
#: by docling's TableFormer.
_TORCH, _TORCHVISION = "torch==2.13.0", "torchvision==0.28.0"
#: With torch's build for CPUs; with the one for GPUs it takes 6 GB.
_LEAST_BYTES = 2_000_000_000
_CHECK = """
import importlib.util, numpy, onnx, onnxruntime, safetensors, torch, transformers
assert importlib.util.find_spec("docling_ibm_models"), "docling_ibm_models is missing"
"""


def default_export_home() -> Path:
    """`export` in docmill's home."""
    return default_home() / "export"


def prepare_export_environment(
    home: Path, source: Shipped, report: Callable[[str], None] = lambda _: None
) -> VirtualEnvironment:
    """The environment in `home`, made when it is missing or was made for other locks; minutes the first time.

    Raises `EnvironmentSetupError`.
    """
    locks = [source.exporters / name for name in ("requirements.lock", "reference.lock")]
    stamp = stamp_of(locks, _TORCH, _TORCHVISION)
    environment = VirtualEnvironment(home / "env")

    def make() -> None:
        _check_space(home)
        report(f"making the environment that exports models in {environment.folder}")
        environment.create(Path(sys.executable))
        for lock in locks:
            environment.install_locked(lock, "what exports models need")
        report("installing torch, 0.2 to 3 GB to fetch")
        environment.install(_TORCH, what=_TORCH)
        environment.install("--no-deps", _TORCHVISION, what=_TORCHVISION)
        environment.check(_CHECK)

    with environment.complete(stamp, make):
        return environment


def _check_space(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < _LEAST_BYTES:
        raise EnvironmentSetupError(
            f"{home} has {free / 1e9:.1f} GB left, and the environment that exports models takes 1.5 GB, "
            "or 6 where torch comes with its GPU libraries: make room, or set DOCMILL_HOME"
        )
