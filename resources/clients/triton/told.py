"""What docmill's own backend (`deploy/triton/backends`) says with an answer, in the output `docmill_account`.

Triton's own backends say nothing of the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ACCOUNT", "STEP", "Done", "Told", "read_told"]

ACCOUNT = "docmill_account"
#: The parameter of a request that says whose it is.
STEP = "docmill_step"
_NUMBERS = 6
_NANO = 1e9


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


def read_told(answer: Any) -> Told | None:
    """What an answer says; None where it says nothing that can be understood."""
    try:
        numbers = answer.as_numpy(ACCOUNT)
    except ValueError:
        return None
    if numbers is None or numbers.dtype != float or not numbers.size or numbers.shape[-1] != _NUMBERS:
        return None
    rows = numbers.reshape(-1, _NUMBERS)
    _, instance, items, seconds, own_items, own_seconds = rows[0].tolist()
    done = Done(int(items), round(seconds * _NANO), int(own_items), round(own_seconds * _NANO))
    return Told(round(float(rows[:, 0].sum()) * _NANO), int(instance), done)
