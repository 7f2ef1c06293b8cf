"""Other converters, each pinned, in an environment of their own that is made on demand in docmill's home.

They run at their defaults, without a network; their tables are those of their Markdown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.engines.output import EngineError, Output
from benchmarks.quality.markdown import markdown_grids
from docmill.resources.home import default_home
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables, stamp_of

__all__ = ["PEERS", "Peer", "run_converter"]

#: Converters by name, which is that of their distribution.
PEERS = ("kreuzberg", "liteparse", "opendataloader-pdf", "pdf-inspector", "pymupdf4llm")

_HERE = Path(__file__).parents[1] / "peers"
_LOCK = _HERE / "requirements.lock"
_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_SCRIPT = _HERE / "convert.py"
#: Seconds for a document, all of them together.
_LIMIT_S = 60.0


@dataclass(frozen=True)
class Peer:
    """The converter of that name."""

    name: str

    @property
    def version(self) -> str:
        """The pinned version."""
        pins: dict[str, str] = dict(_PIN.findall(_LOCK.read_text()))
        return pins[self.name]

    def convert(self, pdfs: Mapping[str, Path]) -> dict[str, Output]:
        """Convert in another process; a document that ends it is left out and the others follow."""
        packages = VirtualEnvironment(default_home() / "peers" / "env")

        def make() -> None:
            packages.create(Path(sys.executable))
            packages.install_locked(_LOCK, "the converters")

        try:
            with packages.complete(stamp_of([_LOCK]), make):
                command = [str(packages.python), str(_SCRIPT), self.name]
                return run_converter(command, pdfs, own_variables(packages.folder, os.environ))
        except EnvironmentSetupError as error:
            raise EngineError(str(error)) from error


def run_converter(
    command: Sequence[str], pdfs: Mapping[str, Path], variables: dict[str, str]
) -> dict[str, Output]:
    """What a program as `peers/convert.py` makes of PDFs. Raises `EngineError` when it cannot start."""
    if trouble := _run(command, "", _LIMIT_S, variables):
        raise EngineError(trouble)
    outputs: dict[str, Output] = {}
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        targets = {name: Path(folder) / f"{number}.md" for number, name in enumerate(pdfs)}
        while left := [name for name in pdfs if name not in outputs]:
            lines = "\n".join(f"{pdfs[name].resolve()}\t{targets[name]}" for name in left)
            trouble = _run(command, lines, len(left) * _LIMIT_S, variables)
            outputs |= {name: output for name in left if (output := _output(targets[name])) is not None}
            stopped = next((name for name in left if name not in outputs), None)
            if stopped is not None:
                outputs[stopped] = Output(failure=trouble or "nothing was written")
    return outputs


def _run(command: Sequence[str], lines: str, limit_s: float, variables: dict[str, str]) -> str | None:
    """What went wrong, if anything did."""
    try:
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, timeout=limit_s, check=False, env=variables
        )
    except subprocess.TimeoutExpired:
        return f"no end within {limit_s:.0f} s"
    said = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    return f"exit status {done.returncode}: {' '.join(said)}" if done.returncode else None


def _output(target: Path) -> Output | None:
    """What was written for a document; None while nothing was."""
    if target.is_file():
        markdown = target.read_text(encoding="utf-8", errors="replace")
        return Output(markdown, markdown_grids(markdown))
    error = target.with_suffix(".error")
    return Output(failure=error.read_text(encoding="utf-8", errors="replace")) if error.is_file() else None
