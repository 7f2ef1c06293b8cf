"""docmill beside a stock docling that asks the same Triton server: `python -m benchmarks.beside_docling`.

`docmill convert --layout triton` and docling with its own remote layout engine convert the same files into
DoclingDocuments, in turn, with as many processes each; OCR and tables are off on both sides. Many documents
of one page, and long ones; with a layout model that answers at once, so that all that counts is the clients'
own work, and with heron's network, whose weights are random. A page costs what many of them take more than
few, so starting is apart: docling imports torch, docmill Dagster. CPU is that of all processes of a side,
without the server's, which stands beside it. docling's packages, and those that export heron, are installed
on first use. Linux.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.beside_docling.artifacts import write_artifacts
from benchmarks.beside_docling.costs import Beside, beside
from benchmarks.beside_docling.models import write_at_once, write_heron
from benchmarks.beside_docling.random_heron import HERON, RandomHeron
from benchmarks.beside_docling.sides import Docling, Docmill, Side, Spent, spent
from benchmarks.beside_docling.stock import stock_docling
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.metrics.environment import Environment, environment
from docmill.resources.home import default_home
from docmill.resources.local.triton.environment import prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings

__all__ = ["Figures", "main", "measure"]

_START_S = 600.0
_AT_ONCE, _HERON = "answers at once", "heron's network"


class Figures(msgspec.Struct, frozen=True):
    """All that was measured. `load` is the machine's over a minute, at the start."""

    environment: Environment
    workers: int
    load: float
    beside: list[Beside]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside_docling", description=__doc__)
    parser.add_argument(
        "--pages",
        type=int,
        default=96,
        help="of each corpus, with the model that answers at once; 0: not measured",
    )
    parser.add_argument("--heron-pages", type=int, default=32, help="the same with heron")
    parser.add_argument("--length", type=int, default=48, help="pages of a long document (default 48)")
    parser.add_argument("--workers", type=int, default=2, help="processes of each side (default 2)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    load = float(Path("/proc/loadavg").read_text().split()[0])
    console = Console()
    with tempfile.TemporaryDirectory(prefix="docmill-beside-") as scratch:
        folder = Path(scratch)
        write_artifacts(folder / "artifacts")
        docling = Docling(stock_docling(default_home()), folder / "artifacts", options.workers)
        sides = (Docmill(options.workers), docling)
        found: list[Beside] = []
        for name, pages, write in _models(options):
            console.print(f"{name} ...", style="dim")
            place = folder / str(len(found))  # Triton takes no folder with a space in its name
            write(place / "models")
            with _server(place / "models") as server:
                # docling gives a process whole documents: with fewer of them, fewer start
                length = min(options.length, max(1, pages // options.workers))
                found += measure(name, sides, server, place, pages, length, options.rounds)
    figures = Figures(environment(), options.workers, load, found)
    _print(figures, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(
    model: str,
    sides: tuple[Side, Side],
    server: LocalServer,
    folder: Path,
    pages: int,
    length: int,
    rounds: int,
) -> list[Beside]:
    """Both sides on a server, in turn: so many documents of one page, and as many pages in long ones.

    The first round, which is not counted, compiles and fills caches.
    """
    corpora = _corpora(folder, pages, length)
    few = make_corpus(ordinary_samples(), 2, 1, folder / "few")
    every = {"few": few, **corpora}
    costs: dict[str, dict[str, list[Spent]]] = {name: {side.name: [] for side in sides} for name in every}
    for side in sides:
        spent(side, server, few, folder / f"warm-{side.name}")
    for number in range(rounds):
        for name, files in every.items():
            for side in sides if number % 2 else sides[::-1]:
                place = folder / f"{number}-{name}-{side.name}"
                costs[name][side.name].append(spent(side, server, files, place))
    return [
        beside(model, name, [file.pages for file in files], len(few), costs["few"], costs[name])
        for name, files in corpora.items()
    ]


def _corpora(folder: Path, pages: int, length: int) -> Mapping[str, list[CorpusFile]]:
    sources = ordinary_samples()
    return {
        "of one page": make_corpus(sources, pages, 1, folder / "short"),
        "long": make_corpus(sources, pages, length, folder / "long"),
    }


def _models(options: argparse.Namespace) -> Iterator[tuple[str, int, Callable[[Path], None]]]:
    if options.pages:
        yield _AT_ONCE, options.pages, write_at_once
    if options.heron_pages:
        made = RandomHeron(default_home()).repository()
        yield _HERON, options.heron_pages, lambda repository: write_heron(repository, made)


def _server(repository: Path) -> LocalServer:
    home = default_triton_home()
    settings = ServerSettings(repository, (HERON,), Ports(0, 0, 0), start_limit_s=_START_S)
    return LocalServer(settings, prepare_environment(home, shipped()), home)


def _print(figures: Figures, console: Console) -> None:
    console.print(f"load {figures.load:g} before; {figures.workers} processes on each side; medians")
    table = Table(
        "layout model", "documents", "", "CPU ms a page", "pages/s", "start, CPU s", "server, CPU ms a page"
    )
    for each in figures.beside:
        for side, cost in each.sides.items():
            table.add_row(
                *(each.model, f"{each.documents} {each.corpus}, {each.pages} pages", side),
                *(f"{cost.cpu_ms:.1f}", f"{cost.pages_per_s:.2f}"),
                *(f"{cost.start_cpu_s:.1f}", f"{cost.server_cpu_ms:.1f}"),
            )
        ratios = (f"{each.cpu_ratio:.2f}", f"{each.speed_ratio:.2f}", f"{each.start_ratio:.2f}")
        table.add_row("", "", "docmill to docling", *ratios, "", end_section=True)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
