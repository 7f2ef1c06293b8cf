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


def convert(
    tree: Tree, places: Sequence[Path], folder: Path, options: Sequence[str], cut_off_at: int = 0
) -> Converted:
    """Convert all that the places hold; home, results and what the command printed lie below `folder`.

    With `cut_off_at` the command is killed when so many documents have something in the store, and run
    again. Raises `CommandFailedError` when the run as a whole does not come to its end, or came to it before
    the kill.
    """
    home, out, log = (folder.absolute() / name for name in ("home", "out", "convert.log"))
    home.mkdir(parents=True)
    found = [str(place.resolve()) for place in places]
    started = time.monotonic()
    with log.open("wb") as output:

        def begin() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                tree.docmill("convert", *found, "--out", str(out), *options),
                cwd=tree.root,
                env=tree.environment(home),
                stdout=output,
                stderr=output,
            )

        if cut_off_at:
            _cut_off(begin(), home, cut_off_at)
        status = begin().wait()
    if status not in _DONE:
        printed = log.read_text("utf-8", errors="replace")[-_SHOWN:]
        raise CommandFailedError(f"docmill convert of {tree.commit} ended with {status}:\n{printed}")
    return Converted(home, out, status, time.monotonic() - started)


def _cut_off(run: subprocess.Popen[bytes], home: Path, documents: int) -> None:
    """Kill the command in the midst of its work; its workers end by themselves."""
    while sum(1 for _ in (home / "store" / "documents").glob("*/*")) < documents:
        if run.poll() is not None:
            raise CommandFailedError(f"docmill convert ended before {documents} documents were begun")
        time.sleep(0.02)
    run.kill()
    run.wait()
