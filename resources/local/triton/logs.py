"""The server's log lines, made readable: level, time and words, without what says nothing on a CPU."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Entry", "read_line"]

_LINE = re.compile(
    r"(?P<level>[IWEF])\d{4} (?P<time>[\d:]{8})\.\d+ \d+ (?P<place>\S[^\s\]]*)\] ?(?P<words>.*)"
)
_LEVELS = {"I": "info", "W": "warning", "E": "error", "F": "error"}
#: What a server says on a machine without a GPU; nothing is wrong.
_NO_GPU = re.compile(
    r"CudaDriverHelper|pinned (system )?memory|NVML|DCGM|CUDA driver|CUDA memory pool|"
    r"unable to create (cuda )?stream",
    re.IGNORECASE,
)
#: What a user wants to see of a server that is well.
_NEWS = re.compile(r"^(loading|unloading|successfully (un)?loaded|Started|Waiting for in-flight)")
#: Tables of settings that the server prints at its start.
_TABLE = re.compile(r"^\s*([+|].*[+|]\s*)?$")


@dataclass(frozen=True)
class Entry:
    """One line: `level` is info, warning or error; `time` is empty for lines without a head of their own."""

    level: str
    time: str
    words: str
    #: Whether it is worth showing to someone who did not ask for everything.
    notable: bool


def read_line(line: str, gpu: bool = False) -> Entry:
    """A line of the server's output. With `gpu`, complaints about GPUs are notable."""
    line = line.rstrip()
    match = _LINE.fullmatch(line)
    if match is None:
        harmless = bool(_TABLE.match(line)) or (not gpu and bool(_NO_GPU.search(line)))
        return Entry("info", "", line, not harmless)
    level, words = _LEVELS[match["level"]], _unquoted(match["words"])
    notable = bool(_NEWS.match(words)) if level == "info" else gpu or not _NO_GPU.search(words)
    return Entry(level, match["time"], words, notable)


def _unquoted(words: str) -> str:
    """Triton quotes what it says, line ends included."""
    if len(words) >= 2 and words[0] == words[-1] == '"':
        return words[1:-1].replace('\\"', '"').replace("\\n", "\n").strip()
    return words
