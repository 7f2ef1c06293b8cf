"""What it costs to divide a long document among steps: `python -m benchmarks.speed.long_documents`.

Converts a made document, each time from nothing and in a process of its own, in one step a stage and in steps
of so many pages, by Dagster's executors `in_process` and `multiprocess`. CPU seconds are those of every
process that it took, whoever started it. Linux.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import dagster as dg
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.measuring.processes import adopt_orphans
from benchmarks.metrics.environment import Environment, environment
from tests.support.long_batches import definitions, long_pdf, made_batch

__all__ = ["Divided", "main"]

_STORE, _MOST, _EXECUTOR = "DOCMILL_BENCH_STORE", "DOCMILL_BENCH_PAGES", "DOCMILL_BENCH_EXECUTOR"
_EXECUTORS = {"in_process": dg.in_process_executor, "multiprocess": dg.multiprocess_executor}


class Divided(msgspec.Struct):
    """A conversion: pages a step (0: all), steps, and what all of it took."""

    executor: str
    pages_per_pod: int
    steps: int
    cpu_seconds: float
    wall_seconds: float


class Figures(msgspec.Struct):
    """All that was measured."""

    environment: Environment
    pages: int
    runs: list[Divided]


def job() -> dg.JobDefinition:
    """The conversion, as the environment says."""
    executor = _EXECUTORS[os.environ[_EXECUTOR]]
    made = definitions(os.environ[_STORE], int(os.environ[_MOST]), executor)
    return made.resolve_job_def("convert_documents")


def _convert(pages: int) -> int:
    """Convert a document in a store of its own; how many steps that took."""
    with tempfile.TemporaryDirectory(prefix="docmill-long-") as folder:
        manifest = made_batch(Path(folder), {"long.pdf": long_pdf(pages)})
        os.environ[_STORE] = str(Path(folder) / "store")
        home = Path(folder) / "dagster"
        home.mkdir()
        with dg.instance_for_test(temp_dir=str(home)) as instance:
            instance.add_dynamic_partitions("batches", [manifest.key])
            tags = {"dagster/partition": manifest.key}
            with dg.execute_job(dg.reconstructable(job), instance, tags=tags) as result:
                return sum(event.is_step_success for event in result.all_node_events)


def _measured(executor: str, most: int, pages: int) -> Divided:
    before, started = _cpu_seconds(), time.monotonic()
    command = [sys.executable, "-m", "benchmarks.speed.long_documents", "--pages", str(pages), "--convert"]
    own = {_EXECUTOR: executor, _MOST: str(most)}
    done = subprocess.run(command, env=os.environ | own, stdout=subprocess.PIPE, text=True, check=True)
    wall = time.monotonic() - started
    with suppress(ChildProcessError):
        while True:
            os.wait()
    steps = int(done.stdout.split()[-1])
    return Divided(executor, most, steps, round(_cpu_seconds() - before, 1), round(wall, 1))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a table; with `--json` write it to a file as well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=200, help="of the document")
    parser.add_argument("--divided", default="0,100,50", help="pages a step; 0: all")
    parser.add_argument("--executors", default=",".join(_EXECUTORS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--convert", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.convert:
        print(_convert(options.pages))
        return
    adopt_orphans()
    runs = [
        _measured(executor, int(most), options.pages)
        for executor in options.executors.split(",")
        for most in options.divided.split(",")
    ]
    table = Table("executor", "pages a step", "steps", "CPU seconds", "wall seconds")
    for run in runs:
        most = str(run.pages_per_pod or "all")
        table.add_row(run.executor, most, str(run.steps), f"{run.cpu_seconds:.1f}", f"{run.wall_seconds:.1f}")
    Console().print(table)
    if options.json:
        figures = Figures(environment(), options.pages, runs)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


if __name__ == "__main__":
    main()
