"""What the wheels of a server fit: the machine, and the Python that their environment is made with."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.virtual_environment import run

__all__ = ["Wheels"]

_VERSION = "import sys; print(*sys.version_info[:2])"


@dataclass(frozen=True)
class Wheels:
    """The wheels of one server, for Linux on x86-64. Where they do not fit, an error says what to do."""

    server: str
    oldest: tuple[int, int]
    newest: tuple[int, int]

    def check_machine(self) -> None:
        """Raise `EnvironmentSetupError` unless the wheels run on this machine."""
        if (machine := (platform.system(), platform.machine())) != ("Linux", "x86_64"):
            raise EnvironmentSetupError(
                f"docmill has no wheel of {self.server} for {' '.join(machine)}; {self._container}"
            )

    def check_python(self, python: Path) -> None:
        """Raise `EnvironmentSetupError` unless there are wheels for this interpreter."""
        version = tuple(map(int, run([str(python), "-c", _VERSION], f"{python} is no Python").split()))
        if not self.oldest <= version <= self.newest:
            oldest, newest, found = (".".join(map(str, each)) for each in (self.oldest, self.newest, version))
            raise EnvironmentSetupError(
                f"{self.server} needs Python {oldest} to {newest}, and {python} is {found}; {self.another}"
            )

    @property
    def another(self) -> str:
        """What to do where an interpreter does not fit."""
        return f"name another one: docmill {self.server.lower()} setup --python PATH; or {self._container}"

    @property
    def _container(self) -> str:
        return f"run {self.server}'s container instead: see deploy/compose.yaml"
