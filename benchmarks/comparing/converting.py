"""A conversion through a checkout's own command line, into a home and an output folder of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparing.errors import CommandFailedError
from benchmarks.comparing.trees import Tree

__all__ = ["Converted", "convert"]

#: `docmill convert` ends so when every document was converted, and when some were not.
_DONE = (0, 1)
_SHOWN = 2000


@dataclass(frozen=True)
class Converted:
    """What a conversion left: docmill's home, the results, the exit status, and the wall seconds it took."""

    home: Path
    out: Path
    status: int
    seconds: float


def convert(tree: Tree, places: Sequence[Path], folder: Path, options: Sequence[str]) -> Converted:
    """Convert all that the places hold; home, results and what the command printed lie below `folder`.

    Raises `CommandFailedError` when the run as a whole does not come to its end.
    """
    home, out, log = (folder.absolute() / name for name in ("home", "out", "convert.log"))
    home.mkdir(parents=True)
    found = [str(place.resolve()) for place in places]
    started = time.monotonic()
    with log.open("wb") as output:
        status = subprocess.run(
            tree.docmill("convert", *found, "--out", str(out), *options),
            cwd=tree.root,
            env=tree.environment(home),
            stdout=output,
            stderr=output,
        ).returncode
    if status not in _DONE:
        printed = log.read_text("utf-8", errors="replace")[-_SHOWN:]
        raise CommandFailedError(f"docmill convert of {tree.commit} ended with {status}:\n{printed}")
    return Converted(home, out, status, time.monotonic() - started)
