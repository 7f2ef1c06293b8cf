"""What docmill's models tell of their work, in one more output than they compute: `docmill_account`.

Beside each model in Python, and beside the backend of those in ONNX, is a copy of this file.

For each item there are six numbers: the seconds that it took; the instance's number; how many items that one
has done by now, and their seconds; and both of those whose requests have the same parameter `docmill_step`.
(Response parameters would do, but this Triton has none for Python.)
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACCOUNT", "Books", "add_account", "asked_for", "step_of"]

Array = NDArray[Any]

ACCOUNT = "docmill_account"
#: Those that were longest quiet are forgotten.
MOST_STEPS = 1000


class Books:
    """What an instance has done, in all and for each step of a client's."""

    def __init__(self) -> None:
        self.instance = time.time_ns() // 1000  # a float holds it
        self.items, self.seconds = 0, 0.0
        self.steps: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def took(self, began: float, items: int) -> float:
        """The seconds of each of so many items that have run together since then."""
        seconds = time.perf_counter() - began
        self.items += items
        self.seconds += seconds
        return seconds / max(1, items)

    def account(self, step: str, items: int, each: float) -> Array:
        """What is said of these items, FP64 [items, 6]."""
        count, seconds = self.steps.pop(step, (0, 0.0))
        self.steps[step] = done = count + items, seconds + items * each
        if len(self.steps) > MOST_STEPS:
            self.steps.popitem(last=False)
        return np.tile((each, self.instance, self.items, self.seconds, *done), (items, 1))


def step_of(request: Any) -> str:
    """What the client calls its step."""
    return str(json.loads(request.parameters() or "{}").get("docmill_step", ""))


def asked_for(request: Any, outputs: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Those of the outputs, by name, that a request asks for."""
    wanted = set(request.requested_output_names())
    return ((name, array) for name, array in outputs.items() if name in wanted)


def add_account(config: Any) -> None:
    """Say in a model's configuration that there is one more output, unless it says so.

    A client that has a model loaded anew gives the configuration that it had, completed.
    """
    if all(tensor["name"] != ACCOUNT for tensor in config.as_dict()["output"]):
        config.add_output({"name": ACCOUNT, "data_type": "TYPE_FP64", "dims": [6]})
