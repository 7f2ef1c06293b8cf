"""Checks of stages as Dagster's asset checks."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.stages.checks import Check, Finding

__all__ = ["check_result", "check_spec"]


def check_spec(check: Check, asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of an asset.

    It has no partitions of its own, which Dagster has as a preview only: an evaluation names the
    materialization, and so the batch, that it is of.
    """
    return dg.AssetCheckSpec(check.name, asset=asset, blocking=check.blocking, description=check.description)


def check_result(check: Check, found: Finding) -> dg.AssetCheckResult:
    """What it found, for an asset that has this check."""
    return dg.AssetCheckResult(
        passed=found.passed,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.WARN if check.warns else dg.AssetCheckSeverity.ERROR,
        description=found.description,
        metadata=dict(found.numbers),
    )
