"""`python -m benchmarks.gpu`: docling's architectures and all of docmill on a GPU, in at most ten minutes.

    python3 -m benchmarks.gpu --json FILE           # any Python with torch, transformers and onnxruntime
    python -m benchmarks.gpu --device cpu --small   # a dry run: every part, on small models

Tables: tables a second by batch, all on the device but the tags. The whole: pages a second of `docmill
convert` on the best server that the machine has (`benchmarks.gpu.pipeline`), in the Python that has docmill:
this one, or `--docmill`. Layout: pages a second in single precision, TF32, BF16 and FP16 (what chooses and
refines detections stays in single precision), by batch, run kernel by kernel, as a CUDA graph and compiled;
pictures go over as bytes, squares of 640 or whole pages that are resized there. For every precision the part
of detections that have their partner in single precision. GPU utilisation is the driver's. Weights are
random: what they take does not depend on them; parity does, and its gate for real weights is
`benchmarks.serving.detection_parity`.

What is left when the time is over is left out, and said. The file is written after every part. At the end
stands which of docmill's targets were reached. Without torch here the parts run in the environment that
`docmill models pull` makes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["ended", "main", "targets"]

_ROOT = Path(__file__).resolve().parents[2]
#: Names the Python that has docmill, where another one has torch.
_MOVED = "DOCMILL_GPU_MOVED"
#: For the whole, of which a minute is the conversion that counts; and what it may overrun.
_WHOLE_S, _ENDING_S, _STOPPING_S = 280.0, 45.0, 30.0


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
    return 0 if report["speeds"] and report["tables"] and report["whole"] else 1


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
    parser.add_argument("--docmill", type=Path, help="a Python that has docmill; default: this one")
    parser.add_argument("--server", help="see benchmarks.gpu.pipeline; default: the best that there is")
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
    return subprocess.run(
        command, cwd=_ROOT, env=os.environ | {_MOVED: sys.executable}, check=False
    ).returncode


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
        "whole": [],
        "failed": [],
    }
    print(" ".join(f"{name} {value}" for name, value in report["environment"].items()), flush=True)
    if report["dry_run"]:
        print("a dry run: these figures say nothing of a GPU", flush=True)
    for place, found in _figures(device, options, left):
        report[place].append(found)
        print(place, *(f"{name}={value}" for name, value in found.items()), flush=True)
        _write(report, options.json)
    if left() < options.seconds:
        print("the time is over: what is not there was left out", flush=True)
    report["targets"] = targets(report)
    for each in report["targets"]:
        print(each["target"], f"{each['wanted']:g}:", each["verdict"], flush=True)
    _write(report, options.json)
    return report


def _write(report: dict[str, Any], file: Path | None) -> None:
    if file:
        file.write_text(json.dumps(report, indent=1) + "\n")


def _figures(device: str, options: argparse.Namespace, left: Any) -> Any:
    from benchmarks.gpu.layout import layout_figures
    from benchmarks.gpu.tables import table_figures

    size, variant = ("small", "fast") if options.small else ("full", "accurate")
    batches, grid = ([1, 2], (3, 3)) if options.small else ([1, 8, 32, 64], (9, 15))
    if device == "cpu" and not options.small:
        batches = [1, 4]
    for kind, found in table_figures(device, variant, batches, grid, options.seconds, left):
        yield ("tables" if kind == "speed" else kind), found
    yield from _whole(device, options, left)
    for kind, found in layout_figures(device, size, batches, options.seconds, left):
        yield ("speeds" if kind == "speed" else kind), found


def _whole(device: str, options: argparse.Namespace, left: Any) -> Any:
    """What `benchmarks.gpu.pipeline` finds, in the Python that has docmill."""
    here = sys.executable if find_spec("dagster") else ""
    named = str(options.docmill or os.environ.get(_MOVED) or here)
    if not named:
        yield "failed", {"what": "the whole", "why": "no Python with docmill here: name one with --docmill"}
        return
    seconds = min(_WHOLE_S, left() - _ENDING_S)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "whole.json"
        command = [
            str(named),
            "-m",
            "benchmarks.gpu.pipeline",
            "--device",
            device,
            "--python",
            sys.executable,
        ]
        command += ["--seconds", str(seconds), "--json", str(written)]
        command += ["--small"] if options.small else []
        command += ["--server", options.server] if options.server else []
        if not ended(command, max(1.0, seconds + _ENDING_S)):
            yield "failed", {"what": "the whole", "why": "it was not done in its time"}
            return
        found: dict[str, Any] = {"failed": "it wrote nothing"}
        if written.is_file():
            found = json.loads(written.read_text())
    if why := found.pop("failed", ""):
        yield "failed", {"what": "the whole", "why": why}
        return
    runs = found.pop("whole")
    for run in runs:
        yield "whole", {**run, **found}


def ended(command: Sequence[str], seconds: float) -> bool:
    """Run a command, and whether it ended by itself; it is interrupted, so that it stops its server."""
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOPPING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return False
    return True


def targets(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What docmill means to reach on an H200 with 16 cores, and what was."""
    whole = report["whole"][-1] if report["whole"] else {}
    found = {
        ("whole, pages/s", 100.0): whole.get("pages_per_s"),
        ("GPU busy while pages are laid out", 0.9): whole.get("layout", {}).get("gpu"),
        ("tables in batches, times one at a time", 20.0): max(
            (each["times"] for each in report["tables"]), default=None
        ),
    }
    return [
        {
            "target": target,
            "wanted": wanted,
            "found": value,
            "verdict": _verdict(wanted, value, report["dry_run"]),
        }
        for (target, wanted), value in found.items()
    ]


def _verdict(wanted: float, found: float | None, dry: bool) -> str:
    if found is None:
        return "not measured"
    words = "reached" if found >= wanted else "not reached"
    return f"{found:g}, {words}" + (" (a dry run, which says nothing of it)" if dry else "")


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
