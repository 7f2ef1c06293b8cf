"""What an engine on a server offers when the server counts what it spends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

__all__ = ["Counted", "StepMeter", "Tallied", "Tally"]


@dataclass(frozen=True)
class Tally:
    """What a server has done with an engine's models since it was started, for all its clients.

    `seconds` are of its device where it counts those, else of requests, which are beside one another.
    `inferences` are pages, tables or answers.
    """

    seconds: float
    inferences: int


@runtime_checkable
class Tallied(Protocol):
    """An engine on a server that counts what it does."""

    def tally(self) -> Tally | None:
        """What the server has counted so far; None where it counts nothing or does not answer."""
        ...


class StepMeter(Protocol):
    """What servers spend on a step, whatever becomes of its workers. Raises nothing."""

    def took(self, worker: int) -> dict[str, float]:
        """The device seconds, by model, of what the worker (its process id) was answered since it was last
        told of here. What is left out has no figure.
        """
        ...

    def lost(self, worker: int) -> None:
        """What the worker was answered since then came to nothing."""
        ...

    def close(self) -> dict[str, float]:
        """The device seconds of the whole step, by model: of all that was told, and of what was lost."""
        ...

    def stop(self) -> None:
        """The step failed: nobody wants to know any more. Does not wait for a server."""
        ...

    @property
    def rejections(self) -> int:
        """How many inferences servers have turned away."""
        ...

    @property
    def given_up(self) -> dict[str, int]:
        """How often a worker gave the server up as silent, by model; those that never were are left out."""
        ...


@runtime_checkable
class Counted(Protocol):
    """An engine whose requests are counted outside of its worker, so that those of a killed one are known."""

    def count_in(self, folder: Path) -> None:
        """In a worker: keep count there from now on."""
        ...

    def open_meter(self, folder: Path) -> StepMeter:
        """In the step that has the workers: begin to measure what all of them count there."""
        ...
