"""How many pages files have that were not converted yet: counted, or guessed from files of like size.

Run as a module it counts the files that its standard input names as JSON, a line each. It is a process of its
own, which may be killed, because a file may be anything.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray

__all__ = ["PagesBySize", "count_pages"]

#: Files that are opened, and for how long; others are guessed.
_MAX_FILES = 500
_SECONDS = 20.0
#: Of a hundred files of like size, so many have no more pages than is guessed.
_QUANTILE = 0.95
#: More pages than any file has; PDFium takes a file's word for it.
_MAX_PAGES = 1_000_000


def count_pages(sources: Collection[str], seconds: float = _SECONDS) -> dict[str, int]:
    """The pages of those of these files that are here and can be opened in time; none when they are many."""
    local = [source for source in sources if "://" not in source and Path(source).is_file()]
    if not local or len(local) > _MAX_FILES:
        return {}
    child = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said, _ = child.communicate(json.dumps(local), timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        said, _ = child.communicate()
    return dict(_answers(said))


@dataclass
class PagesBySize:
    """What is known of pages and sizes of files, and the guess that follows: rather too many than too few.

    Files are of like size when their sizes have as many binary digits.
    """

    _sizes: list[NDArray[np.int64]] = field(default_factory=list)
    _pages: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, sizes: Sequence[int], pages: Sequence[int]) -> None:
        """Files that were opened: their bytes, and their pages."""
        self._sizes.append(np.asarray(sizes, np.int64))
        self._pages.append(np.asarray(pages, np.int64))

    def guess(self, sizes: Sequence[int]) -> list[int]:
        """The pages of files of so many bytes; 0 each when nothing is known."""
        known, pages = np.concatenate([*self._sizes, []]), np.concatenate([*self._pages, []])
        if not known.size:
            return [0] * len(sizes)
        digits = _digits(known)
        most = {
            int(number): int(np.quantile(pages[digits == number], _QUANTILE, method="higher"))
            for number in np.unique(digits)
        }
        return [_nearest(most, int(number)) for number in _digits(np.asarray(sizes, np.int64))]


def _digits(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.frexp(sizes.astype(np.float64))[1].astype(np.int64)


def _nearest(most: dict[int, int], digits: int) -> int:
    """What files of like size have; else the next bigger ones; else smaller ones, by bytes."""
    bigger = [number for number in most if number >= digits]
    if bigger:
        return most[min(bigger)]
    smaller = max(most)
    return most[smaller] << min(digits - smaller, 20)


def _answers(said: str) -> Iterator[tuple[str, int]]:
    for line in said.splitlines():
        try:
            source, pages = json.loads(line)
        except ValueError:  # it was killed within a line
            return
        yield source, pages


def _count(paths: Sequence[str]) -> None:
    for path in paths:
        try:
            with pypdfium2.PdfDocument(path) as pdf:
                pages = len(pdf)
        except pypdfium2.PdfiumError:
            continue
        if 0 < pages <= _MAX_PAGES:
            print(json.dumps([path, pages]), flush=True)


if __name__ == "__main__":
    _count(json.loads(sys.stdin.read()))
