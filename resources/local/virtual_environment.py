"""Virtual environments beside docmill's own, for programs whose packages do not go together with ours.

docmill's own pip fills them, so the user's index, proxy and certificate settings apply, and they need none.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["VirtualEnvironment", "run", "stamp_of"]

#: Gigabytes over a slow line.
_LIMIT_S = 3600.0
_MARK = ".docmill"


@dataclass(frozen=True)
class VirtualEnvironment:
    """A folder with an interpreter and packages. `trouble` is the class of the errors raised about it."""

    folder: Path
    trouble: type[BackendConfigError]

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "bin" / "python"

    def made_with(self, stamp: str) -> bool:
        """Whether it is complete, and was made from what `stamp` stands for."""
        try:
            return (self.folder / _MARK).read_text() == stamp
        except OSError:
            return False

    def create(self, python: Path) -> None:
        """Make it anew, empty, with the interpreter `python`."""
        command = [str(python), "-m", "venv", "--clear", "--without-pip", str(self.folder)]
        run(command, "the environment was not made", self.trouble)

    def install(self, *arguments: str, what: str) -> None:
        """Let pip install into it; `what` is named in errors. Wheels only: nothing is built here.

        Bytecode is written whatever the user's pip is configured to do: servers and scripts start often.
        """
        command = [
            *(sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"),
            *("--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--compile", *arguments),
        ]
        run(command, f"pip could not install {what}", self.trouble)

    def check(self, code: str) -> None:
        """Run Python code in it that fails when it does not work."""
        run([str(self.python), "-c", code], "the environment does not work", self.trouble)

    def finish(self, stamp: str) -> None:
        """Mark it as complete."""
        (self.folder / _MARK).write_text(stamp)


def stamp_of(files: Iterable[Path], *more: str) -> str:
    """What an environment is made from, as a digest: files, and words."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    for words in more:
        digest.update(words.encode())
    return digest.hexdigest()


def run(command: list[str], what: str, trouble: type[BackendConfigError]) -> str:
    """The command's standard output; raises `trouble`, which says `what` and why, when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise trouble(f"{what}: {error}") from error
    if done.returncode:
        said = done.stderr.splitlines()
        reason = " ".join([line for line in said if line.startswith("ERROR")] or said[-3:])
        raise trouble(f"{what}: {reason or f'exit status {done.returncode}'}")
    return done.stdout
