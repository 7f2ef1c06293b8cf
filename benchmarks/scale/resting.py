"""What Dagster's daemon holds and takes when there is nothing to run."""

from __future__ import annotations

import time

import dagster as dg
import msgspec

from benchmarks.scale.deployment import Deployment, wait_until

__all__ = ["DaemonAtRest", "measure_daemon"]

_LONGEST_S = 600.0
#: No shorter time says anything of CPU seconds.
_SHORTEST_S = 1.0


class DaemonAtRest(msgspec.Struct, frozen=True):
    """Megabytes of the daemon and its code server after so many ticks of each sensor that is on.

    `rss_mb` counts shared pages in each process, `pss_mb` once. CPU seconds are per hour, ticks included.
    """

    partitions: int
    ticks: int
    processes: int
    rss_mb: float
    pss_mb: float
    cpu_s_per_hour: float


def measure_daemon(deployment: Deployment, partitions: int, ticks: int) -> DaemonAtRest:
    """Start the daemon, wait for the ticks, and look at it."""
    with deployment.instance() as instance, deployment.daemon() as daemon:
        before, started = daemon.cpu_seconds(), time.monotonic()
        first = _fewest_ticks(instance)
        wait_until(f"{ticks} ticks", lambda: _fewest_ticks(instance) >= first + ticks, _LONGEST_S)
        spent, passed = daemon.cpu_seconds() - before, max(time.monotonic() - started, _SHORTEST_S)
        memory = daemon.memory()
    return DaemonAtRest(
        partitions=partitions,
        ticks=ticks,
        processes=len(memory),
        rss_mb=round(sum(each.rss_mb for each in memory), 1),
        pss_mb=round(sum(each.pss_mb for each in memory), 1),
        cpu_s_per_hour=round(3600 * spent / passed, 1),
    )


def _fewest_ticks(instance: dg.DagsterInstance) -> int:
    """Ticks of the sensor that has had the fewest."""
    states = instance.all_instigator_state()
    return min((len(instance.get_ticks(s.instigator_origin_id, s.selector_id)) for s in states), default=0)
