"""`python -m benchmarks.speed.where_cpu_goes`: a flame graph of all processes of `docmill convert`.

py-spy (on PyPI) samples them: `uv tool install py-spy`, or `--py-spy FILE`. It finds out about a process a
second after its start, so convert enough pages. Who waits is left out; frames of the interpreter, of Dagster
and of other libraries are put together. `--raw FILE` draws what `py-spy record --subprocesses --format raw`
has written before.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.comparing.trees import CHECKOUT
from benchmarks.material.corpus import make_corpus, ordinary_samples
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.metrics.environment import environment
from benchmarks.speed.flames import Stack, flame_graph, grown

__all__ = ["main", "shares", "stacks"]

#: A frame as py-spy writes it: `name (folder/module.py:12)`.
_FRAME = re.compile(r"(?P<name>[^ ();]{1,300}) \((?P<file>[^():]{1,400}):\d{1,7}\)")
_OURS = "docmill/pipeline/"
_DOCLING = re.compile(r"docling(?:_core)?/")
#: Where a worker begins its work, and the fork server its imports.
_WORKER, _FORK_SERVER = "stages/running/pool.py", "stages/running/preload.py"
#: Whose innermost frame is one of these waits.
_WAITING = (
    "selectors.py",
    "threading.py",
    "queue.py",
    "multiprocessing/connection.py",
    "concurrent/futures/",
)
#: Between a stage's work and what it does.
_CLOCK = f"{_OURS}stages/results/page_clock.py"
#: Names that say nothing.
_NAMELESS = frozenset({"<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>", "<module>"})
#: What each part of a page's way is, by the frames that mean it; the innermost counts.
_PARTS = {
    "stages/work/pages.py": "reading text and drawings",
    "stages/work/ocr.py": "OCR",
    "stages/work/layout.py": "layout by rules",
    "stages/work/tables.py": "tables",
    "stages/work/documents.py": "the document, by docling's stages",
    "stages/work/exports.py": "Markdown, HTML, JSON",
    "convert/pdf/pdf.py Pdf.render": "drawing pages",
    "convert/layout/detectors/cdla.py detect": "the layout model",
    "convert/document/docling_stages.py postprocess": "docling's layout post-processing",
    "stages/results/": "artifacts: JSON, compression, files",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    if options.raw:
        found = stacks(options.raw.read_text("utf-8").splitlines())
    else:
        spy = options.py_spy or shutil.which("py-spy")
        if not spy:
            console.print("there is no py-spy: `uv tool install py-spy`, or --py-spy FILE", style="red")
            return 2
        with tempfile.TemporaryDirectory(prefix="docmill-bench-") as scratch:
            found = stacks(_recorded(str(spy), options, Path(scratch)).splitlines())
    counted = shares(found)
    if not counted:
        console.print("no process was seen on the processor: convert more pages", style="red")
        return 1
    table = Table("part", "%")
    for name, share in counted.items():
        table.add_row(name, f"{share:.1f}")
    console.print(table)
    if options.svg:
        options.svg.write_text(flame_graph(grown(found, "all processes"), options.title), "utf-8")
    if options.json:
        report = {
            "environment": msgspec.to_builtins(environment()),
            "pages": options.pages,
            "shares": counted,
        }
        options.json.write_text(json.dumps(report, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.where_cpu_goes", description=__doc__)
    parser.add_argument("--pdfs", type=Path, help="folder of PDFs; default: docmill's ordinary samples")
    parser.add_argument("--pages", type=int, default=1500, help="pages to convert (default 1500)")
    parser.add_argument("--length", type=int, default=24, help="pages of each document (default 24)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=int, default=50, help="samples a second of each process (default 50)")
    parser.add_argument("--py-spy", type=Path, help="default: the one on the path")
    parser.add_argument("--raw", type=Path, help="draw this recording")
    parser.add_argument("--svg", type=Path, help="write the flame graph there")
    parser.add_argument("--title", default="docmill convert: where the CPU of a page goes")
    parser.add_argument("--json", type=Path)
    return parser


def _recorded(spy: str, options: argparse.Namespace, scratch: Path) -> str:
    """What py-spy has written of a conversion."""
    sources = sorted(options.pdfs.glob("*.pdf")) if options.pdfs else ordinary_samples()
    files = make_corpus(sources, options.pages, options.length, scratch / "corpus")
    raw = scratch / "raw"
    record = ["record", "--subprocesses", "--function", "--format", "raw", "--rate", str(options.rate)]
    convert = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *(str(file.path) for file in files)]
    how = ["--jobs", str(options.workers), "--out", str(scratch / "out")]
    subprocess.run(
        [spy, *record, "--output", str(raw), "--", *convert, *how],
        check=True,
        cwd=CHECKOUT,
        env=clean_environment(scratch / "home"),
        stdout=subprocess.DEVNULL,
    )
    return raw.read_text("utf-8")


def stacks(lines: Iterable[str]) -> list[Stack]:
    """The stacks of a recording, of docmill's and docling's own frames and what else is the innermost.

    Each begins with the kind of its process.
    """
    found: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        stack, _, samples = line.rpartition(" ")
        frames = [(match["name"], match["file"]) for match in _FRAME.finditer(stack)]
        if frames and samples.isdecimal() and not _waits(*frames[-1]):
            found[tuple(_named(frames))] += int(samples)
    return list(found.items())


def shares(found: Iterable[Stack]) -> dict[str, float]:
    """Percent of all samples by part, the largest first."""
    parts: Counter[str] = Counter()
    for names, samples in found:
        meant = (_PARTS[begin] for name in reversed(names) for begin in _PARTS if name.startswith(begin))
        other = {"worker": "workers, otherwise"}.get(names[0], names[0])
        parts[next(meant, other)] += samples
    return {name: 100 * samples / parts.total() for name, samples in parts.most_common()}


def _waits(name: str, file: str) -> bool:
    return file.startswith(_WAITING) or name == "Interruptions._watch"


def _named(frames: Sequence[tuple[str, str]]) -> Iterator[str]:
    files = [file.removeprefix(_OURS) for _, file in frames]
    yield (
        "worker"
        if _WORKER in files and "_serve" in {name for name, _ in frames}
        else ("the fork server's imports" if _FORK_SERVER in files else "the command, Dagster and its store")
    )
    for at, (name, file) in enumerate(frames):
        last = at == len(frames) - 1
        if file == _CLOCK:
            continue
        ours, theirs = file.startswith(_OURS), _DOCLING.match(file)
        if (ours or theirs) and name.rpartition(".")[2] not in _NAMELESS:
            yield f"{file.removeprefix(_OURS)} {name}"
        elif last and not (ours or theirs) and not file.startswith("<"):
            yield file.partition("/")[0].removesuffix(".py")


if __name__ == "__main__":
    sys.exit(main())
