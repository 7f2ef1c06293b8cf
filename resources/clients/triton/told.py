"""What docmill's models say with an answer, in the output `docmill_account`.

`model_repository/shared` has their side of it. Triton's own backends say nothing of the kind.
"""

from __future__ import annotations

from typing import Any

from docmill.resources.clients.metering.told import Done, Told

__all__ = ["ACCOUNT", "STEP", "read_told"]

ACCOUNT = "docmill_account"
#: The parameter of a request that says whose it is.
STEP = "docmill_step"
_NUMBERS = 6
_NANO = 1e9


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
