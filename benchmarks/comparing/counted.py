"""What a command costs with everything below it: CPU seconds of all processes, and wall seconds. Linux."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psutil

from benchmarks.comparing.errors import CommandFailedError
from benchmarks.scale import subreaper

__all__ = ["Cost", "counted"]

_LONGEST_S = 1800.0
_SHOWN = 2000
_TRIES, _REAPED_S = 3, 5.0


class Cost(msgspec.Struct, frozen=True):
    """CPU seconds (user and system) of every process, and wall seconds until the last of them has ended."""

    cpu_s: float
    wall_s: float


def counted(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, longest_s: float = _LONGEST_S
) -> Cost:
    """Run a command in a folder below a process that adopts orphans and counts, itself left out.

    Raises `CommandFailedError` when it does not end with 0, or not within so many seconds.
    """
    with TemporaryDirectory(prefix="docmill-counted-") as scratch:
        usage, log = Path(scratch) / "usage.json", Path(scratch) / "log"
        # as a script, away from site and PYTHONPATH: the command's own imports are none of its business
        adopter = [sys.executable, "-I", "-S", subreaper.__file__, "--usage", str(usage)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*adopter, *command],
                cwd=folder,
                env=dict(environment),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            status = process.wait(longest_s)
        except BaseException as error:
            _kill(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise CommandFailedError(f"{' '.join(command)}: not within {longest_s:g} s") from error
            raise
        if status:
            printed = log.read_text("utf-8", errors="replace")[-_SHOWN:]
            raise CommandFailedError(f"{' '.join(command)} ended with {status}:\n{printed}")
        return msgspec.json.decode(usage.read_bytes(), type=Cost)


def _kill(adopter: subprocess.Popen[bytes]) -> None:
    """All below it as well, in whatever session: it is their parent, and ends when it has none left."""
    tree = psutil.Process(adopter.pid)
    for _ in range(_TRIES):  # those that were just being started
        for process in (below := tree.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(below, timeout=_REAPED_S)
    adopter.kill()
    adopter.wait()
