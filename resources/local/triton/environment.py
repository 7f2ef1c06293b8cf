"""The server's environment: the wheel with the server, an older NumPy, and the backends beside it.

It is apart from docmill's own because this server's Python backend and NumPy 2 do not go together. pip
fetches the packages, so the user's own index, proxy and certificate settings apply.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock

from docmill.resources.local.triton.copies import copy_changed
from docmill.resources.local.triton.errors import TritonSetupError
from docmill.resources.local.triton.places import Shipped, TritonHome
from docmill.resources.local.virtual_environment import VirtualEnvironment, run, stamp_of

__all__ = ["Environment", "prepare_environment"]

#: NumPy before 2 has wheels up to this Python; the locked onnxruntime begins at 3.11.
_OLDEST, _NEWEST = (3, 11), (3, 12)
_CONTAINER = "run Triton's container instead: see deploy/compose.yaml"

#: Printed by the chosen interpreter: what the launch depends on.
_FACTS = """
import json, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:2]),
    "libraries": sysconfig.get_config_var("LIBDIR") or "",
    "library": sysconfig.get_config_var("INSTSONAME") or "",
    "packages": sysconfig.get_path("purelib"),
}))
"""
_CHECK = """
import cv2, numpy, onnxruntime
assert numpy.__version__.startswith("1."), f"NumPy is {numpy.__version__}"
"""


class _Facts(msgspec.Struct, frozen=True):
    version: tuple[int, int]
    libraries: str
    library: str
    packages: str

    @property
    def python(self) -> str:
        return ".".join(map(str, self.version))


@dataclass(frozen=True)
class Environment:
    """A complete environment, ready to launch a server."""

    folder: Path
    packages: Path
    #: The folder of the interpreter's shared library. The server hangs in loading when it cannot find it.
    libraries: str
    backends: Path

    @property
    def server(self) -> Path:
        """The folder of Triton itself."""
        return self.packages / "pytriton" / "tritonserver"

    @property
    def program(self) -> Path:
        """The server's program."""
        return self.server / "bin" / "tritonserver"

    def variables(self, inherited: dict[str, str]) -> dict[str, str]:
        """The server's environment variables; another Python's settings are kept out."""
        kept = {
            name: value
            for name, value in inherited.items()
            if not name.startswith("PYTHON") and name != "VIRTUAL_ENV"
        }
        libraries = [str(self.packages / "nvidia_pytriton.libs"), self.libraries]
        given = inherited.get("LD_LIBRARY_PATH")
        return kept | {
            "PATH": f"{self.folder / 'bin'}:{inherited.get('PATH') or '/usr/bin:/bin'}",
            "LD_LIBRARY_PATH": ":".join([*libraries, given] if given else libraries),
        }


def prepare_environment(
    home: TritonHome,
    source: Shipped,
    python: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Environment:
    """The environment, made when it is missing or was made for another lock; minutes the first time.

    `python` is the interpreter to make it with, docmill's own by default. Raises `TritonSetupError`.
    """
    _check_platform()
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TritonSetupError(f"{home.folder} cannot be made: {error.strerror}; set DOCMILL_HOME") from error
    with FileLock(home.folder / ".lock"):
        packages = VirtualEnvironment(home.environment, TritonSetupError)
        stamp = stamp_of([source.lock])
        if not packages.made_with(stamp) or python is not None:
            report(f"making the environment of the Triton server in {home.environment}")
            _make(packages, source.lock, python or Path(sys.executable))
            packages.finish(stamp)
        facts = _facts(packages.python)
        environment = Environment(home.environment, Path(facts.packages), facts.libraries, home.backends)
        _assemble(environment, facts, source.backends)
    return environment


def _check_platform() -> None:
    machine = (platform.system(), platform.machine())
    if machine != ("Linux", "x86_64"):
        raise TritonSetupError(f"there is no wheel of Triton for {' '.join(machine)}; {_CONTAINER}")


def _make(packages: VirtualEnvironment, lock: Path, python: Path) -> None:
    facts = _facts(python)
    if not _OLDEST <= facts.version <= _NEWEST:
        raise TritonSetupError(
            f"the server's environment needs Python {'.'.join(map(str, _OLDEST))} to "
            f"{'.'.join(map(str, _NEWEST))}, and {python} is {facts.python}; name another one: "
            f"docmill triton setup --python PATH; or {_CONTAINER}"
        )
    packages.create(python)
    packages.install(
        "--no-deps", "--require-hashes", "--requirement", str(lock), what="the server's packages"
    )
    packages.check(_CHECK)


def _facts(python: Path) -> _Facts:
    output = run([str(python), "-c", _FACTS], f"{python} is no Python that works", TritonSetupError)
    return msgspec.json.decode(output, type=_Facts)


def _assemble(environment: Environment, facts: _Facts, sources: Path) -> None:
    """Lay out the backend directory. Copies: Triton refuses symbolic links in Python-based backends."""
    wheel = environment.server
    stub = wheel / "python_backend_stubs" / facts.python / "triton_python_backend_stub"
    python = wheel / "backends" / "python"
    parts = {
        "python/triton_python_backend_stub": stub,
        "python/libtriton_python.so": python / "libtriton_python.so",
        "python/triton_python_backend_utils.py": python / "triton_python_backend_utils.py",
    }
    parts |= {f"{backend.parent.name}/model.py": backend for backend in sorted(sources.glob("*/model.py"))}
    for name, part in parts.items():
        if not part.is_file():
            raise TritonSetupError(
                f"{part} is missing: remove {environment.folder} and run `docmill triton setup`"
            )
        copy_changed(part, environment.backends / name, 0o755)
    if facts.library.endswith(".a"):
        raise TritonSetupError(
            f"Python {facts.python} was built without a shared library, which Triton's Python backend "
            f"needs; name another one: docmill triton setup --python PATH; or {_CONTAINER}"
        )
