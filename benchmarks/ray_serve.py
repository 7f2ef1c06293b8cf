"""`python -m benchmarks.ray_serve`: Ray Serve beside Triton, with the same models, threads and clients.

Both servers run on this machine, and are asked in turn, a round each; figures are medians over rounds. Inputs
go through the connection on both sides: Ray Serve knows no shared memory. One model answers at once, one asks
two others: layout, and then tables. At the end parts are killed under load.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import Environment, environment
from benchmarks.serving import server_tree
from benchmarks.serving.faults import Fault, after_kill
from benchmarks.serving.load import apply_load
from benchmarks.serving.made_models import AT_ONCE, PAGE, write_models
from benchmarks.serving.pictures import Array, requests, tensor_counts
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import StatisticsReader
from docmill.resources.local.kserve_server import KServePorts
from docmill.resources.local.ray import environment as ray_environment
from docmill.resources.local.ray import places as ray_places
from docmill.resources.local.ray.server import LocalRay, RaySettings
from docmill.resources.local.triton import environment as triton_environment
from docmill.resources.local.triton import places as triton_places
from docmill.resources.local.triton.repository import install_embedded
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

_TRITON, _RAY = "Triton", "Ray Serve"
_LAYOUT, _TABLES = "layout_cdla", "slanet_plus"
_REQUESTS = 8
_DEADLINE_S = 300.0
_START_S = 900.0
_IDLE_S = 5.0
_TABLES_OF_A_PAGE = 2


class Beginning(msgspec.Struct, frozen=True):
    """From nothing to ready, and what it then takes while nobody asks."""

    server: str
    ready_s: float
    ready_cpu_s: float
    memory_mb: float
    idle_cores: float
    processes: int


class Served(msgspec.Struct, frozen=True):
    """One server, model and number of clients: medians of rounds.

    A request's `cpu_ms` is of all the server's processes, `asked_cpu_ms` that without what an idle server
    takes in the same time; `device_ms` is what the server says of its model.
    """

    server: str
    model: str
    clients: int
    per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float
    asked_cpu_ms: float
    device_ms: float
    average_batch: float


class Report(msgspec.Struct, frozen=True):
    """Everything that was measured, and where. `load` is the machine's over a minute, at the start."""

    environment: Environment
    date: str
    threads: int
    rounds: int
    load: float
    beginnings: list[Beginning]
    served: list[Served]
    faults: list[Fault]


@dataclass(frozen=True)
class _Side:
    """A running server."""

    name: str
    url: str
    pid: int
    idle_cores: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    load = Path("/proc/loadavg").read_text().split()[0]
    with ExitStack() as running:
        repository = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="docmill-models-")))
        install_embedded(repository, triton_places.shipped().models, ModelCache(default_folder()))
        write_models(repository)
        triton, first = _begun(running, _TRITON, _triton(repository, options.threads))
        ray, second = _begun(running, _RAY, _ray(repository, options.threads))
        served = _measure([triton, ray], options, console)
        faults = _faults(triton, ray, options.fault_seconds, console) if options.fault_seconds else []
    report = Report(
        environment(),
        time.strftime("%Y-%m-%d"),
        *(options.threads, options.rounds, float(load)),
        *([first, second], served, faults),
    )
    _print(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ray_serve", description=__doc__)
    parser.add_argument("--model", action="append", help="one of the four; may be given again")
    parser.add_argument("--clients", default="1,8", help="clients at once (default 1,8)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="of each side (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="of one model (default 1)")
    parser.add_argument("--fault-seconds", type=float, default=20.0, help="after each kill; 0: no kills")
    parser.add_argument("--json", type=Path)
    return parser


def _triton(repository: Path, threads: int) -> LocalServer:
    home = triton_places.default_triton_home()
    made = triton_environment.prepare_environment(home, triton_places.shipped())
    settings = ServerSettings(
        repository, (AT_ONCE, _LAYOUT, _TABLES, PAGE), Ports(0, 0, 0), threads=threads, start_limit_s=_START_S
    )
    return LocalServer(settings, made, home)


def _ray(repository: Path, threads: int) -> LocalRay:
    home, source = ray_places.default_ray_home(), ray_places.shipped()
    made = ray_environment.prepare_environment(home, source)
    settings = RaySettings(
        repository,
        (AT_ONCE, _LAYOUT, _TABLES, PAGE),
        KServePorts(0, 0),
        threads=threads,
        start_limit_s=_START_S,
    )
    return LocalRay(settings, made, source, home)


def _begun(running: ExitStack, name: str, server: LocalServer | LocalRay) -> tuple[_Side, Beginning]:
    began = time.monotonic()
    running.enter_context(server)
    ready = time.monotonic() - began
    spent = sum(server_tree.cpu_seconds(server.pid).values())
    memory = server_tree.memory_mb(server.pid)
    idle, count = server_tree.idle_cores(server.pid, _IDLE_S), len(server_tree.tree(server.pid))
    return _Side(name, server.url, server.pid, idle), Beginning(name, ready, spent, memory, idle, count)


def _measure(sides: Sequence[_Side], options: argparse.Namespace, console: Console) -> list[Served]:
    found: list[Served] = []
    for model in options.model or (AT_ONCE, _LAYOUT, _TABLES, PAGE):
        given = _requests(sides[0].url, model)
        for clients in map(int, options.clients.split(",")):
            console.print(f"{model}: {clients} clients, in turn ...", style="dim")
            rounds: dict[str, list[Served]] = {side.name: [] for side in sides}
            for number in range(options.rounds + 1):
                for side in sides:
                    one = _round(side, model, given, clients, options.seconds)
                    if number:  # the first warms up
                        rounds[side.name].append(one)
            found += [_median(each) for each in rounds.values()]
    return found


def _requests(url: str, model: str) -> list[list[Array]]:
    if model == AT_ONCE:
        return requests(url, _LAYOUT, 1, _REQUESTS)
    if model != PAGE:
        return requests(url, model, 1, _REQUESTS)
    tables = requests(url, _TABLES, _TABLES_OF_A_PAGE, _REQUESTS)
    return [[*page, *own] for page, own in zip(requests(url, _LAYOUT, 1, _REQUESTS), tables, strict=True)]


def _round(side: _Side, name: str, given: Sequence[list[Array]], clients: int, seconds: float) -> Served:
    settings = TritonServer(side.url, _DEADLINE_S, in_flight=64, shared_memory="off")
    client = connect(side.url)
    inputs, outputs = tensor_counts(client, name)
    model = TritonModel(settings, name, "", inputs, outputs)
    reader = StatisticsReader(settings, client, name, "")
    before, began = server_tree.cpu_seconds(side.pid), time.monotonic()
    figures = apply_load(model, reader, given, clients, seconds)
    spent = server_tree.grown(before, server_tree.cpu_seconds(side.pid))
    idle = side.idle_cores * (time.monotonic() - began)
    each = 1000 / figures.requests
    client.close()
    return Served(
        *(side.name, name, clients, figures.items_per_s, figures.p50_ms, figures.p95_ms),
        *(figures.p99_ms or 0.0, each * spent, each * (spent - idle), figures.device_ms or 0.0),
        figures.average_batch or 0.0,
    )


def _median(rounds: Sequence[Served]) -> Served:
    """Field by field."""
    first = rounds[0]
    names = [name for name in Served.__struct_fields__ if isinstance(getattr(first, name), float)]
    middle = {name: statistics.median(getattr(each, name) for each in rounds) for name in names}
    return msgspec.structs.replace(first, **middle)


def _faults(triton: _Side, ray: _Side, seconds: float, console: Console) -> list[Fault]:
    found = []
    for side, killed, words in (
        (triton, "the model's process", f"/{_LAYOUT}/"),
        (ray, "the model's replica", f"ray::ServeReplica:docmill:{_LAYOUT}"),
        (ray, "one door of two", "ray::ServeReplica:docmill:door"),
        (ray, "the controller", "ray::ServeController"),
        (ray, "the raylet", "/raylet/raylet"),
    ):
        console.print(f"{side.name}: {killed} is killed ...", style="dim")
        given = requests(side.url, _LAYOUT, 1, _REQUESTS)
        found.append(
            after_kill(side.name, killed, side.url, _LAYOUT, given, _killing(side.pid, words), seconds)
        )
    return found


def _killing(pid: int, words: str) -> Callable[[], None]:
    def kill() -> None:
        if not server_tree.kill_one(pid, words):
            raise SystemExit(f"there is no process {words}")

    return kill


def _print(report: Report, console: Console) -> None:
    where = f"{report.environment.cores} cores of {report.environment.cpu}, load {report.load:g} before"
    console.print(f"{where}; {report.threads} thread(s) a model, {report.rounds} rounds")
    console.print(_table("from nothing, and idle", Beginning, report.beginnings))
    console.print(_table("requests", Served, report.served))
    if report.faults:
        console.print(_table("killed amid four clients", Fault, report.faults))


def _table(title: str, kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> Table:
    table = Table(title=title)
    for name in kind.__struct_fields__:
        table.add_column(name)
    for row in rows:
        cells = msgspec.structs.astuple(row)
        table.add_row(*(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells))
    return table


if __name__ == "__main__":
    sys.exit(main())
