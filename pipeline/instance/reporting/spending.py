"""What steps and runs spent, as numbers of metadata that plot: docs/device-seconds.md has the keys.

A stage's numbers are of its step. Those of the last stage are under `stage/` where the same names are totals
of the run there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.price import Price

__all__ = [
    "GIVEN_UP",
    "numbers_of",
    "overhead_numbers",
    "overhead_of",
    "own_numbers",
    "run_totals",
    "saved_numbers",
    "with_totals",
]

#: In observations of a stage's asset: how often workers gave the server of a model up as silent.
GIVEN_UP = "given_up/"
_OWN = "stage/"
_COST = "cost_"
_MODELS = ("gpu_seconds/", "overhead_gpu_seconds/")
#: Of a stage and of the run alike: they add up.
_SUMS = (
    "cpu_seconds",
    "saved_gpu_seconds",
    "saved_cpu_seconds",
    "saved_cost",
    "overhead_gpu_seconds",
    "overhead_cpu_seconds",
    "overhead_cost",
    "lost_workers",
    "retries",
    "rejections",
)
_TOTALS = frozenset(
    {
        *_SUMS,
        "gpu_seconds",
        "gpu_seconds_per_page",
        "cost",
        "pages_per_second",
        "run_pages",
        "run_wall_seconds",
    }
)


def saved_numbers(reused: Sequence[StageRecord], price: Price | None) -> dict[str, float]:
    """What it took to make what a step found done, which costs it nothing."""
    if not reused:
        return {}
    devices = summed(record.device_seconds for record in reused)
    cpu = sum(record.cpu_seconds for record in reused)
    numbers = {"saved_gpu_seconds": sum(devices.values()), "saved_cpu_seconds": cpu}
    return _rounded(numbers | ({"saved_cost": price.of(devices, cpu)} if price else {}))


def overhead_numbers(overhead: Overhead, price: Price | None) -> dict[str, float]:
    """What a step spent that is no document's."""
    devices, cpu = overhead.device_seconds, overhead.cpu_seconds
    numbers = {
        "overhead_gpu_seconds": sum(devices.values()),
        "overhead_cpu_seconds": cpu,
        "lost_workers": overhead.lost_workers,
        "retries": overhead.retries,
        "rejections": overhead.rejections,
        **({"overhead_cost": price.of(devices, cpu)} if price else {}),
        **{f"overhead_gpu_seconds/{model}": seconds for model, seconds in sorted(devices.items())},
    }
    return _rounded(numbers)


def overhead_of(numbers: Mapping[str, float]) -> Overhead:
    """What `overhead_numbers` said."""
    prefix = "overhead_gpu_seconds/"
    return Overhead(
        {key.removeprefix(prefix): value for key, value in numbers.items() if key.startswith(prefix)},
        numbers.get("overhead_cpu_seconds", 0.0),
        int(numbers.get("lost_workers", 0)),
        int(numbers.get("retries", 0)),
        int(numbers.get("rejections", 0)),
    )


def numbers_of(metadata: Mapping[str, object]) -> dict[str, float]:
    """The numbers among metadata, of a materialization or before it is one."""
    found = {}
    for key, value in metadata.items():
        plain = value.value if isinstance(value, dg.FloatMetadataValue | dg.IntMetadataValue) else value
        if isinstance(plain, int | float) and not isinstance(plain, bool):
            found[key] = float(plain)
    return found


def own_numbers(numbers: Mapping[str, float]) -> dict[str, float]:
    """A stage's own numbers, without the totals that the last one has."""
    own = {key.removeprefix(_OWN): value for key, value in numbers.items() if key.startswith(_OWN)}
    if not own:
        return dict(numbers)
    return own | {
        key: value for key, value in numbers.items() if not (key.startswith(_OWN) or _is_total(key))
    }


def run_totals(stages: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What a run spent in all its stages, from the own numbers of each."""
    models: defaultdict[str, float] = defaultdict(float)
    sums: defaultdict[str, float] = defaultdict(float)
    for stage in stages:
        for key, value in stage.items():
            what, _, model = key.partition("/")
            if model and what == "device_seconds":
                models[f"gpu_seconds/{model}"] += value
            elif model and what == "overhead_gpu_seconds":
                models[key] += value
            elif key in _SUMS:
                sums[key] += value
            elif key.startswith(_COST):
                sums["cost"] += value
    gpu = sum(stage.get("device_seconds", 0.0) for stage in stages)
    pages = max((stage.get("pages", 0.0) for stage in stages), default=0.0)
    wall = sum(stage.get("wall_seconds", 0.0) for stage in stages)
    return _rounded(
        {
            "gpu_seconds": gpu,
            "gpu_seconds_per_page": gpu / pages if pages else 0.0,
            **sums,
            **models,
            "pages_per_second": pages / wall if wall else 0.0,
            "run_pages": pages,
            "run_wall_seconds": wall,
        }
    )


def with_totals(metadata: Mapping[str, Any], others: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """The last stage's metadata with the totals of a run whose other stages have these numbers."""
    totals = run_totals([*(own_numbers(each) for each in others), numbers_of(metadata)])
    moved = {f"{_OWN}{key}" if _is_total(key) else key: value for key, value in metadata.items()}
    return moved | totals


def _is_total(key: str) -> bool:
    return key in _TOTALS or key.startswith(_MODELS)


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {key: round(float(value), 8 if "cost" in key else 6) for key, value in numbers.items()}
