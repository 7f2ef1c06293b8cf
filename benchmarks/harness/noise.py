"""Whether the machine is quiet: load, what others take, and how steady a loop of fixed work is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.comparing.load import Load, OthersAtWork, load_now
from benchmarks.harness.result import Noise

__all__ = ["LoopTimes", "Watch", "busy_now", "loop_times"]

_ROUNDS, _STEPS = 20, 150_000
_LOOK_S = 2.0
#: Shares of the machine that others may have, and the spread of the loop, before figures are doubted.
_OTHERS, _LOADED, _SPREAD = 0.05, 0.25, 0.10

LoopTimes = list[float]


def loop_times(rounds: int = _ROUNDS) -> LoopTimes:
    """Wall seconds of a loop that always does the same, so many times."""
    times = []
    for _ in range(rounds):
        started, total = time.perf_counter(), 0
        for number in range(_STEPS):
            total += number * number
        times.append(time.perf_counter() - started)
    return times


def busy_now(seconds: float = _LOOK_S) -> Iterator[str]:
    """Why this is no empty machine, before anything of ours runs on it."""
    load, others = load_now(), OthersAtWork()
    time.sleep(seconds)
    taken = others.cores(0.0)
    if load.averages[0] > _LOADED * load.cores:
        yield f"load {load.averages[0]:.2f} on {load.cores} cores"
    if taken > _OTHERS * load.cores:
        yield f"{taken:.2f} of {load.cores} cores are taken by others"


class Watch:
    """From when it is made to its end: what else the machine did meanwhile."""

    def __init__(self) -> None:
        self._before = load_now()
        self._times = loop_times()
        self._others = OthersAtWork()

    def end(self, own_cpu_s: float) -> Noise:
        """All of it; `own_cpu_s` is what the benchmark took with everything below it."""
        others, after = self._others.cores(own_cpu_s), load_now()
        times = [*self._times, *loop_times()]
        middle = statistics.median(times)
        spread = (max(times) - min(times)) / middle
        return Noise(
            load_start=self._before.averages,
            load_end=after.averages,
            others_cores=round(others, 3),
            loop_ms=round(1000 * middle, 2),
            loop_spread=round(spread, 3),
            warnings=list(_warnings(after, others, spread)),
        )


def _warnings(load: Load, others: float, spread: float) -> Iterator[str]:
    if others > _OTHERS * load.cores:
        yield f"others took {others:.2f} of {load.cores} cores"
    if spread > _SPREAD:
        yield f"a loop of fixed work took up to {100 * spread:.0f} % more or less"
