"""How much work a call is, whatever the machine: steps of Python rather than seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def steps(work: Callable[[], T]) -> tuple[int, T]:
    """The lines of Python that `work` runs, and its result; each turn of a loop or comprehension counts."""
    count = 0

    def step(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        result = work()
    finally:
        sys.settrace(before)
    return count, result
