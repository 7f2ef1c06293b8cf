"""Runs a benchmark as a command of its own, and makes a result of the JSON that it writes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.comparing.counted import counted
from benchmarks.harness.catalogue import Benchmark
from benchmarks.harness.noise import Watch
from benchmarks.harness.result import Noise, Result
from benchmarks.harness.taking import curve, figures
from benchmarks.metrics.environment import environment

__all__ = ["MissingError", "commit", "devices", "result_of", "run", "words"]

_ROOT = Path(__file__).resolve().parents[2]
#: What a run of the set writes itself does not make it a changed checkout.
_WRITTEN = (":(exclude)benchmarks/results", ":(exclude)benchmarks/REPORT.md")


class MissingError(Exception):
    """A benchmark needs what was not given."""


def run(name: str, benchmark: Benchmark, given: Mapping[str, str], longest_s: float) -> Result:
    """Run it with its arguments, `{NAME}` replaced by what is given under that name.

    Raises `MissingError`, `CommandFailedError` when it fails or takes longer, and `PathError`.
    """
    if benchmark.needs and benchmark.needs not in given:
        raise MissingError(f"{name} needs --with {benchmark.needs}=...")
    watch, started = Watch(), time.monotonic()
    with TemporaryDirectory(prefix="docmill-benchmark-") as folder:
        written = Path(folder) / "report.json"
        arguments = [*words(benchmark.arguments, given), "--json", str(written)]
        command = [sys.executable, "-m", benchmark.module, *arguments]
        cost = counted(command, os.environ, _ROOT, longest_s)
        report = msgspec.json.decode(written.read_bytes())
    result = result_of(name, benchmark, report)
    if benchmark.kind != "measured":  # the same on every machine
        return result
    return msgspec.structs.replace(
        result,
        machine=environment(),
        devices=devices(),
        seconds=round(time.monotonic() - started, 1),
        # some have processes whose CPU nobody is told of, and count for themselves
        noise=said_noise(report) or watch.end(cost.cpu_s),
    )


def said_noise(report: object) -> Noise | None:
    """What a benchmark says itself of the machine, as its field `noise`."""
    own = report.get("noise") if isinstance(report, dict) else None
    return msgspec.convert(own, Noise) if own else None


def result_of(name: str, benchmark: Benchmark, report: object) -> Result:
    """What a benchmark wrote in the one form. Raises `PathError`."""
    # what was given is named, not where it lay
    arguments = re.sub(r"{(\w+)}", lambda match: match[1].upper(), benchmark.arguments)
    return Result(
        name=name,
        measures=benchmark.measures,
        kind=benchmark.kind,
        command=f"python -m {benchmark.module} {arguments}".strip(),
        commit=commit(),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        figures=figures(report, benchmark.figures),
        curves=[curve(report, drawn) for drawn in benchmark.curves],
    )


def words(arguments: str, given: Mapping[str, str]) -> list[str]:
    """Arguments as a command takes them: what is given, and `--option FOLDER/*` for each folder there."""
    filled: list[str] = []
    for word in shlex.split(arguments):
        text = word.format(**given)
        if text.endswith("/*"):
            option = filled.pop()
            folders = sorted(path for path in Path(text[:-2]).iterdir() if path.is_dir())
            filled += [part for folder in folders for part in (option, str(folder))]
        else:
            filled.append(text)
    return filled


def commit() -> str:
    """The checkout's commit, with a plus when files were changed since; empty where there is no Git."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *_WRITTEN)
    return head + "+" * bool(changed)


def devices() -> list[str]:
    """The GPUs of this machine, as their driver names them."""
    if not shutil.which("nvidia-smi"):
        return []
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True)
    return [] if said.returncode else said.stdout.split("\n")[:-1]


def _git(*arguments: str) -> str:
    if not shutil.which("git"):
        return ""
    run = subprocess.run(["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True)
    return "" if run.returncode else run.stdout.strip()
