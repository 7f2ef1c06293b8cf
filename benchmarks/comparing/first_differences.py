"""Where two contents part, in a few lines for people: by path in JSON, by line in text, else by byte."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

import msgspec

__all__ = ["first_differences"]

_SHOWN = 80
_MISSING = object()


def first_differences(before: bytes, after: bytes, count: int = 3) -> list[str]:
    """At most `count` places where the contents differ; none when they are the same bytes."""
    if before == after:
        return []
    try:
        found = _in_values(msgspec.json.decode(before), msgspec.json.decode(after), "")
        places = list(islice(found, count))
        return places or ["the same values, written in other bytes"]
    except msgspec.DecodeError:
        pass
    try:
        return list(islice(_in_lines(before.decode(), after.decode()), count))
    except UnicodeDecodeError:
        pairs = enumerate(zip_longest(before, after))
        first = next(number for number, (left, right) in pairs if left != right)
        return [f"byte {first:,}: {len(before):,} -> {len(after):,} bytes"]


def _in_values(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before | after:
            yield from _in_values(before.get(key, _MISSING), after.get(key, _MISSING), f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{path or '.'}: {len(before)} -> {len(after)} items"
        for number, (left, right) in enumerate(zip(before, after, strict=False)):
            yield from _in_values(left, right, f"{path}[{number}]")
    # 1 and 1.0 and true are equal to Python
    elif type(before) is not type(after) or before != after:
        yield f"{path or '.'}: {_short(before)} -> {_short(after)}"


def _in_lines(before: str, after: str) -> Iterator[str]:
    pairs = zip_longest(before.splitlines(keepends=True), after.splitlines(keepends=True), fillvalue=_MISSING)
    for number, (left, right) in enumerate(pairs, 1):
        if left != right:
            yield f"line {number}: {_short(left)} -> {_short(right)}"


def _short(value: object) -> str:
    if value is _MISSING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
