"""Converters by the names that the command takes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality.engines.docmill import Docmill
from benchmarks.quality.engines.folder import MarkdownFolder
from benchmarks.quality.engines.output import Converter, EngineError
from benchmarks.quality.engines.peers import PEERS, Peer

__all__ = ["ENGINES", "named_engine"]

_FOLDER = "md:"
#: What `--engine` takes, for its help.
ENGINES = ", ".join(["docmill", f"{_FOLDER}FOLDER", *PEERS])


def named_engine(name: str, *, jobs: int, timeout_s: float, kept: Path | None, drawn: int) -> Converter:
    """The converter; `drawn` pages of each document are shown. Raises `EngineError` for an unknown name."""
    if name.startswith(_FOLDER):
        return MarkdownFolder(Path(name.removeprefix(_FOLDER)))
    if name == "docmill":
        return Docmill(jobs, timeout_s, kept, drawn)
    if name in PEERS:
        return Peer(name)
    raise EngineError(f"there is no engine {name}: {ENGINES}")
