"""`python -m benchmarks.gpu`: docling's layout and table architectures on a GPU, in at most ten minutes.

    python3 -m benchmarks.gpu --json FILE           # any Python with torch, transformers and onnxruntime
    python -m benchmarks.gpu --device cpu --small   # a dry run: every part, on small models

Layout: pages a second in single precision, TF32, BF16 and FP16 (what chooses and refines detections stays in
single precision), by batch, run kernel by kernel, as a CUDA graph and compiled; pictures go over as bytes,
squares of 640 or whole pages that are resized there. For every precision the part of detections that have
their partner in single precision. Tables: tables a second by batch, all on the device but the tags. GPU
utilisation is the driver's. Weights are random: what they take does not depend on them, parity does, so the
gate for real weights is `benchmarks.serving.detection_parity`.

What is left when the time is over is left out, and said. Without torch here the parts run in the environment
that `docmill models pull` makes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_MOVED = "DOCMILL_GPU_MOVED"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 when a part could not be run at all."""
    options = _parser().parse_args(arguments)
    if find_spec("torch") is None:
        if _MOVED in os.environ:
            sys.stderr.write("the environment that exports models has no torch\n")
            return 1
        return _elsewhere(list(sys.argv[1:] if arguments is None else arguments))
    ends = time.monotonic() + 60 * options.minutes
    report = _measured(options, lambda: ends - time.monotonic())
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if report["speeds"] and report["tables"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], help="default: a GPU where there is one")
    parser.add_argument("--small", action="store_true", help="small models and batches: a dry run")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure (default 4)")
    parser.add_argument("--minutes", type=float, default=9.5, help="for all (default 9.5)")
    parser.add_argument("--json", type=Path)
    return parser


def _elsewhere(arguments: Sequence[str]) -> int:
    from docmill.resources.local.triton.places import shipped
    from docmill.resources.weights.docling_models.environment import (
        default_export_home,
        prepare_export_environment,
    )

    export = prepare_export_environment(default_export_home(), shipped())
    command = [str(export.python), "-m", "benchmarks.gpu", *arguments]
    return subprocess.run(command, cwd=_ROOT, env=os.environ | {_MOVED: "1"}, check=False).returncode


def _measured(options: argparse.Namespace, left: Any) -> dict[str, Any]:
    import torch

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    report: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "dry_run": device == "cpu" or options.small,
        "environment": _environment(device),
        "parity": [],
        "speeds": [],
        "tables": [],
        "failed": [],
    }
    print(" ".join(f"{name} {value}" for name, value in report["environment"].items()), flush=True)
    if report["dry_run"]:
        print("a dry run: these figures say nothing of a GPU", flush=True)
    for place, found in _figures(device, options, left):
        report[place].append(found)
        print(place, *(f"{name}={value}" for name, value in found.items()), flush=True)
    if left() < options.seconds:
        print("the time is over: what is not there was left out", flush=True)
    return report


def _figures(device: str, options: argparse.Namespace, left: Any) -> Any:
    from benchmarks.gpu.layout import layout_figures
    from benchmarks.gpu.tables import table_figures

    size, variant = ("small", "fast") if options.small else ("full", "accurate")
    batches, grid = ([1, 2], (3, 3)) if options.small else ([1, 8, 32, 64], (9, 15))
    if device == "cpu" and not options.small:
        batches = [1, 4]
    for kind, found in table_figures(device, variant, batches, grid, options.seconds, left):
        yield ("tables" if kind == "speed" else kind), found
    for kind, found in layout_figures(device, size, batches, options.seconds, left):
        yield ("speeds" if kind == "speed" else kind), found


def _environment(device: str) -> dict[str, str]:
    import torch
    import transformers

    gpu = torch.cuda.get_device_name() if device == "cuda" else "none"
    cuda = torch.version.cuda or "none"
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "cuda": cuda}
    return {"gpu": gpu, "cpu": platform.processor() or platform.machine(), "cores": str(os.cpu_count())} | {
        name: str(version) for name, version in versions.items()
    }


if __name__ == "__main__":
    sys.exit(main())
