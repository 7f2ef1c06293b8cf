"""Asset checks: what stops a batch before it costs anything more."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from docmill.pipeline.convert.errors import BatchStoppedError
from docmill.pipeline.corpus.ledger.ledger import Outcome, open_ledger
from docmill.pipeline.intake.batches import Manifest
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.settings.checks import Checks

__all__ = ["failure_rate", "failure_rate_spec"]

_NAME = "failure_rate"


def failure_rate_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of an asset: a batch most of whose documents have failed goes no further.

    Then something is wrong with all of them. A few bad documents are outcomes of their own and stop nothing.
    """
    return dg.AssetCheckSpec(
        _NAME, asset=asset, blocking=True, description="Stops a batch most of whose documents have failed."
    )


def failure_rate(
    conversion: Conversion, manifest: Manifest, records: Sequence[StageRecord], checks: Checks, run: str
) -> dg.AssetCheckResult:
    """Evaluate it. When it stops the batch the ledger says of every document why it failed, or was left."""
    bad = [record for record in records if not record.usable]
    share = len(bad) / len(records)
    passed = len(records) < checks.min_documents or share <= checks.max_failed_share
    reasons = ", ".join(sorted({record.reason for record in bad}))
    description = f"{len(bad)} of {len(records)} documents failed{f': {reasons}' if bad else ''}"
    if not passed:
        failed = [(d, r) for d, r in zip(manifest.documents, records, strict=True) if not r.usable]
        left = [d for d, r in zip(manifest.documents, records, strict=True) if r.usable]
        outcome = Outcome(manifest.key, manifest.origin, run, conversion.fingerprints)
        ledger = open_ledger(conversion.artifacts.store)
        ledger.settle(outcome, [d for d, _ in failed], [r for _, r in failed])
        ledger.stop(outcome, left, BatchStoppedError(f"its batch {manifest.key} was stopped: {description}"))
    return dg.AssetCheckResult(
        passed=passed,
        check_name=_NAME,
        description=description,
        metadata={"documents": float(len(records)), "failed": float(len(bad)), "share": share},
    )
