"""`python -m benchmarks.speed.throughput`: pages a second through Dagster, beside what the parts alone take.

*Alone* is a bare loop in as many processes: PDFium (text, rendering), the layout and table engines, and
docling's post-processing, assembly and reading order, with nothing kept, sent or isolated. *Through Dagster*
is the whole job over batches of 64 documents: worker pools, artifacts, metadata and event log. Both make
DoclingDocuments of the same files, warm, in turn; the ratio is the median of the repetitions. `--formats
md,html,json` adds the exports that people want beside them. `--memory` adds the peak of
the whole process tree for 100 and for 1,000 pages.
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.measuring.processes import PeakMemory, cpu_seconds
from benchmarks.metrics.environment import environment
from benchmarks.speed.alone import convert_alone
from docmill.pipeline.cli.convert_files import ConvertOptions, convert_files
from docmill.pipeline.convert.engines import Asked
from docmill.resources.weights.embedded_weights import default_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    sources = sorted(options.pdfs.glob("*.pdf")) if options.pdfs else ordinary_samples()
    if not sources:
        console.print(f"no PDF in {options.pdfs}", style="red")
        return 2
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as scratch:
        report = _measure(sources, options, Path(scratch))
        if options.memory:
            report["memory"] = _memory(sources, options, Path(scratch))
    _print(report, console)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.throughput", description=__doc__)
    parser.add_argument("--pdfs", type=Path, help="folder of PDFs; default: docmill's ordinary samples")
    parser.add_argument("--pages", type=int, default=600, help="pages of the corpus (default 600: a batch)")
    parser.add_argument("--length", type=int, default=10, help="pages of each document (default 10)")
    parser.add_argument("--workers", type=int, default=2)
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


def _measure(sources: Sequence[Path], options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    files = make_corpus(sources, options.pages, options.length, scratch / "corpus")
    pages = sum(file.pages for file in files)
    formats = options.formats.split(",")
    through_dagster(files[:2], options.workers, formats, scratch / "warm", options.detector)
    runs: list[dict[str, Any]] = []
    for number in range(options.repeat):
        alone_s, parts = _alone(files, options.workers, options.detector)
        before = cpu_seconds()
        home = scratch / f"run{number}"
        dagster_s = through_dagster(files, options.workers, formats, home, options.detector)
        runs.append(
            {
                "alone_s": alone_s,
                "dagster_s": dagster_s,
                "ratio": alone_s / dagster_s,
                "parts": parts,
                "alone_cpu_ms": sum(parts.values()),
                "dagster_cpu_ms": 1000 * (cpu_seconds() - before) / pages,
            }
        )
    return {
        "environment": msgspec.to_builtins(environment()),
        "documents": len(files),
        "pages": pages,
        "workers": options.workers,
        "formats": formats,
        "detector": options.detector,
        "runs": runs,
        "alone_pages_per_s": pages / statistics.median(run["alone_s"] for run in runs),
        "dagster_pages_per_s": pages / statistics.median(run["dagster_s"] for run in runs),
        "ratio": statistics.median(run["ratio"] for run in runs),
        "alone_cpu_ms": statistics.median(run["alone_cpu_ms"] for run in runs),
        "dagster_cpu_ms": statistics.median(run["dagster_cpu_ms"] for run in runs),
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
    """Wall seconds of the Dagster runs that convert the files, in a new store and instance."""
    os.environ.setdefault("DOCMILL_MODELS", str(default_folder()))
    os.environ["DOCMILL_HOME"] = str(home)
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    options = ConvertOptions(
        places=[str(file.path) for file in files],
        out=str(home / "out"),
        stages={"format": ",".join(formats), "detector": detector},
        jobs=workers,
    )
    summary = convert_files(options, Console(quiet=True))
    if any(not record.usable for record in summary.records):
        sys.exit("a document of the corpus was not converted: the figures would mean nothing")
    return summary.run_seconds


def _memory(sources: Sequence[Path], options: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """Peak megabytes of a fresh process that converts so many pages."""
    peaks = {}
    for pages in (100, 1000):
        files = make_corpus(sources, pages, options.length, scratch / f"corpus{pages}")
        with PeakMemory() as peak:
            process = multiprocessing.get_context("spawn").Process(
                target=through_dagster,
                args=(files, options.workers, ["md", "html", "json"], scratch / f"memory{pages}"),
            )
            process.start()
            process.join()
        if process.exitcode:
            sys.exit("a document of the corpus was not converted: the figures would mean nothing")
        peaks[str(pages)] = peak.megabytes
    return peaks


def _print(report: dict[str, Any], console: Console) -> None:
    table = Table(
        title=f"{report['pages']} pages, {report['documents']} documents, {report['workers']} workers"
    )
    for column in ("", "pages/s", "CPU ms a page"):
        table.add_column(column, justify="right" if column else "left")
    for name, key in (("PDFium, models and docling's stages alone", "alone"), ("through Dagster", "dagster")):
        table.add_row(name, f"{report[key + '_pages_per_s']:.2f}", f"{report[key + '_cpu_ms']:.0f}")
    cpu_ratio = report["alone_cpu_ms"] / report["dagster_cpu_ms"]
    table.add_row("ratio (median)", f"{report['ratio']:.3f}", f"{cpu_ratio:.3f}")
    console.print(table)
    parts = Table(title="alone: CPU milliseconds a page")
    for name in report["runs"][-1]["parts"]:
        parts.add_column(name, justify="right")
    parts.add_row(*(f"{value:.1f}" for value in report["runs"][-1]["parts"].values()))
    console.print(parts)
    for pages, peak in report.get("memory", {}).items():
        console.print(f"peak memory, {pages} pages: {peak:.0f} MB (all processes, shared pages once)")


if __name__ == "__main__":
    sys.exit(main())
