"""`python -m benchmarks.native_reading PLACE...`: pages read with the native library and by ctypes.

Every page of every PDF is read both ways, and what is read is compared byte by byte; errors too. With
`--cpu N` the CPU time a page is measured as well: both ways in turn, N times, medians. It ends with 1 when
something differs, and with 2 when this installation has no library.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.metrics.environment import environment
from docmill.pipeline.convert.errors import DocumentError, PageError
from docmill.pipeline.convert.pdf.native.library import USUAL, Library
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf

__all__ = ["Compared", "compare", "main"]


@dataclass
class Compared:
    """How many files and pages were read, and what differs: the file and the page."""

    files: int = 0
    unreadable: int = 0
    pages: int = 0
    different: list[str] = field(default_factory=list)


def compare(paths: Sequence[Path], native: Library) -> Compared:
    """Read every page of the files both ways."""
    found = Compared()
    for path in paths:
        found.files += 1
        try:
            with Pdf.open(path) as pdf:
                for number in range(1, pdf.page_count + 1):
                    found.pages += 1
                    if _read(pdf, number, native) != _read(pdf, number, None):
                        found.different.append(f"{path}, page {number}")
        except DocumentError:
            found.unreadable += 1
    return found


def _read(pdf: Pdf, number: int, native: Library | None) -> bytes:
    try:
        return msgspec.json.encode(read_page(pdf, number, native=native))
    except PageError as error:
        return str(error).encode()


def _cpu_ms(paths: Sequence[Path], native: Library | None) -> float:
    """Milliseconds of CPU a page."""
    pages, begun = 0, time.process_time()
    for path in paths:
        try:
            with Pdf.open(path) as pdf:
                for number in range(1, pdf.page_count + 1):
                    _read(pdf, number, native)
                    pages += 1
        except DocumentError:
            continue
    return 1000 * (time.process_time() - begun) / max(1, pages)


def _pdfs(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from sorted(place.rglob("*.pdf")) if place.is_dir() else [place]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.native_reading", description=__doc__)
    parser.add_argument("places", nargs="+", type=Path, metavar="PLACE", help="a PDF, or a folder of them")
    parser.add_argument("--cpu", type=int, default=0, metavar="N", help="measure the CPU time so often")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if USUAL is None:
        print("this installation has no native library: docs/installing.md", file=sys.stderr)
        return 2
    paths = list(_pdfs(options.places))
    found = compare(paths, USUAL)
    print(f"{found.files} files, {found.unreadable} of them unreadable; {found.pages} pages")
    print("\n".join(["different:", *found.different]) if found.different else "all equal")
    turns = [(_cpu_ms(paths, USUAL), _cpu_ms(paths, None)) for _ in range(options.cpu)]
    if turns:
        native, ctypes = (median(times) for times in zip(*turns, strict=True))
        print(f"{native:.2f} ms of CPU a page with the library, {ctypes:.2f} ms without")
    if options.json:
        cpu = [
            {"native_ms": native, "ctypes_ms": ctypes, "ratio": native / ctypes} for native, ctypes in turns
        ]
        report = {"environment": msgspec.to_builtins(environment()), **asdict(found), "cpu": cpu}
        options.json.write_text(json.dumps(report, indent=1))
    return 1 if found.different else 0


if __name__ == "__main__":
    sys.exit(main())
