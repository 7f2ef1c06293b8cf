"""What a corpus of a million documents takes, on paper, from what was measured on a small one."""

from __future__ import annotations

import math

import msgspec

__all__ = ["PARTITIONS_LIMIT", "Measured", "Projection", "fitting_batch", "project"]

#: Dagster's advice for an asset: its pages and ticks get slow beyond.
PARTITIONS_LIMIT = 100_000
_SMALLEST_BATCH = 64
_GB = 1e9


class Measured(msgspec.Struct, frozen=True):
    """What a projection is made from.

    CPU seconds of orchestration are `run_s` for a run and `document_s` more for each document in it. Bytes
    are those of Dagster's databases for each document at 64 a batch, which larger batches do not exceed.
    """

    run_s: float
    document_s: float
    #: What assets and partitions are known by, and runs.
    index_bytes: float
    #: The logs of runs, which only a run's own page reads.
    log_bytes: float
    #: CPU seconds of the sensor `new_pdfs` for each document.
    ingest_s: float = 0.0


class Projection(msgspec.Struct, frozen=True):
    """A corpus in batches of one size: partitions, ticks that make them, CPU hours, gigabytes."""

    documents: int
    batch: int
    partitions: int
    ticks: int
    tick_hours: float
    cpu_hours: float
    cpu_s_per_document: float
    index_gb: float
    logs_gb: float

    @property
    def fits(self) -> bool:
        """Whether Dagster's limit allows so many partitions."""
        return self.partitions <= PARTITIONS_LIMIT


def project(
    measured: Measured, documents: int, batch: int, batches_per_tick: int = 50, tick_s: float = 5.0
) -> Projection:
    """The figures of so many documents in batches of one size, all found by the inbox's sensor."""
    partitions = math.ceil(documents / batch)
    ticks = math.ceil(partitions / batches_per_tick)
    orchestration = partitions * measured.run_s + documents * measured.document_s
    seconds = orchestration + documents * measured.ingest_s
    return Projection(
        documents=documents,
        batch=batch,
        partitions=partitions,
        ticks=ticks,
        tick_hours=ticks * tick_s / 3600,
        cpu_hours=seconds / 3600,
        cpu_s_per_document=seconds / documents,
        index_gb=documents * measured.index_bytes / _GB,
        logs_gb=documents * measured.log_bytes / _GB,
    )


def fitting_batch(documents: int) -> int:
    """The smallest batch, from 64 in doublings, whose number of partitions Dagster bears."""
    batch = _SMALLEST_BATCH
    while math.ceil(documents / batch) > PARTITIONS_LIMIT:
        batch *= 2
    return batch
