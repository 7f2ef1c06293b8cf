"""When servers come and go: three ways, with what they look at. Thresholds and steps are the chart's."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.scaling.autoscaler import Scaling
from benchmarks.scaling.chart import of_values
from benchmarks.scaling.cluster import Policy, Seen

__all__ = ["policies"]


def policies(most: int) -> tuple[Policy, ...]:
    """Always on; by what waits at the servers; by that and the queue of batches, as the chart has it.

    The second keeps a server, since one that is gone shows no queue.
    """
    chart = replace(of_values(), most=most)
    pending, *_ = chart.triggers
    return (
        Policy("always on", Scaling((), most, most)),
        Policy("by the servers' queues", replace(chart, triggers=(pending,), least=1), _servers),
        Policy("by the queue of batches", chart, _batches),
    )


def _servers(seen: Seen) -> tuple[float, ...]:
    return (seen.pending_pages,)


def _batches(seen: Seen) -> tuple[float, ...]:
    return (seen.pending_pages, seen.batches, seen.waiting_pages)
