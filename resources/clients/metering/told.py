"""What a server says with an answer that it took, and what it has done by then."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Done", "Told"]


@dataclass(frozen=True, order=True)
class Done:
    """What an instance of a model has done since it was loaded: of anybody's, and of the step's."""

    items: int
    device_ns: int
    own_items: int
    own_ns: int


@dataclass(frozen=True)
class Told:
    """The nanoseconds that a request took, which instance of the model did it, and what that one has done."""

    device_ns: int
    instance: int
    done: Done
