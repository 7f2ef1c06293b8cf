"""`python -m benchmarks.estimates`: how often the intervals of `docmill estimate` hold.

Documents are made of the samples' pages, some of them scanned, and converted in batches through the command
line. Then estimates are made of batches, singly and several together, from what others took: never from the
documents themselves. With `--triton-url` a Triton server does layout and tables (`docmill triton serve`),
with `--vlm-url` a vLLM server reads all pages, those that its tiny model knows (`docmill vllm serve`). What
servers have counted before a batch is known when it is estimated. `--replay FILE` scores what an earlier run
has kept with `--json`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.material.assorted import LEARNED, make_assorted
from benchmarks.metrics.environment import Environment, environment
from docmill.pipeline.cli.convert_files import configured_conversion
from docmill.pipeline.cli.estimate_files import setup_of
from docmill.pipeline.cli.options.convert import resource_config
from docmill.pipeline.cli.options.stages import STAGE_OPTIONS
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.forecast import Asked, File, Forecast, PastDocument, chosen, forecast
from docmill.pipeline.intake.page_counts import Look, PagesBySize, look_through
from docmill.pipeline.intake.shapes import Setup
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["Batch", "Converted", "Measured", "Score", "scores"]

#: Batches that are known, batches to estimate, and whether files are opened.
CASES = (
    (0, 1, True),
    (1, 1, True),
    (3, 3, True),
    (3, 3, False),
    (10, 1, True),
    (10, 5, True),
    (10, 5, False),
)


class Converted(msgspec.Struct, frozen=True):
    """A document as it was found, and what it took."""

    size: int
    pages: int
    scanned: float
    seconds: float
    cpu_seconds: float
    gpu_seconds: float = 0.0


class Batch(msgspec.Struct, frozen=True):
    """One command: its workers, how long it took, its documents, and what servers had counted before."""

    jobs: int
    wall_seconds: float
    documents: list[Converted]
    setup: Setup = Setup()


class Measured(msgspec.Struct, frozen=True):
    """What was converted, and where."""

    environment: Environment
    batches: list[Batch]


@dataclass(frozen=True)
class Score:
    """Of so many `estimates`, how many intervals held; `width` is the median of high to low."""

    known: int
    asked: int
    opened: bool
    estimates: int
    held: Counter[str]
    width: float


class Kept(Measured, frozen=True):
    """The same with what came of it."""

    scores: list[Score] = []


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("--batches", type=int, default=34)
    parser.add_argument("--documents", type=int, default=3, help="of each batch (default 3)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--estimates", type=int, default=100, help="of each case (default 100)")
    parser.add_argument("--triton-url", metavar="HOST:PORT", help="layout and tables on this Triton server")
    parser.add_argument("--vlm-url", metavar="URL", help="all pages are read by this vLLM server")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="convert nothing: what was kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was measured")
    options = parser.parse_args(arguments)
    if options.replay:
        measured = msgspec.json.decode(options.replay.read_bytes(), type=Measured)
    else:
        with tempfile.TemporaryDirectory(prefix="docmill-bench-") as scratch:
            measured = _measure(options, Path(scratch))
    found = scores(measured.batches, options.estimates, options.seed)
    if options.json:
        kept = Kept(measured.environment, measured.batches, found)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    _print(found)
    return 0


def scores(batches: Sequence[Batch], estimates: int, seed: int) -> list[Score]:
    """How often intervals held, by case, as far as there are as many batches."""
    cases = [case for case in CASES if case[0] + case[1] <= len(batches)]
    return [_score(case, batches, estimates, random.Random(f"{seed} {case}")) for case in cases]


def _score(
    case: tuple[int, int, bool], batches: Sequence[Batch], estimates: int, dice: random.Random
) -> Score:
    known, asked, opened = case
    held: Counter[str] = Counter()
    widths = []
    for _ in range(estimates):
        picked = dice.sample(batches, known + asked)
        found = _estimated(picked[:known], picked[known:], opened=opened)
        for name, good in _holding(found, picked[known:]):
            held[name] += good
        widths.append(found.worker_seconds.high / found.worker_seconds.low)
    return Score(known, asked, opened, estimates, held, sorted(widths)[estimates // 2])


def _estimated(known: Sequence[Batch], asked: Sequence[Batch], *, opened: bool) -> Forecast:
    by_size, past = PagesBySize(), []
    for number, batch in enumerate(known):
        by_size.add([each.size for each in batch.documents], [each.pages for each in batch.documents])
        past += [
            PastDocument(
                str(number),
                each.pages,
                each.seconds,
                each.cpu_seconds,
                each.gpu_seconds,
                each.scanned if opened else None,
            )
            for each in batch.documents
        ]
    documents = [each for batch in asked for each in batch.documents]
    files = [
        File(str(number), each.size, Look(each.pages, each.scanned) if opened else None)
        for number, each in enumerate(documents)
    ]
    return forecast(chosen(files), len(files), past, by_size, Asked(asked[0].setup, asked[0].jobs))


def _holding(found: Forecast, asked: Sequence[Batch]) -> Iterator[tuple[str, bool]]:
    documents = [each for batch in asked for each in batch.documents]
    facts = {
        "pages": (found.pages, sum(each.pages for each in documents)),
        "worker_seconds": (found.worker_seconds, sum(each.seconds for each in documents)),
        "cpu_seconds": (found.cpu_seconds, sum(each.cpu_seconds for each in documents)),
    }
    if found.gpu_seconds.high:
        facts["gpu_seconds"] = (found.gpu_seconds, sum(each.gpu_seconds for each in documents))
    if len(asked) == 1:  # several commands are not one
        facts["wall_seconds"] = (found.wall_seconds, asked[0].wall_seconds)
    for name, (interval, fact) in facts.items():
        yield name, interval.low <= fact <= interval.high


def _measure(options: argparse.Namespace, scratch: Path) -> Measured:
    only = LEARNED if options.vlm_url else ()
    paths = make_assorted(scratch / "pdfs", options.batches * options.documents, options.seed, only=only)
    stages = _stages(options)
    flags = [word for name, value in stages.items() for word in (STAGE_OPTIONS[name].flag, value)]
    conversion = configured_conversion(resource_config({}, stages))
    home = scratch / "home"
    variables = {**os.environ, "DOCMILL_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    variables.setdefault("DOCMILL_MODELS", str(default_folder()))
    walls = []
    for number in range(options.batches):
        places = [str(path) for path in paths[number * options.documents : (number + 1) * options.documents]]
        jobs = 1 + number % 2
        setup = setup_of(conversion)
        words = ["convert", *places, *flags, "--out", str(scratch / "out"), "--jobs", str(jobs), "--quiet"]
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "docmill.pipeline.cli", *words], env=variables, check=False
        )
        if done.returncode:
            sys.exit("a document was not converted: the figures would mean nothing")
        walls.append((jobs, time.monotonic() - started, places, setup))
    looks = look_through([str(path) for path in paths], seconds=120.0)
    tables = open_ledger(DocumentStore(str(home / "store"))).documents.scan()
    rows = {row["source"]: row for table in tables for row in table.to_pylist(maps_as_pydicts="strict")}

    def converted(place: str) -> Converted:
        row, look = rows[place], looks[place]
        gpu = sum((row["device_seconds"] or {}).values())
        return Converted(row["size"], look.pages, look.scanned, row["seconds"], row["cpu_seconds"], gpu)

    batches = [
        Batch(jobs, wall, [converted(place) for place in places], setup)
        for jobs, wall, places, setup in walls
    ]
    return Measured(environment(), batches)


def _stages(options: argparse.Namespace) -> dict[str, str]:
    """What the options come to, by the names of the stages' own."""
    triton = {"layout": "triton:cdla", "tables": "triton:slanet", "triton_url": options.triton_url}
    vllm = {"understanding": "all", "vlm_url": options.vlm_url}
    return (triton if options.triton_url else {}) | (vllm if options.vlm_url else {})


def _print(found: Sequence[Score]) -> None:
    names = ("pages", "worker_seconds", "cpu_seconds", "gpu_seconds", "wall_seconds")
    table = Table("batches known", "asked about", "opened", *names, "high / low", title="Intervals that held")
    for each in found:
        shares = [f"{each.held[name] / each.estimates:.2f}" if name in each.held else "" for name in names]
        opened = "yes" if each.opened else "no"
        table.add_row(str(each.known), str(each.asked), opened, *shares, f"{each.width:.1f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
