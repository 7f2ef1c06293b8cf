"""What is judged of a batch when a stage has done it: a check changes nothing, and Dagster shows it.

A stage names its checks; those that are the stage's own are in its module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docmill.pipeline.stages.results.records import StageRecord
    from docmill.resources.settings.checks import Checks

__all__ = ["ANY_CONVERTED", "FAILURE_RATE", "BatchCheck", "Check", "Finding", "StageBatch", "finding"]

#: Documents that a description names.
_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """What a check found: `numbers` plot, of which `share` is a part of the documents between 0 and 1."""

    passed: bool
    description: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check as it is known beforehand.

    A batch that does not pass one that is `blocking` goes no further; one that `warns` says what somebody
    should look at, any other that docmill did something wrong.
    """

    name: str
    description: str
    blocking: bool = False
    warns: bool = False


@dataclass(frozen=True)
class StageBatch:
    """A batch that a stage has done: the stage as it was set, the record of each document, the limits."""

    stage: object
    records: Sequence[StageRecord]
    limits: Checks

    @property
    def usable(self) -> list[StageRecord]:
        """Of those documents that the stages after it have something of."""
        return [record for record in self.records if record.usable]


@dataclass(frozen=True, kw_only=True)
class BatchCheck(Check):
    """A check of the records alone."""

    judge: Callable[[StageBatch], Finding]


def finding(
    some: Sequence[StageRecord], of: Sequence[StageRecord], words: str, *, most: float = 0.0, **numbers: float
) -> Finding:
    """That of documents `some` are as `words` say: passed where they are no greater part than `most`.

    The first of them are named, to be looked for in the table of documents.
    """
    share = _share(some, of)
    names = ", ".join(record.name for record in some[:_NAMED])
    more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return Finding(
        passed=share <= most,
        description=f"{len(some)} of {len(of)} documents {words}{f': {names}{more}' if names else ''}",
        numbers={"documents": float(len(of)), **numbers, "share": share},
    )


def _share(some: Sequence[object], of: Sequence[object]) -> float:
    """The part that some are of all; of nothing it is 0."""
    return len(some) / len(of) if of else 0.0


def _failure_rate(batch: StageBatch) -> Finding:
    records, limits = batch.records, batch.limits
    bad = [record for record in records if not record.usable]
    share = _share(bad, records)
    reasons = ", ".join(sorted({record.reason for record in bad}))
    return Finding(
        passed=len(records) < limits.min_documents or share <= limits.max_failed_share,
        description=f"{len(bad)} of {len(records)} documents failed{f': {reasons}' if bad else ''}",
        numbers={"documents": float(len(records)), "failed": float(len(bad)), "share": share},
    )


#: When most documents fail, something is wrong with all of them.
FAILURE_RATE = BatchCheck(
    name="failure_rate",
    description="Stops a batch most of whose documents have failed. A few bad documents are outcomes of "
    "their own and stop nothing.",
    blocking=True,
    judge=_failure_rate,
)


def _any_converted(batch: StageBatch) -> Finding:
    records, usable = batch.records, batch.usable
    reasons = ", ".join(sorted({record.reason for record in records if not record.usable}))
    return Finding(
        passed=bool(usable) or not records,
        description=f"{len(usable)} of {len(records)} documents were converted"
        f"{f': {reasons}' if reasons else ''}",
        numbers={"documents": float(len(records)), "converted": float(len(usable))},
    )


#: However few they are: a run that has nothing to show is not to look like one that has.
ANY_CONVERTED = BatchCheck(
    name="any_converted",
    description="Warns of a batch of which not one document was converted.",
    warns=True,
    judge=_any_converted,
)
