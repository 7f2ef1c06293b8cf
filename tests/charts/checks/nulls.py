"""Fields that render as null: what a template meant to fill, and the API server takes for not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.charts.checks.objects import Obj, label_of

__all__ = ["check_nulls"]


def check_nulls(objects: Sequence[Obj]) -> Iterator[str]:
    """Places of objects where there is nothing."""
    for thing in objects:
        yield from (f"{label_of(thing)}: {path} is null" for path in _nulls(thing, ""))


def _nulls(value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _nulls(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nulls(each, f"{path}[{number}]")
