"""`python -m benchmarks.gpu.pipeline`: pages a second of `docmill convert`, with docling's models on a GPU.

All stages, through Dagster, as many workers as cores, papers that were born digital: pages a second from the
command's start to its end, CPU of docmill and of the server, device time a page, how busy the GPU is while
pages are laid out, and what the limit is. A part of `benchmarks.gpu`, which runs it with the rest.

The server is the best that the machine has: NVIDIA's Triton, docmill's own with an onnxruntime for CUDA,
docmill's own with the models in torch, or the models in torch behind the same protocol without Triton. The
report says which. Weights are docling's where they are installed; random ones answer as of papers. Graphs of
random weights take minutes to export the first time: `--prepare` does that before the time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.comparing.errors import CommandFailedError
from benchmarks.gpu.pipeline.measuring import NotWholeError, Whole, converted
from benchmarks.gpu.pipeline.models import HERON, TABLES, make_models
from benchmarks.gpu.pipeline.papers import PAGES, Papers
from benchmarks.gpu.pipeline.places import KINDS, NoServerError, running, where
from docmill.pipeline.convert.errors import DocmillError
from docmill.pipeline.convert.pdf.native import compiled

__all__ = ["main"]

#: Documents of the first conversion, which warms everything up and says how many the second one takes.
_FIRST_A_WORKER = 2
_MOST_DOCUMENTS = 4000
_STARTING_S = 4.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 when there is no figure."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()

    def left() -> float:
        return float(options.seconds) - (time.monotonic() - began)

    try:
        with tempfile.TemporaryDirectory(prefix="docmill-gpu-") as folder:
            report = _measured(options, Path(folder), left)
    except (NoServerError, NotWholeError, CommandFailedError, DocmillError) as error:
        report = {"failed": str(error)[:2000]}
    print(json.dumps(report), flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if report.get("whole") or report.get("prepared") else 1


def _measured(options: argparse.Namespace, folder: Path, left: Any) -> dict[str, Any]:
    size = "small" if options.small else "full"
    native = Path(compiled.__file__).parent
    if not (native / compiled.library_name()).is_file():
        compiled.compile_library(native)  # as an installation does, which a copied checkout has not had
    instances = options.instances or (2 if options.device == "cuda" else 1)
    place = where(options.device, options.python, options.server)
    _tell(f"server: {place.words}")
    models = make_models(place, size, options.precision, instances, folder / "models")
    _tell(f"weights: {models.weights}; {left():.0f} s left")
    if options.prepare:
        return {"prepared": place.words, "weights": models.weights}
    papers = Papers.make(folder / "papers", options.small, _tell)
    report: dict[str, Any] = {
        "server": place.words,
        "weights": models.weights,
        "papers": papers.made_with,
        "workers": options.workers,
        "pages_read": compiled.told(),
        "instances": instances,
        "whole": [],
    }
    with running(place, models.repository, (HERON, TABLES), options.device) as served:
        _tell(f"ready; {left():.0f} s left")
        documents = 2 if options.small else _FIRST_A_WORKER * options.workers
        for name in ("first", "second"):
            pages = papers.corpus(folder / name, documents)
            whole = converted(served, folder / name, pages, options.workers, folder / f"{name}-run", left())
            report["whole"].append({"run": name} | msgspec.to_builtins(whole))
            _tell(f"{name}: {whole.pages_per_s} pages/s; {whole.limit}")
            documents = _enough(whole, min(options.target, 0.6 * left()))
            if options.small or left() < 1.5 * whole.seconds:
                break
    return report


def _enough(whole: Whole, seconds: float) -> int:
    """Documents for so many seconds at the rate of a conversion, the start of its command left out."""
    rate = whole.pages / max(1.0, whole.seconds - _STARTING_S)
    return max(whole.workers, min(_MOST_DOCUMENTS, int(seconds * rate / PAGES)))


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu.pipeline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="one that has torch")
    parser.add_argument("--server", choices=KINDS, help="default: the best that there is")
    parser.add_argument("--precision", choices=["fp16", "bf16", "tf32", "fp32"], default="fp16")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="default: cores")
    parser.add_argument("--instances", type=int, default=0, help="of the layout model: default 2 on a GPU")
    parser.add_argument("--seconds", type=float, default=280.0, help="for all (default 280)")
    parser.add_argument(
        "--target", type=float, default=60.0, help="of the conversion that counts (default 60)"
    )
    parser.add_argument("--prepare", action="store_true", help="only make what takes minutes the first time")
    parser.add_argument("--small", action="store_true", help="small models and few pages: a dry run")
    parser.add_argument("--json", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
