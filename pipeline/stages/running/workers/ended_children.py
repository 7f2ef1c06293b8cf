"""What ended processes have computed, however they ended, as the system counts it for their parent."""

from __future__ import annotations

import psutil

__all__ = ["EndedChildren"]


class EndedChildren:
    """The ended children of other processes, and theirs, since each of those began to be watched."""

    def __init__(self) -> None:
        self._before: dict[int, float] = {}

    def watch(self, parent: int) -> None:
        """Count the children of this process too that end from now on."""
        if parent not in self._before and (seconds := _of_children(parent)) is not None:
            self._before[parent] = seconds

    def cpu_seconds(self) -> float | None:
        """CPU seconds of all of them, in steps of a hundredth; None where the system does not say."""
        after = {parent: _of_children(parent) for parent in self._before}
        grown = [now - self._before[parent] for parent, now in after.items() if now is not None]
        return sum(grown) if grown else None


def _of_children(parent: int) -> float | None:
    try:
        times = psutil.Process(parent).cpu_times()
    except psutil.Error:
        return None
    return float(times.children_user + times.children_system)
