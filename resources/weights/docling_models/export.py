"""Runs an exporter of deploy/export in its environment, and reads what it measured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec

from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables
from docmill.resources.weights.docling_models.errors import ExportError, ParityError, UnfitCheckpointError

__all__ = ["Check", "Parity", "run_exporter"]

#: What exporters end with: parity failed; the checkpoint is another model's.
_PARITY_FAILED, _UNFIT = 1, 2
_LINES_SHOWN = 3


class Check(msgspec.Struct, frozen=True):
    """One comparison with the reference: what was measured, and the most or least it may be."""

    name: str
    measured: float
    limit: float
    passed: bool

    def __str__(self) -> str:
        return f"{self.name} {self.measured:.3g} (limit {self.limit:.3g})"


class Parity(msgspec.Struct, frozen=True):
    """What an exporter measured; it writes this as parity.json. `versions` are those of its packages."""

    checks: list[Check]
    passed: bool
    versions: dict[str, str] = {}


def run_exporter(
    environment: VirtualEnvironment,
    script: Path,
    arguments: Sequence[str],
    out: Path,
    limit_s: float = 1800.0,
    report: Callable[[str], None] = lambda _: None,
) -> Parity:
    """Let a script write its graphs and parity.json into `out`; its lines on standard output are reported.

    Raises `ParityError` when the graphs are not the reference, `UnfitCheckpointError` when the checkpoint is
    another model's, and `ExportError` when the script fails otherwise or takes longer than `limit_s`.
    """
    command = [str(environment.python), "-s", str(script), *arguments, "--out", str(out)]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as complaints,
        subprocess.Popen(
            command,
            env=_variables(environment.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        timer = threading.Timer(limit_s, _kill, [process])
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                report(line.rstrip())
            status = process.wait()
        finally:
            late = not timer.is_alive()
            timer.cancel()
            _kill(process)
            process.wait()
        reason = _last_words(complaints)
    if late:
        raise ExportError(f"{script.name} was not done after {limit_s:g} s: let it run on a quieter machine")
    return _outcome(script.name, status, reason, out)


def _outcome(script: str, status: int, reason: str, out: Path) -> Parity:
    if status == _UNFIT:
        raise UnfitCheckpointError(f"the checkpoint does not fit {script}: {reason or 'no reason given'}")
    if status not in (0, _PARITY_FAILED):
        raise ExportError(f"{script} failed with status {status}: {reason or 'no reason given'}")
    try:
        parity = msgspec.json.decode((out / "parity.json").read_bytes(), type=Parity)
    except (OSError, msgspec.MsgspecError) as error:
        raise ExportError(f"{script} left no parity.json that can be read: {reason or error}") from error
    failed = [str(check) for check in parity.checks if not check.passed]
    if status or failed or not (parity.passed and parity.checks):
        raise ParityError(
            f"{script} made graphs whose answers are not the reference's: {'; '.join(failed) or reason}. "
            "Nothing was installed"
        )
    return parity


def _variables(folder: Path) -> dict[str, str]:
    """The script's environment variables: no other Python's settings, and no network."""
    kept = own_variables(folder, os.environ, left_out=("HF_", "TRANSFORMERS_"))
    return kept | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONUNBUFFERED": "1"}


def _kill(process: subprocess.Popen[str]) -> None:
    """End the script and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(complaints: IO[str]) -> str:
    complaints.seek(0)
    said = [line.strip() for line in complaints if line.strip()]
    return " ".join(said[-_LINES_SHOWN:])
