"""What documents cost on servers: device seconds by model, measured by the server.

Device time is not wall time: it is what a model's execution took, shared by the inferences in it. It is
measured for a whole step (`Counted`: `step_accounts`) and shared out to chunks. The record of the chunk keeps
it, and so does the artifact, so that a run which finds the work done counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["summed"]


def summed(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The seconds of each model over all parts."""
    total: dict[str, float] = {}
    for part in parts:
        for model, seconds in part.items():
            total[model] = total.get(model, 0.0) + seconds
    return total
