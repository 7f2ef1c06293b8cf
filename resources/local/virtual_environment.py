"""Virtual environments beside docmill's own, for programs whose packages do not go together with ours.

docmill's own pip fills them, so the user's index, proxy and certificate settings apply, and they need none.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.quiet import QUIET

__all__ = ["VirtualEnvironment", "own_variables", "run", "stamp_of"]

#: Gigabytes over a slow line.
_LIMIT_S = 3600.0
_MARK = ".docmill"


@dataclass(frozen=True)
class VirtualEnvironment:
    """A folder with an interpreter and packages. What goes wrong with it raises `EnvironmentSetupError`."""

    folder: Path

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

    @contextmanager
    def complete(self, stamp: str, make: Callable[[], None], *, anew: bool = False) -> Iterator[None]:
        """Inside it is complete, and of this process alone: made when it is not, or `anew`.

        The folder that it is in is made too, and locked.
        """
        home = self.folder.parent
        with ExitStack() as held:
            try:
                home.mkdir(parents=True, exist_ok=True)
                held.enter_context(FileLock(home / ".lock"))
                if anew or not self.made_with(stamp):
                    make()
                    self.finish(stamp)
            except OSError as error:
                raise EnvironmentSetupError(
                    f"{home} cannot be written: {error.strerror}; set DOCMILL_HOME"
                ) from error
            yield

    def create(self, python: Path) -> None:
        """Make it anew, empty, with the interpreter `python`."""
        command = [str(python), "-m", "venv", "--clear", "--without-pip", str(self.folder)]
        run(command, "the environment was not made")

    def install(self, *arguments: str, what: str) -> None:
        """Let pip install into it; `what` is named in errors. Wheels only: nothing is built here.

        Bytecode is written whatever the user's pip is configured to do: servers and scripts start often.
        """
        command = [
            *(sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"),
            *("--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--compile", *arguments),
        ]
        run(command, f"pip could not install {what}")

    def install_locked(self, lock: Path, what: str) -> None:
        """The same with all packages of a lock, each held against its hashes, and nothing else."""
        self.install("--no-deps", "--require-hashes", "--requirement", str(lock), what=what)

    def check(self, code: str) -> None:
        """Run Python code in it that fails when it does not work."""
        run([str(self.python), "-c", code], "the environment does not work", {**os.environ, **QUIET})

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


def own_variables(
    folder: Path, inherited: Mapping[str, str], left_out: tuple[str, ...] = ()
) -> dict[str, str]:
    """The environment variables of a program of the environment in `folder`.

    Another Python's settings are kept out, and variables whose names begin as `left_out` says; it stays for
    itself.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("PYTHON", *left_out)) and name != "VIRTUAL_ENV"
    }
    return {**kept, **QUIET, "PATH": f"{folder / 'bin'}:{inherited.get('PATH') or '/usr/bin:/bin'}"}


def run(command: list[str], what: str, variables: Mapping[str, str] | None = None) -> str:
    """The command's standard output. Raises `EnvironmentSetupError`, which says `what` failed and why."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_S, check=False, env=variables
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentSetupError(f"{what}: {error}") from error
    if done.returncode:
        said = done.stderr.splitlines()
        reason = " ".join([line for line in said if line.startswith("ERROR")] or said[-3:])
        raise EnvironmentSetupError(f"{what}: {reason or f'exit status {done.returncode}'}")
    return done.stdout
