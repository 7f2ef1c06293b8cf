"""`python -m benchmarks.speed.throughput`: pages a second through Dagster, beside what the parts alone take.

*Alone* is a bare loop in as many processes: PDFium (text, rendering), the layout and table engines, and
docling's post-processing, assembly and reading order, with nothing kept, sent or isolated. *Through Dagster*
is the whole job over batches of 64 documents: worker pools, artifacts, metadata and event log. *The command*
is `docmill convert`, start and end included. All make DoclingDocuments of the same files, in turn; ratios are
medians of the repetitions. CPU is of all processes, orphans too. `--workers 1,2,4` does it with each number
of them, in turn: the curve over cores. `--formats md,html,json` adds the exports that people want beside
them. `--memory` adds the peak of the whole process tree for 100 and for 1,000 pages.
Linux.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.comparing.counted import Cost, counted
from benchmarks.comparing.trees import CHECKOUT
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.measuring.processes import PeakMemory, adopt_orphans, cpu_seconds
from benchmarks.metrics.environment import environment
from benchmarks.speed.alone import convert_alone
from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion, run_batches
from docmill.pipeline.convert.engines import Asked
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.intake.batches import BatchLimits, group, write_manifest
from docmill.pipeline.intake.ingest import find_documents
from docmill.resources.weights.embedded_weights import default_folder

_SIDES: Mapping[str, str] = MappingProxyType(
    {
        "alone": "PDFium, models and docling's stages alone",
        "dagster": "through Dagster",
        "command": "docmill convert, with its start",
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    sources = sorted(options.pdfs.glob("*.pdf")) if options.pdfs else ordinary_samples()
    if not sources:
        console.print(f"no PDF in {options.pdfs}", style="red")
        return 2
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as scratch:
        report = _measure(sources, options, Path(scratch))
        if options.memory:
            report["memory"] = _memory(sources, options, Path(scratch))
    _print(report, console)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))
    return 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One repetition: seconds of each side for the same pages; of the parts, CPU milliseconds a page."""

    pages: int
    parts: dict[str, float]
    alone_s: float
    dagster_s: float
    command_s: float
    dagster_cpu_s: float
    command_cpu_s: float

    def figures(self) -> dict[str, Any]:
        """As JSON has them; ratios are of the parts alone to the others."""
        alone_cpu_ms = sum(self.parts.values())
        dagster_cpu_ms, command_cpu_ms = (
            1000 * seconds / self.pages for seconds in (self.dagster_cpu_s, self.command_cpu_s)
        )
        return {
            "parts": self.parts,
            "alone_pages_per_s": self.pages / self.alone_s,
            "dagster_pages_per_s": self.pages / self.dagster_s,
            "command_pages_per_s": self.pages / self.command_s,
            "alone_cpu_ms": alone_cpu_ms,
            "dagster_cpu_ms": dagster_cpu_ms,
            "command_cpu_ms": command_cpu_ms,
            "ratio": self.alone_s / self.dagster_s,
            "cpu_ratio": alone_cpu_ms / dagster_cpu_ms,
            "command_ratio": self.alone_s / self.command_s,
            "command_cpu_ratio": alone_cpu_ms / command_cpu_ms,
        }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.throughput", description=__doc__)
    parser.add_argument("--pdfs", type=Path, help="folder of PDFs; default: docmill's ordinary samples")
    parser.add_argument("--pages", type=int, default=600, help="pages of the corpus (default 600: a batch)")
    parser.add_argument("--length", type=int, default=10, help="pages of each document (default 10)")
    parser.add_argument(
        "--workers",
        type=_numbers,
        default=[2],
        metavar="N[,N...]",
        help="workers; several numbers are measured in turn (default 2)",
    )
    parser.add_argument(
        "--formats", default="json", help="what Dagster writes; default json, the DoclingDocument alone"
    )
    parser.add_argument(
        "--detector",
        choices=get_args(Asked),
        default="auto",
        help="pages that it is asked about (default auto)",
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="also the peak memory of 100 and 1,000 pages")
    parser.add_argument("--json", type=Path)
    return parser


def _numbers(text: str) -> list[int]:
    """Different numbers above 0, with commas between."""
    found = [int(number) for number in text.split(",")]
    if min(found) < 1 or len(set(found)) < len(found):
        raise ValueError(text)
    return found


def _measure(sources: Sequence[Path], options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    files = make_corpus(sources, options.pages, options.length, scratch / "corpus")
    formats = options.formats.split(",")
    how = (max(options.workers), formats)
    through_dagster(files[:2], *how, scratch / "warm", options.detector)
    by_command(files[:2], *how, scratch, "warm", options.detector)
    runs: dict[int, list[dict[str, Any]]] = {workers: [] for workers in options.workers}
    for number in range(options.repeat):
        for workers, before in runs.items():
            place = scratch / f"run{number}-{workers}"
            before.append(_once(files, workers, formats, place, options.detector).figures())
    common = {
        "environment": msgspec.to_builtins(environment()),
        "documents": len(files),
        "pages": sum(file.pages for file in files),
        "formats": formats,
        "detector": options.detector,
    }
    if len(runs) == 1:
        [(workers, found)] = runs.items()
        return common | {"workers": workers, "runs": found}
    curve = [{"workers": workers} | _medians(found) | {"runs": found} for workers, found in runs.items()]
    return common | {"curve": curve}


def _once(
    files: Sequence[CorpusFile], workers: int, formats: Sequence[str], place: Path, detector: Asked
) -> Run:
    alone_s, parts = _alone(files, workers, detector)
    before = cpu_seconds()
    dagster_s = through_dagster(files, workers, formats, place, detector)
    dagster_cpu_s = cpu_seconds() - before
    command = by_command(files, workers, formats, place.parent, place.name, detector)
    return Run(
        pages=sum(file.pages for file in files),
        parts=parts,
        alone_s=alone_s,
        dagster_s=dagster_s,
        command_s=command.wall_s,
        dagster_cpu_s=dagster_cpu_s,
        command_cpu_s=command.cpu_s,
    )


def _medians(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The median of each figure of the runs, but for the parts."""
    return {
        name: float(statistics.median(run[name] for run in runs))
        for name, value in runs[0].items()
        if isinstance(value, float)
    }


def _alone(files: Sequence[CorpusFile], workers: int, detector: Asked) -> tuple[float, dict[str, float]]:
    """Wall seconds of the bare loop once its models are loaded, and CPU milliseconds a page of each part."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.speed.alone"])
    barrier = context.Barrier(workers + 1)
    answers = context.SimpleQueue()
    # longest first, dealt in turn: what an ideal scheduler would do without knowing more
    ordered = [str(file.path) for file in sorted(files, key=lambda file: -file.pages)]
    processes = [
        context.Process(target=convert_alone, args=(ordered[i::workers], barrier, answers, detector))
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    parts: defaultdict[str, float] = defaultdict(float)
    for _ in processes:
        for name, value in answers.get().items():
            parts[name] += value
    seconds = time.perf_counter() - started
    for process in processes:
        process.join()
    pages = parts.pop("pages")
    return seconds, {name: 1000 * value / pages for name, value in parts.items()}


def through_dagster(
    files: Sequence[CorpusFile], workers: int, formats: Sequence[str], home: Path, detector: Asked = "auto"
) -> float:
    """Wall seconds of the Dagster runs that convert the files, in a new store and instance.

    Of batches as an inbox makes them, not as the command does, whose first are small.
    """
    os.environ.setdefault("DOCMILL_MODELS", str(default_folder()))
    os.environ["DOCMILL_HOME"] = str(home)
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    options = ConvertOptions(
        places=[str(file.path) for file in files],
        out=str(home / "out"),
        stages={"format": ",".join(formats), "detector": detector},
        jobs=workers,
    )
    run_config = options.run_config()
    with open_instance() as instance:
        conversion = configured_conversion(run_config, instance)
        documents = list(find_documents(options.places, conversion.sources))
        store = conversion.artifacts.store
        batches = [write_manifest(store, batch) for batch in group(documents, BatchLimits())]
        began = time.monotonic()
        runs = run_batches(instance, batches, run_config, conversion, Console(quiet=True))
        seconds = time.monotonic() - began
    if any(not record.usable for run in runs for record in run.records):
        sys.exit("a document of the corpus was not converted: the figures would mean nothing")
    return seconds


def by_command(
    files: Sequence[CorpusFile],
    workers: int,
    formats: Sequence[str],
    folder: Path,
    name: str,
    detector: Asked = "auto",
) -> Cost:
    """What `docmill convert` takes from its start to its end, in a store of its own below the folder."""
    home = folder / "home"
    places = [str(file.path) for file in files]
    how = ["--format", ",".join(formats), "--detector", detector, "--jobs", str(workers)]
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *places]
    environment = clean_environment(home) | {"DOCMILL_STORE": str(home / f"store-{name}")}
    return counted([*command, "--out", str(home / f"out-{name}"), *how], environment, CHECKOUT)


def _memory(sources: Sequence[Path], options: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """Peak megabytes of a fresh process that converts so many pages."""
    peaks = {}
    for pages in (100, 1000):
        files = make_corpus(sources, pages, options.length, scratch / f"corpus{pages}")
        with PeakMemory() as peak:
            process = multiprocessing.get_context("spawn").Process(
                target=through_dagster,
                args=(files, max(options.workers), ["md", "html", "json"], scratch / f"memory{pages}"),
            )
            process.start()
            process.join()
        if process.exitcode:
            sys.exit("a document of the corpus was not converted: the figures would mean nothing")
        peaks[str(pages)] = peak.megabytes
    return peaks


def _print(report: dict[str, Any], console: Console) -> None:
    if "curve" in report:
        _print_curve(report, console)
        return
    table = Table(
        title=f"{report['pages']} pages, {report['documents']} documents, {report['workers']} workers"
    )
    for column in ("", "pages/s", "CPU ms a page"):
        table.add_column(column, justify="right" if column else "left")
    runs = report["runs"]
    median = _medians(runs)
    for key, name in _SIDES.items():
        table.add_row(name, f"{median[f'{key}_pages_per_s']:.2f}", f"{median[f'{key}_cpu_ms']:.0f}")
    table.add_row("alone to Dagster", f"{median['ratio']:.3f}", f"{median['cpu_ratio']:.3f}")
    table.add_row(
        "alone to the command", f"{median['command_ratio']:.3f}", f"{median['command_cpu_ratio']:.3f}"
    )
    console.print(table)
    parts = Table(title="alone: CPU milliseconds a page")
    for name in runs[-1]["parts"]:
        parts.add_column(name, justify="right")
    parts.add_row(*(f"{value:.1f}" for value in runs[-1]["parts"].values()))
    console.print(parts)
    for pages, peak in report.get("memory", {}).items():
        console.print(f"peak memory, {pages} pages: {peak:.0f} MB (all processes, shared pages once)")


def _print_curve(report: dict[str, Any], console: Console) -> None:
    """Pages a second by workers; in parentheses the share of so many times the first line's, a worker."""
    table = Table(title=f"{report['pages']} pages, {report['documents']} documents: pages/s by workers")
    for column in ("workers", *_SIDES.values()):
        table.add_column(column, justify="right")
    first = report["curve"][0]
    for line in report["curve"]:
        cells = []
        for key in _SIDES:
            name = f"{key}_pages_per_s"
            share = line[name] / first[name] * first["workers"] / line["workers"]
            cells.append(f"{line[name]:.1f} ({share:.0%})")
        table.add_row(str(line["workers"]), *cells)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
