"""`python -m benchmarks.serving.triton`: what a Triton server makes of layout and table requests.

For each model, batch size and number of clients: throughput, latency, the wait in the server's queue, the
average batch and the device time of one item (the last three from the server's own statistics), and GPU
utilisation where the server has a GPU. Then the same graph in this process, in turn with the server: the
ratio of their throughput. Without `--url` a server is started on this machine, with docling's models where
their weights are installed and the embedded ones otherwise.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.metrics.environment import environment
from benchmarks.serving.compare import compare
from benchmarks.serving.gpu import gpu_names, utilisation_during
from benchmarks.serving.load import Figures, apply_load
from benchmarks.serving.pictures import requests, tensor_counts
from benchmarks.serving.report import Ratio, Report, print_report, write_report
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import StatisticsReader
from docmill.resources.local.triton.environment import prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.repository import install_embedded, servable
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

#: For each kind of model the one to take: docling's own where it is installed.
_PREFERRED = (
    ("docling-project--docling-layout-heron", "layout_cdla"),
    ("tableformer", "slanet_plus"),
)
#: Different requests of a run: more would not fit the memory at the largest batch.
_REQUESTS = 8
#: A large batch of a large model on a CPU takes minutes when others wait before it.
_DEADLINE_S = 600.0


@dataclass(frozen=True)
class _Server:
    """Where the server and its metrics are, and the graphs that it serves, where they are at hand."""

    url: str
    metrics_url: str
    repository: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    with ExitStack() as running:
        if options.url:
            server = _Server(options.url, options.metrics_url, options.repository)
            models = options.model or _default_models(_loaded(server.url))
        else:
            # the server must be stopped, whatever ends this process
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            repository = _repository(options.repository)
            models = options.model or _default_models(servable(repository))
            server = running.enter_context(_started(repository, models, options.threads))
        report = _measure(server, models, options, console)
    print_report(report, console)
    if options.json:
        write_report(report, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.triton", description=__doc__)
    parser.add_argument("--url", default="", help="host:port of a running server's gRPC service")
    parser.add_argument("--metrics-url", default="", help="its metrics, e.g. http://HOST:8002/metrics")
    parser.add_argument("--model", action="append", default=[], help="a model; may be given again")
    parser.add_argument("--batch", type=_numbers, default=[1, 4, 8], help="batch sizes (default 1,4,8)")
    parser.add_argument("--concurrency", type=_numbers, default=[1, 2, 4, 8, 16], help="clients (to 16)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each combination (default 5)")
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison (default 5; 0: none)")
    parser.add_argument("--threads", type=int, default=1, help="of one model instance, on both sides")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="in this process")
    parser.add_argument("--repository", type=Path, help="default: $DOCMILL_HOME/triton/models")
    parser.add_argument("--shared-memory", choices=["auto", "on", "off"], default="auto")
    parser.add_argument("--json", type=Path)
    return parser


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _repository(folder: Path | None) -> Path:
    repository = folder or default_triton_home().models
    install_embedded(repository, shipped().models, ModelCache(default_folder()))
    return repository


def _default_models(known: Sequence[str]) -> list[str]:
    chosen = [next((name for name in names if name in known), "") for names in _PREFERRED]
    return [name for name in chosen if name]


def _loaded(url: str) -> list[str]:
    index = connect(url).get_model_repository_index().models
    return [model.name for model in index if model.state == "READY"]


@contextmanager
def _started(repository: Path, models: Sequence[str], threads: int) -> Iterator[_Server]:
    """A server on this machine, at ports of its own, for the time of the measurement."""
    home = default_triton_home()
    settings = ServerSettings(repository, tuple(models), Ports(0, 0, 0), threads=threads)
    with LocalServer(settings, prepare_environment(home, shipped()), home) as server:
        metrics = f"http://127.0.0.1:{server.ports.metrics}/metrics"
        yield _Server(server.url, metrics, repository)


def _measure(server: _Server, models: Sequence[str], options: argparse.Namespace, console: Console) -> Report:
    settings = TritonServer(server.url, _DEADLINE_S, in_flight=64, shared_memory=options.shared_memory)
    client = connect(server.url)
    figures: list[Figures] = []
    ratios: list[Ratio] = []
    for name in models:
        inputs, outputs = tensor_counts(client, name)
        model = TritonModel(settings, name, "", inputs, outputs)
        reader = StatisticsReader(settings, client, name, "")
        sizes = [size for size in options.batch if size <= model.max_batch()]
        for batch in sizes:
            given = requests(server.url, name, batch, _REQUESTS)
            for concurrency in options.concurrency:
                console.print(f"{name}: batch {batch}, {concurrency} clients ...", style="dim")
                watch = utilisation_during(server.metrics_url, settings.is_local, options.seconds)
                figures.append(apply_load(model, reader, given, concurrency, options.seconds, watch))
        graph = server.repository / name / "1" / "model.onnx" if server.repository else None
        if options.rounds and graph and graph.is_file():
            for batch in sizes:
                console.print(f"{name}: batch {batch} in this process and served, in turn ...", style="dim")
                ratios.append(
                    compare(
                        *(model, reader, server.url, graph, options.threads, options.device),
                        *(batch, options.seconds, options.rounds),
                    )
                )
    version = client.get_server_metadata().version
    return Report(
        environment=environment(),
        server=f"Triton {version} at {server.url}",
        gpus=gpu_names(server.metrics_url, settings.is_local),
        threads=options.threads,
        shared_memory=options.shared_memory,
        figures=figures,
        ratios=ratios,
    )


if __name__ == "__main__":
    sys.exit(main())
