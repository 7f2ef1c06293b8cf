"""How many pages files have that were not converted yet, and how many without text: counted, or guessed.

Run as a module it counts the files that its standard input names as JSON, a line each. It is a process of its
own, which may be killed, because a file may be anything.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray

__all__ = ["Look", "PagesBySize", "count_pages", "look_through"]

#: Files that are opened, and for how long; others are guessed.
_MAX_FILES = 500
_SECONDS = 20.0
#: Of a hundred files of like size, so many have no more pages than is guessed.
_QUANTILE = 0.95
#: More pages than any file has; PDFium takes a file's word for it.
_MAX_PAGES = 1_000_000
#: Pages of a file that are looked at for text, and characters that are none: a scanner's own mark.
_SAMPLE, _NO_TEXT = 8, 3


@dataclass(frozen=True)
class Look:
    """What a look into a file found: its pages, 0 when it cannot be opened, and the share without text."""

    pages: int
    scanned: float = 0.0


def count_pages(sources: Collection[str], seconds: float = _SECONDS) -> dict[str, int]:
    """The pages of those of these files that are here and can be opened in time; none when they are many."""
    local = _here(sources)
    if len(local) > _MAX_FILES:
        return {}
    return {source: look.pages for source, look in _look(local, 0, seconds) if look.pages}


def look_through(sources: Collection[str], seconds: float = _SECONDS) -> dict[str, Look]:
    """What there is in those of these files that are here, as far as time allows.

    Of each up to eight pages, evenly apart, are looked at for text.
    """
    return dict(_look(_here(sources), _SAMPLE, seconds))


def _here(sources: Collection[str]) -> list[str]:
    return [source for source in sources if "://" not in source and Path(source).is_file()]


def _look(paths: Sequence[str], sample: int, seconds: float) -> Iterator[tuple[str, Look]]:
    if not paths:
        return
    child = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said, _ = child.communicate(json.dumps([sample, list(paths)]), timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        said, _ = child.communicate()
    yield from _answers(said)


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

    def like(self, size: int, least: int = 1) -> NDArray[np.int64]:
        """The pages of the known files of like size; of so many nearest ones at `least`, where there are."""
        known, pages = np.concatenate([*self._sizes, []]), np.concatenate([*self._pages, []])
        if not known.size:
            return np.zeros(0, np.int64)
        apart = np.abs(_digits(known) - _digits(np.asarray([size], np.int64)))
        farthest = np.sort(apart)[min(least, known.size) - 1]
        like: NDArray[np.int64] = pages[apart <= farthest].astype(np.int64)
        return like

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


def _answers(said: str) -> Iterator[tuple[str, Look]]:
    for line in said.splitlines():
        try:
            source, pages, scanned = json.loads(line)
        except ValueError:  # it was killed within a line
            return
        yield source, Look(pages, scanned)


def _report(sample: int, paths: Sequence[str]) -> None:
    for path in paths:
        try:
            with pypdfium2.PdfDocument(path) as pdf:
                pages = len(pdf)
                scanned = _scanned(pdf, min(sample, pages)) if pages <= _MAX_PAGES else 0.0
        except pypdfium2.PdfiumError:
            pages, scanned = 0, 0.0
        if 0 <= pages <= _MAX_PAGES:
            print(json.dumps([path, pages, scanned]), flush=True)


def _scanned(pdf: pypdfium2.PdfDocument, sample: int) -> float:
    """The share of pages without text, of so many of them."""
    chosen = [number * len(pdf) // sample for number in range(sample)]
    return sum(not _has_text(pdf, number) for number in chosen) / sample if sample else 0.0


def _has_text(pdf: pypdfium2.PdfDocument, number: int) -> bool:
    """Also true of a page that cannot be read, which nobody reads by OCR either."""
    try:
        page = pdf[number]
        with closing(page), closing(page.get_textpage()) as text:
            return bool(text.count_chars() > _NO_TEXT)
    except pypdfium2.PdfiumError:
        return True


if __name__ == "__main__":
    _report(*json.loads(sys.stdin.read()))
