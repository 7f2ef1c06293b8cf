"""`python -m benchmarks.end_to_end`: pages, CPU and cost of the whole of docmill, by who computes its models.

`docmill convert` makes the same documents three ways: with its embedded models, with the same models on a
real Triton, and with them on a real Ray Serve, all on this machine; first without understanding, then with
a real `vllm serve` that reads every page. Sides run in turn, each with its server started for its turn and
gone afterwards, and a store of its own; figures are medians of rounds. vLLM, which takes a minute to start,
stays for all turns with understanding. CPU is that of all processes, docmill's and the servers' apart.

The model on vLLM is tiny, knows a few sample pages by heart and nothing else, and runs on a CPU: what is
measured with understanding is docmill's part and the plumbing around it, on those pages. It says nothing of
quality, nor of Granite-Docling's speed.

Cost is docmill's own account of its documents, at example prices. Its servers compute on this machine's CPUs
here, so an hour of their device costs what an hour of a CPU does; `--device-hour` is another price.

It ends with 1 when a side did not convert a document wholly, or, without understanding, made another one
than the embedded models. Environments of the servers are made in docmill's home on first use, which takes
minutes. Linux on x86_64.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.cost import INPUTS
from benchmarks.end_to_end.material import FEW, Corpus, learned_pages, ordinary_pages
from benchmarks.end_to_end.report import Report, show
from benchmarks.end_to_end.rounds import Rounds
from benchmarks.end_to_end.sides import SIDES, Beside, beside, understanding
from benchmarks.end_to_end.turns import Made, Work, taken, warmed
from benchmarks.harness.noise import Watch, busy_now
from benchmarks.metrics.environment import environment
from benchmarks.ray_serve.own_cpu import OwnCpu
from benchmarks.serving.vllm import local_vllm
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import install_embedded
from docmill.resources.price import Price
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

__all__ = ["main"]

_WITHOUT, _WITH = "without understanding", "with understanding"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _options(arguments)
    console = Console()
    for why in busy_now():
        console.print(f"not an empty machine: {why}", style="yellow")
    watch, own = Watch(), OwnCpu()
    price = Price(per_gpu_hour=options.device_hour, per_cpu_hour=options.cpu_hour)
    work = Work(options.workers, ("--detector", options.detector), price)
    sides = [side for side in SIDES if side in (options.side or SIDES)]
    with tempfile.TemporaryDirectory(prefix="docmill-end-to-end-") as scratch:
        every = _measured(work, sides, options, Path(scratch), console)
    report = Report(
        environment=environment(),
        date=time.strftime("%Y-%m-%d"),
        workers=options.workers,
        threads=options.threads,
        detector=options.detector,
        cpu_price=options.cpu_hour,
        device_price=options.device_hour,
        measured=[each for rounds in every for each in rounds.measured(sides)],
        ratios=[each for rounds in every for each in rounds.ratios(sides)],
        noise=watch.end(own.end()),
    )
    show(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 0 if report.complete else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    cpu_hour = INPUTS["per_cpu_hour"].value
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.end_to_end",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pages", type=int, default=60, help="without understanding (default 60); 0: none")
    parser.add_argument("--length", type=int, default=6, help="pages of a document there (default 6)")
    parser.add_argument("--understood", type=int, default=12, help="pages with it (default 12); 0: none")
    parser.add_argument("--understood-length", type=int, default=3, help="of a document there (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="of each side (default 3)")
    parser.add_argument("--side", action="append", choices=SIDES, help="default: all; again for more")
    parser.add_argument("--workers", type=int, default=2, help="docmill's worker processes (default 2)")
    parser.add_argument("--threads", type=int, default=1, help="of a model on a server (default 1)")
    parser.add_argument(
        "--detector",
        choices=("auto", "always"),
        default="auto",
        help="about which pages the layout model is asked, on every side: those in doubt (default), or all",
    )
    parser.add_argument("--cpu-hour", type=float, default=cpu_hour, help=f"USD (default {cpu_hour:g})")
    parser.add_argument("--device-hour", type=float, default=cpu_hour, help="USD (default: as a CPU's)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    if any(0 < pages <= FEW for pages in (options.pages, options.understood)):
        parser.error(f"{FEW} pages tell what starting takes: more are needed beside them, or 0")
    return options


def _measured(
    work: Work, sides: Sequence[str], options: argparse.Namespace, scratch: Path, console: Console
) -> list[Rounds]:
    repository = scratch / "models"
    install_embedded(repository, shipped().models, ModelCache(default_folder()))
    every: list[Rounds] = []

    def measure(name: str, corpus: Corpus, pages: int, also: Beside, promised: bool) -> None:
        def turn(side: str, number: int) -> Made:
            console.print(f"{name}, round {number + 1}: {side} ...", style="dim")
            with beside(side, repository, options.threads) as servers:
                return taken(work, servers + also, corpus, scratch / f"{len(every)}-{number}-{side}")

        rounds = Rounds(name, pages, promised)
        rounds.take(sides, options.rounds, turn)
        every.append(rounds)

    if options.pages:
        corpus = ordinary_pages(options.pages, options.length, scratch / "ordinary")
        measure(_WITHOUT, corpus, options.pages, Beside(), promised=True)
    if options.understood:
        corpus = learned_pages(options.understood, options.understood_length, scratch / "learned")
        with ExitStack() as running:
            console.print("vLLM starts ...", style="dim")
            vllm = running.enter_context(local_vllm(VlmServer().model))
            model = understanding(vllm.url, vllm.pid)
            warmed(work, model, corpus, scratch / "warm")
            # answers depend on what the server reads beside them: docs/same-bytes.md
            measure(_WITH, corpus, options.understood, model, promised=False)
    return every


if __name__ == "__main__":
    sys.exit(main())
