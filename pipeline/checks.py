"""Asset checks: what stops a batch before it costs anything more."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from pipeline.batches import Manifest
from pipeline.conversion import Conversion
from pipeline.ledger.ledger import Outcome, open_ledger
from pipeline.records import StageRecord
from resources.configurable import Checks

__all__ = ["failure_rate", "failure_rate_spec"]

_NAME = "failure_rate"


def failure_rate_spec(asset: str) -> dg.AssetCheckSpec:
    """The check of an asset: a batch most of whose documents have failed goes no further.

    Then something is wrong with all of them. A few bad documents are outcomes of their own and stop nothing.
    """
    return dg.AssetCheckSpec(
        _NAME, asset=asset, blocking=True, description="Stops a batch most of whose documents have failed."
    )


def failure_rate(
    conversion: Conversion, manifest: Manifest, records: Sequence[StageRecord], checks: Checks, run: str
) -> dg.AssetCheckResult:
    """Evaluate it. When it stops the batch the ledger says why for those that failed; the others wait."""
    bad = [record for record in records if not record.usable]
    share = len(bad) / len(records)
    passed = len(records) < checks.min_documents or share <= checks.max_failed_share
    if not passed:
        failed = [(d, r) for d, r in zip(manifest.documents, records, strict=True) if not r.usable]
        outcome = Outcome(manifest.key, manifest.origin, run, conversion.fingerprints)
        open_ledger(conversion.artifacts.store).settle(
            outcome, [d for d, _ in failed], [r for _, r in failed]
        )
    reasons = ", ".join(sorted({record.reason for record in bad}))
    return dg.AssetCheckResult(
        passed=passed,
        check_name=_NAME,
        description=f"{len(bad)} of {len(records)} documents failed{f': {reasons}' if bad else ''}",
        metadata={"documents": float(len(records)), "failed": float(len(bad)), "share": share},
    )
