"""What an event of Dagster's log adds to the counters."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from docmill.pipeline.instance.metrics.tally import Tally
from docmill.pipeline.instance.reporting.spending import GIVEN_UP, numbers_of, own_numbers

__all__ = ["OUTCOMES", "count_failed", "count_given_up", "count_run", "count_stage"]

#: The best first.
OUTCOMES = ("converted", "partial", "quarantined", "failed")
_COST = "cost_"


def count_stage(tally: Tally, stage: str, made: dg.AssetMaterialization, *, last: bool) -> bool:
    """Count a stage's work over a batch, as `outcome_metadata` says it; the `last` one ends documents.

    Says whether there was any, rather than all of it found done.
    """
    numbers = own_numbers(numbers_of(made.metadata))
    for outcome in OUTCOMES:
        tally.add("docmill_stage_documents", numbers.get(outcome, 0.0), stage, outcome)
    tally.add("docmill_stage_reused", numbers.get("reused", 0.0), stage)
    tally.add("docmill_fallback_pages", numbers.get("fallback_pages", 0.0), stage)
    tally.add("docmill_detected_pages", numbers.get("detected_pages", 0.0), stage)
    tally.observe("docmill_stage_duration_seconds", numbers.get("wall_seconds", 0.0), stage)
    _count_spent(tally, stage, numbers)
    for key, value in numbers.items():
        what, _, rest = key.partition("/")
        if last and what == "ended":
            outcome, _, reason = rest.partition("/")
            tally.add("docmill_documents", value, outcome, reason)
        elif last and what == "ended_pages":
            tally.add("docmill_pages", value, rest)
        elif last and key.startswith("all_stages/characters/"):
            tally.add("docmill_characters", value, key.removeprefix("all_stages/characters/"))
    return numbers.get("pages", 0.0) > 0


def count_given_up(tally: Tally, stage: str, noted: dg.AssetObservation) -> list[str]:
    """Count how often workers gave servers up, as a step noted it; the models that were on them."""
    numbers = numbers_of(noted.metadata)
    models = [key.removeprefix(GIVEN_UP) for key in numbers if key.startswith(GIVEN_UP)]
    for model in models:
        _begin_model(tally, stage, model)
        tally.add("docmill_breaker_openings", numbers[f"{GIVEN_UP}{model}"], stage, model)
    return models


def count_failed(tally: Tally, stage: str, observed: dg.AssetObservation) -> None:
    """Count what a step of a stage spent that failed, as `failed_metadata` says it."""
    _count_spent(tally, stage, numbers_of(observed.metadata))


def _count_spent(tally: Tally, stage: str, numbers: Mapping[str, float]) -> None:
    tally.add("docmill_stage_pages", numbers.get("pages", 0.0), stage)
    tally.add("docmill_worker_seconds", numbers.get("worker_seconds", 0.0), stage)
    tally.add("docmill_cpu_seconds", numbers.get("cpu_seconds", 0.0), stage)
    tally.add("docmill_overhead_cpu_seconds", numbers.get("overhead_cpu_seconds", 0.0), stage)
    tally.add("docmill_lost_workers", numbers.get("lost_workers", 0.0), stage)
    tally.add("docmill_retries", numbers.get("retries", 0.0), stage)
    tally.add("docmill_rejections", numbers.get("rejections", 0.0), stage)
    for key, value in numbers.items():
        what, _, rest = key.partition("/")
        if what == "device_seconds" and rest:
            _begin_model(tally, stage, rest)
            tally.add("docmill_device_seconds", value, stage, rest)
        elif what == "overhead_gpu_seconds" and rest:
            _begin_model(tally, stage, rest)
            tally.add("docmill_overhead_device_seconds", value, stage, rest)
        elif key.startswith(_COST) and not rest:
            tally.add("docmill_cost", value, stage, key.removeprefix(_COST))


def count_run(tally: Tally, job: str, status: str) -> None:
    """Count a run that came to an end."""
    tally.add("docmill_runs", 1.0, job, status)


def _begin_model(tally: Tally, stage: str, model: str) -> None:
    """A model has all of its counters or none: shares of them are then never without a part."""
    for family in ("docmill_device_seconds", "docmill_overhead_device_seconds", "docmill_breaker_openings"):
        tally.begin(family, stage, model)
