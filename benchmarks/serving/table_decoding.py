"""`python -m benchmarks.serving.table_decoding`: tables in batches beside docling's predictor, one by one.

TableFormer with the weights of a checkpoint in a folder like docling's repository, by default random ones:
what a table costs does not depend on them, because both sides are told the tags. First in one process, the
same threads on both sides; then, with `--served`, by requests to a real server on this machine, where tables
have as many tags as the model is allowed to write. Wall and CPU seconds for one table, and how many times the
reference's they are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.measuring.processes import cpu_seconds
from benchmarks.metrics.environment import environment
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.triton.environment import prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.docling_models.environment import (
    default_export_home,
    prepare_export_environment,
)
from docmill.resources.weights.docling_models.pull import Places, pull
from docmill.resources.weights.hub import Hub

_ROOT = Path(__file__).resolve().parents[2]
_MODEL = "tableformer"


@dataclass(frozen=True)
class Cost:
    """Seconds for one table."""

    side: str
    wall_s: float
    cpu_s: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.table_decoding", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="folder of docling's models; default: random weights")
    parser.add_argument("--variant", choices=["accurate", "fast"], default="accurate")
    parser.add_argument("--threads", type=int, default=1, help="on both sides")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", default="1,4,8,16", help="tables in a batch")
    parser.add_argument(
        "--served", type=int, default=0, metavar="TAGS", help="also serve tables of so many tags"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    home = default_export_home()
    export = prepare_export_environment(home, shipped())
    with tempfile.TemporaryDirectory(dir=home) as folder:
        checkpoint = options.checkpoint or _random(
            export.python, options.variant, Path(folder) / "checkpoint"
        )
        repository = Path(folder) / "repository"
        places = Places(shipped(), home, Path(folder) / "cache", repository)
        pull("tables", options.variant, places, checkpoint, Hub())
        costs = _in_process(export.python, checkpoint, repository, options)
        served = _served(repository, options) if options.served else []
    report = {
        "environment": msgspec.to_builtins(environment()),
        "variant": options.variant,
        "threads": options.threads,
        "in_process": [asdict(cost) for cost in costs],
        "served": [asdict(cost) for cost in served],
    }
    _print(costs, f"TableFormer {options.variant}, {options.threads} threads, in one process")
    if served:
        _print(served, f"served, {options.served} tags a table")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _random(python: Path, variant: str, folder: Path) -> Path:
    script = _ROOT / "tests" / "exporters" / "random_tableformer.py"
    subprocess.run([str(python), str(script), "--variant", variant, "--out", str(folder)], check=True)
    return folder


def _in_process(python: Path, checkpoint: Path, repository: Path, options: argparse.Namespace) -> list[Cost]:
    [weights] = checkpoint.rglob(f"tableformer_{options.variant}.safetensors")
    command = [
        *(str(python), str(shipped().exporters / "tableformer_timing.py"), "--checkpoint", str(weights)),
        *("--graphs", str(repository / _MODEL / "1"), "--variant", options.variant, "--batch", options.batch),
        *("--threads", str(options.threads), "--rounds", str(options.rounds)),
    ]
    threads = {"OMP_NUM_THREADS": str(options.threads)}
    done = subprocess.run(command, env=os.environ | threads, stdout=subprocess.PIPE, text=True, check=True)
    return [msgspec.json.decode(line, type=Cost) for line in done.stdout.splitlines()]


def _served(repository: Path, options: argparse.Namespace) -> list[Cost]:
    """Requests one after another, each a batch; CPU seconds are the server's and the client's."""
    config = repository / _MODEL / "config.pbtxt"
    limit = f'\nparameters {{ key: "max_tags" value {{ string_value: "{options.served}" }} }}\n'
    config.write_text(config.read_text() + limit)
    home = default_triton_home()
    settings = ServerSettings(repository, (_MODEL,), Ports(0, 0, 0), threads=options.threads)
    costs = []
    with LocalServer(settings, prepare_environment(home, shipped()), home) as server:
        model = TritonModel(TritonServer(server.url, 600.0, 0), _MODEL, "", 1, 5)
        generator = np.random.default_rng(0)
        for size in map(int, options.batch.split(",")):
            images = generator.normal(0, 1, (size, 3, 448, 448)).astype(np.float32)
            model.infer([images], page=1)
            rounds = max(options.rounds, 4 // size)
            wall, cpu = time.perf_counter(), cpu_seconds()
            for _ in range(rounds):
                _, lengths, *_ = model.infer([images], page=1)
            tables = rounds * size
            costs.append(
                Cost(str(size), (time.perf_counter() - wall) / tables, (cpu_seconds() - cpu) / tables)
            )
            if int(lengths.min()) <= options.served:
                raise SystemExit("the model ended a table by itself: --served needs random weights")
    return costs


def _print(costs: Sequence[Cost], title: str) -> None:
    table = Table("batch", "wall s", "CPU s", "times in wall", "times in CPU", title=title)
    first = costs[0]
    for cost in costs:
        ratios = (f"{first.wall_s / cost.wall_s:.2f}", f"{first.cpu_s / cost.cpu_s:.2f}")
        table.add_row(cost.side, f"{cost.wall_s:.3f}", f"{cost.cpu_s:.3f}", *ratios)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
