"""How many CPUs this process has: those it may run on, and no more than its container may use at once."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["usable_cpus"]

_CGROUPS = Path("/sys/fs/cgroup")


def usable_cpus(cgroups: Path = _CGROUPS) -> int:
    """The CPUs of this process, at least 1; a share of one counts as one.

    A container with a limit still sees every CPU of its machine; `cgroups` is where Linux says the limit:
    `cpu.max` (https://docs.kernel.org/admin-guide/cgroup-v2.html), or the two files of version 1.
    """
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _limit(cgroups)
    return max(1, min(seen, math.ceil(limit)) if limit else seen)


def _limit(cgroups: Path) -> float | None:
    """CPUs that the container may use at once; None: no limit, or none that can be read."""
    second = _words(cgroups / "cpu.max")
    first = [*_words(cgroups / "cpu/cpu.cfs_quota_us"), *_words(cgroups / "cpu/cpu.cfs_period_us")]
    for words in (second, first):
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
            return int(words[0]) / int(words[1])
    return None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").split()
    except OSError:
        return []
