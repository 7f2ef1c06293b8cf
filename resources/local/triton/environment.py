"""The server's environment: the wheel with the server, an older NumPy, and the backends beside it.

It is apart from docmill's own because this server's Python backend and NumPy 2 do not go together. pip
fetches the packages, so the user's own index, proxy and certificate settings apply.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.places import Shipped, TritonHome
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables, run, stamp_of
from docmill.resources.local.wheels import Wheels
from docmill.resources.weights.copies import copy_changed
from docmill.resources.weights.served_code import shared_code

__all__ = ["Environment", "prepare_environment"]

#: NumPy before 2 has wheels up to this Python; the locked onnxruntime begins at 3.11.
_WHEELS = Wheels("Triton", (3, 11), (3, 12))

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
        libraries = [str(self.packages / "nvidia_pytriton.libs"), self.libraries]
        given = inherited.get("LD_LIBRARY_PATH")
        return own_variables(self.folder, inherited) | {
            "LD_LIBRARY_PATH": ":".join([*libraries, given] if given else libraries)
        }


def prepare_environment(
    home: TritonHome,
    source: Shipped,
    python: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Environment:
    """The environment, made when it is missing or was made for another lock; minutes the first time.

    `python` is the interpreter to make it with, docmill's own by default. Raises `EnvironmentSetupError`.
    """
    _WHEELS.check_machine()
    packages = VirtualEnvironment(home.environment)

    def make() -> None:
        report(f"making the environment of the Triton server in {home.environment}")
        _make(packages, source.lock, python or Path(sys.executable))

    with packages.complete(stamp_of([source.lock]), make, anew=python is not None):
        facts = _facts(packages.python)
        environment = Environment(home.environment, Path(facts.packages), facts.libraries, home.backends)
        _assemble(environment, facts, source)
    return environment


def _make(packages: VirtualEnvironment, lock: Path, python: Path) -> None:
    _WHEELS.check_python(python)
    packages.create(python)
    packages.install_locked(lock, "the server's packages")
    packages.check(_CHECK)


def _facts(python: Path) -> _Facts:
    output = run([str(python), "-c", _FACTS], f"{python} does not work")
    return msgspec.json.decode(output, type=_Facts)


def _assemble(environment: Environment, facts: _Facts, source: Shipped) -> None:
    """Lay out the backend directory. Copies: Triton refuses symbolic links in Python-based backends."""
    wheel = environment.server
    stub = wheel / "python_backend_stubs" / facts.python / "triton_python_backend_stub"
    python = wheel / "backends" / "python"
    parts = {
        "python/triton_python_backend_stub": stub,
        "python/libtriton_python.so": python / "libtriton_python.so",
        "python/triton_python_backend_utils.py": python / "triton_python_backend_utils.py",
    }
    shared = shared_code(source.models)
    for backend in sorted(source.backends.glob("*/model.py")):
        name = backend.parent.name
        parts |= {f"{name}/model.py": backend, f"{name}/{shared.name}": shared}
    for name, part in parts.items():
        if not part.is_file():
            raise EnvironmentSetupError(
                f"{part} is missing: remove {environment.folder} and run `docmill triton setup`"
            )
        copy_changed(part, environment.backends / name, 0o755)
    if facts.library.endswith(".a"):
        raise EnvironmentSetupError(
            f"Python {facts.python} was built without a shared library, which Triton's Python backend "
            f"needs; {_WHEELS.another}"
        )
