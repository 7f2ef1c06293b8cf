"""`python -m benchmarks.ray_serve`: Ray Serve beside Triton, with the same models, threads and clients.

Both servers run on this machine, and are asked in turn, a round each; figures are medians over rounds. Inputs
go through the connection on both sides: Ray Serve knows no shared memory. One model answers at once, one asks
two others: layout, and then tables; heron and TableFormer are docling's architectures with random weights,
whose exporters are installed on first use. Then one model of Ray Serve's is scaled by its requests, from none
and back, and at the end parts of both are killed under load.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.beside_docling.random_heron import HERON
from benchmarks.harness.noise import Watch, busy_now
from benchmarks.metrics.environment import environment
from benchmarks.ray_serve.faults import Fault, after_kill
from benchmarks.ray_serve.made_models import AT_ONCE, PAGE, write_docling_models, write_models
from benchmarks.ray_serve.own_cpu import OwnCpu
from benchmarks.ray_serve.report import Report, show
from benchmarks.ray_serve.scaling import Scaling, measure_scaling
from benchmarks.ray_serve.served import LAYOUT, STRUCTURE, Compared, Served, compared, measured
from benchmarks.ray_serve.servers import Side, ray_side, triton_side
from benchmarks.serving import server_tree
from benchmarks.serving.pictures import requests
from benchmarks.serving.random_tableformer import TABLES
from docmill.resources.home import default_home
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import install_embedded
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

__all__ = ["main"]

#: By the names that the command knows them by.
_MODELS = {
    "at-once": AT_ONCE,
    "layout": LAYOUT,
    "slanet": STRUCTURE,
    "page": PAGE,
    "heron": HERON,
    "tableformer": TABLES,
}
_DOCLINGS = (HERON, TABLES)
_KILL_REQUESTS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    for why in busy_now():
        console.print(f"not an empty machine: {why}", style="yellow")
    watch, own = Watch(), OwnCpu()
    chosen = {name: _MODELS[name] for name in options.model or _MODELS}
    with ExitStack() as running:
        repository = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="docmill-models-")))
        install_embedded(repository, shipped().models, ModelCache(default_folder()))
        write_models(repository)
        if not set(_DOCLINGS).isdisjoint(chosen.values()):
            console.print("docling's architectures ...", style="dim")
            write_docling_models(repository, default_home(), options.max_tags)
        # what others ask, and what is killed
        loaded = list(dict.fromkeys([*chosen.values(), LAYOUT, STRUCTURE]))
        console.print("both servers start ...", style="dim")
        triton, first = triton_side(running, repository, loaded, options.threads)
        ray, second = ray_side(running, repository, loaded, options.threads)
        served = [each for name in chosen for each in _served((triton, ray), name, options, console)]
        scalings = list(_scaled(ray, options.scaling_rounds, console))
        faults = list(_faults(triton, ray, options.fault_seconds, console)) if options.fault_seconds else []
    report = Report(
        environment(),
        time.strftime("%Y-%m-%d"),
        options.threads,
        [first, second],
        served,
        list(_pairs(served)),
        scalings,
        faults,
        watch.end(own.end()),
    )
    show(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ray_serve", description=__doc__)
    parser.add_argument(
        "--model", action="append", choices=list(_MODELS), help="default: all; again for more"
    )
    parser.add_argument("--clients", default="1,4", help="clients at once (default 1,4)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="of each side (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="of one model (default 1)")
    parser.add_argument("--max-tags", type=int, default=64, help="of a table of TableFormer's (default 64)")
    parser.add_argument("--scaling-rounds", type=int, default=2, help="from none and back; 0: no scaling")
    parser.add_argument("--fault-seconds", type=float, default=12.0, help="after each kill; 0: no kills")
    parser.add_argument("--json", type=Path)
    return parser


def _served(
    sides: Sequence[Side], name: str, options: argparse.Namespace, console: Console
) -> Iterator[Served]:
    console.print(f"{name}: in turn ...", style="dim")
    clients = [int(each) for each in options.clients.split(",")]
    return measured(sides, name, _MODELS[name], clients, options.seconds, options.rounds)


def _pairs(served: Sequence[Served]) -> Iterator[Compared]:
    for first, second in zip(served[::2], served[1::2], strict=True):
        yield compared(first, second)


def _scaled(ray: Side, rounds: int, console: Console) -> Iterator[Scaling]:
    for number in range(rounds):
        console.print(f"scaling, round {number + 1} ...", style="dim")
        yield measure_scaling(ray.url, ray.pid)


def _faults(triton: Side, ray: Side, seconds: float, console: Console) -> Iterator[Fault]:
    for side, killed, words in (
        (triton, "the model's process", f"/{LAYOUT}/"),
        (ray, "the model's replica", f"ray::ServeReplica:docmill:{LAYOUT}"),
        (ray, "one door of two", "ray::ServeReplica:docmill:door"),
        (ray, "the controller", "ray::ServeController"),
        (ray, "the raylet", "/raylet/raylet"),
    ):
        console.print(f"{side.name}: {killed} is killed ...", style="dim")
        given = requests(side.url, LAYOUT, 1, _KILL_REQUESTS)
        yield after_kill(side.name, killed, side.url, LAYOUT, given, _killing(side.pid, words), seconds)


def _killing(pid: int, words: str) -> Callable[[], None]:
    def kill() -> None:
        if not server_tree.kill_one(pid, words):
            raise SystemExit(f"there is no process {words}")

    return kill


if __name__ == "__main__":
    sys.exit(main())
