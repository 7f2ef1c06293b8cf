"""How many fields a form has when its tree is walked.

PDFium walks it whole for the first page with fields. A file of two kilobytes whose fields share their kids
has millions of ways through it, and takes minutes.
"""

from __future__ import annotations

import mmap
from pathlib import Path

__all__ = ["count_fields"]

#: Lists of kids that are looked at, and how far their object may begin before them, in bytes.
_MAX_LISTS = 20_000
_MAX_OBJECT = 1 << 14


def count_fields(path: Path) -> int:
    """The most ways down from any node of the trees of a PDF; of compressed objects nothing is known."""
    kids = _kids(path)
    ways: dict[int, int] = {}  # 0 while a node's kids are counted: one that is its own kid leads nowhere
    for root in kids:
        waiting = [(root, False)]
        while waiting:
            node, counted = waiting.pop()
            if counted:
                ways[node] = sum(ways[kid] for kid in kids[node])
            elif node not in ways:
                below = kids.get(node, [])
                ways[node] = 0 if below else 1
                if below:
                    waiting.append((node, True))
                    waiting += [(kid, False) for kid in dict.fromkeys(below)]
    return max(ways.values(), default=0)


def _kids(path: Path) -> dict[int, list[int]]:
    """The kids of objects by number; of several versions of an object those of the last."""
    found: dict[int, list[int]] = {}
    if not path.stat().st_size:
        return found
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = -1
        for _ in range(_MAX_LISTS):
            at = data.find(b"/Kids", at + 1)
            if at < 0:
                break
            begin = data.rfind(b" obj", max(0, at - _MAX_OBJECT), at)
            end = data.find(b"]", at, at + _MAX_OBJECT)
            number = data[max(0, begin - 20) : max(0, begin)].split()[-2:]
            if end < 0 or len(number) < 2 or not number[0].isdigit():
                continue
            entries = data[at:end].partition(b"[")[2].split()
            found[int(number[0])] = [int(entry) for entry in entries[::3] if entry.isdigit()]
    return found
