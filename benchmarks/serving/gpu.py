"""GPU utilisation, from the server's own metrics where it has a GPU."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["gpu_names", "utilisation_during"]

_EVERY_S = 0.5


def utilisation_during(metrics_url: str, seconds: float) -> Callable[[], float | None]:
    """A function that watches for so long: the mean over GPUs and time, in 0..1; None without a GPU."""

    def watch() -> float | None:
        ends = time.perf_counter() + seconds
        seen: list[float] = []
        while metrics_url and time.perf_counter() < ends:
            found = _utilisation(metrics_url)
            if not found:
                return None
            seen += found
            time.sleep(_EVERY_S)
        return sum(seen) / len(seen) if seen else None

    return watch


def gpu_names(metrics_url: str) -> list[str]:
    """The GPUs that the server reports, by their identifiers; nothing without one."""
    return [labels["gpu_uuid"] for labels, _ in _gpus(metrics_url)] if metrics_url else []


def _utilisation(metrics_url: str) -> list[float]:
    return [value for _, value in _gpus(metrics_url)]


def _gpus(metrics_url: str) -> list[tuple[dict[str, str], float]]:
    with urllib.request.urlopen(metrics_url, timeout=5) as answer:
        text = answer.read().decode()
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "nv_gpu_utilization"
    ]
