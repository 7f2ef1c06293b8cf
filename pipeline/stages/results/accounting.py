"""What documents cost on servers: device seconds by model, measured by the server, and their price.

Device time is not wall time: it is what a model's execution took, shared by the inferences in it. An engine
on a server measures it over a worker's chunk of pages (`Metered`); the record of the chunk keeps it, and so
does the artifact, so that a run which finds the work done counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from docmill.pipeline.convert.metered import Metered

__all__ = ["device_seconds", "summed"]


@contextmanager
def device_seconds(engine: Any) -> Iterator[dict[str, float]]:
    """The device seconds of what the engine does within the block, by model: filled when the block ends.

    Stays empty for an engine that runs in the worker, and where the server gives no figures.
    """
    spent: dict[str, float] = {}
    if not isinstance(engine, Metered):
        yield spent
        return
    window = engine.open_window()
    yield spent
    spent.update(window.close())


def summed(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The seconds of each model over all parts."""
    total: dict[str, float] = {}
    for part in parts:
        for model, seconds in part.items():
            total[model] = total.get(model, 0.0) + seconds
    return total
