"""How busy the machine is with other things while something is measured on it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

import msgspec
import psutil

__all__ = ["Load", "OthersAtWork", "load_now", "warnings"]

_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
#: Shares of the machine; with more of it taken figures mean little.
_LOADED, _DISTURBED = 0.25, 0.05


class Load(msgspec.Struct, frozen=True):
    """The load averages of 1, 5 and 15 minutes, and the cores of the machine they are of."""

    averages: tuple[float, float, float]
    cores: int


def load_now() -> Load:
    """What it is before this process adds to it."""
    return Load(os.getloadavg(), psutil.cpu_count() or 1)


class OthersAtWork:
    """From when it is made: how many cores were busy, on average, with anything but what is measured."""

    def __init__(self) -> None:
        self._busy, self._started = _busy_seconds(), time.monotonic()

    def cores(self, own_cpu_s: float) -> float:
        """Cores that others had so far; `own_cpu_s` is what the measured command took."""
        wall = time.monotonic() - self._started
        return max(0.0, (_busy_seconds() - self._busy - own_cpu_s) / wall)


def warnings(load: Load, others: Sequence[float]) -> Iterator[str]:
    """What about the machine makes the figures doubtful; `others` are cores, by measurement."""
    if load.averages[0] > _LOADED * load.cores:
        yield f"the machine was busy before: load {load.averages[0]:.2f} on {load.cores} cores"
    disturbed = [cores for cores in others if cores > _DISTURBED * load.cores]
    if disturbed:
        yield (
            f"others were at work during {len(disturbed)} of {len(others)} measurements: "
            f"up to {max(disturbed):.2f} of {load.cores} cores"
        )


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return sum(getattr(times, kind, 0.0) for kind in _BUSY)
