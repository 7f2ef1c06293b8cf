"""`python -m benchmarks.same_bytes [PDF ...]`: whether documents are the same bytes under any load.

The samples, or the PDFs that are named, are converted once with one worker, and then again by other numbers
of workers, other batches and orders, on a crowded machine, with workers killed and with the command killed
and run again. With `--triton` the same goes through a Triton server on this machine: alone, beside other
clients that ask the same models, and with requests joined in the server. Every page of every stage, every
record without its times and every result is compared with the first. It ends with 1 when something differs.

A hash of each document's results is in the JSON. docs/same-bytes.md says what is promised.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console

from benchmarks.comparing.errors import ComparingError
from benchmarks.comparing.hashes import hashes
from benchmarks.comparing.sides import side
from benchmarks.comparing.trees import CHECKOUT, tree_at
from benchmarks.metrics.environment import environment
from benchmarks.same_bytes.disturbances import Disturbance, crowded, workers_killed
from benchmarks.same_bytes.holding import Backend, Circumstance, hold
from benchmarks.same_bytes.report import SameBytesReport, print_report
from benchmarks.same_bytes.served import neighbours, served

__all__ = ["main"]


_SAMPLES = CHECKOUT / "tests" / "samples"


#: The first is what the others are held against.
EMBEDDED = (
    Circumstance("one worker", ("--jobs", "1")),
    Circumstance("two workers"),
    Circumstance("four workers", ("--jobs", "4")),
    Circumstance("a document a batch", ("--jobs", "2", "--batch-size", "1")),
    Circumstance("one batch, backwards", ("--jobs", "3", "--batch-size", "1000"), backwards=True),
    Circumstance("a crowded machine", beside=crowded),
    Circumstance("workers killed", beside=workers_killed),
    Circumstance("killed and run again", cut_off_at=2),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    places = _files(options.pdfs or [_SAMPLES])
    try:
        with TemporaryDirectory(prefix="docmill-same-bytes-") as scratch:
            report = _examine(places, options, Path(scratch), console)
    except ComparingError as error:
        console.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return 2
    print_report(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0 if report.equal else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_bytes", description=__doc__)
    parser.add_argument("pdfs", type=Path, nargs="*", help="PDFs or folders, instead of docmill's samples")
    parser.add_argument("--triton", action="store_true", help="through a Triton server, too")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these circumstances, by name")
    parser.add_argument("--json", type=Path, help="write hashes and all differences here")
    return parser


def _files(places: Sequence[Path]) -> list[Path]:
    return sorted(path for place in places for path in ([place] if place.is_file() else place.rglob("*.pdf")))


def _examine(
    places: Sequence[Path], options: argparse.Namespace, folder: Path, console: Console
) -> SameBytesReport:
    tree = tree_at(CHECKOUT)
    wanted = tuple(options.only)
    first, held = hold(
        tree, places, folder / "embedded", Backend("embedded"), _chosen(EMBEDDED, wanted), console
    )
    for joined in (False, True) if options.triton else ():
        name = "Triton, joined" if joined else "Triton"
        own = folder / ("joined" if joined else "served")
        with served(own / "server", joined) as server:
            chosen = _chosen(_by_triton(neighbours(server.url)), wanted)
            held += hold(tree, places, own, Backend(name, server.options), chosen, console)[1]
    return SameBytesReport(
        environment=environment(), commit=side(tree), files=len(places), hashes=hashes(first.out), held=held
    )


def _chosen(circumstances: Sequence[Circumstance], wanted: Sequence[str]) -> Sequence[Circumstance]:
    """Those of the names, and always the first; all when no name is given."""
    return [each for at, each in enumerate(circumstances) if not (at and wanted) or each.name in wanted]


def _by_triton(beside: Disturbance) -> Sequence[Circumstance]:
    return (
        Circumstance("one worker", ("--jobs", "1")),
        Circumstance("four workers", ("--jobs", "4")),
        Circumstance("other clients", beside=beside),
        Circumstance("other clients, four workers, backwards", ("--jobs", "4"), beside, backwards=True),
        Circumstance("workers killed", beside=workers_killed),
    )


if __name__ == "__main__":
    sys.exit(main())
