"""GPU utilisation: from the server's own metrics, or from the driver where the server is on this machine.

A server has its metrics of GPUs from NVIDIA's DCGM, which the wheel of `docmill triton serve` lacks.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["gpu_names", "utilisation_during"]

_EVERY_S = 0.5


def utilisation_during(metrics_url: str, local: bool, seconds: float) -> Callable[[], float | None]:
    """A function that watches for so long: the mean over GPUs and time, in 0..1; None without a GPU."""

    def watch() -> float | None:
        ends = time.perf_counter() + seconds
        seen: list[float] = []
        while metrics_url and time.perf_counter() < ends:
            found = _utilisation(metrics_url, local)
            if not found:
                return None
            seen += found
            time.sleep(_EVERY_S)
        return sum(seen) / len(seen) if seen else None

    return watch


def gpu_names(metrics_url: str, local: bool) -> list[str]:
    """The GPUs of the server's machine, by name where it is this one (`local`), else by identifier."""
    if not metrics_url:
        return []
    named = _asked("name") if local else []
    return named or [labels["gpu_uuid"] for labels, _ in _gpus(metrics_url)]


def _utilisation(metrics_url: str, local: bool) -> list[float]:
    reported = [value for _, value in _gpus(metrics_url)]
    if reported or not local:
        return reported
    return [float(percent) / 100 for percent in _asked("utilization.gpu")]


def _gpus(metrics_url: str) -> list[tuple[dict[str, str], float]]:
    with urllib.request.urlopen(metrics_url, timeout=5) as answer:
        text = answer.read().decode()
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "nv_gpu_utilization"
    ]


def _asked(field: str) -> list[str]:
    """What the driver says of each GPU of this machine, if it has one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    done = subprocess.run(
        [program, f"--query-gpu={field}", "--format=csv,noheader,nounits"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return done.stdout.splitlines() if done.returncode == 0 else []
