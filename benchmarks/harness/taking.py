"""Figures out of a benchmark's own JSON, by paths.

`runs.*.ratio` are the ratios of all runs, rounds of one figure; `runs[documents].run_s` are the seconds of
each run, a figure for each, called after its field `documents`; `first[].requests` are those of each key of
an object. A number is a place in a list, as part of a path and as a field. `{0}` in a figure's name stands
for the first such name, `{1}` for the second. `cases.#` is how many there are, `cases.#verdict=right` how
many of them have that in their field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from benchmarks.harness.result import Curve, Figure

__all__ = ["Drawn", "PathError", "Taken", "curve", "figures"]

_SEGMENT = re.compile(r"(?P<name>[^\[\]]*)(?:\[(?P<by>[^\]]*)\])?")


class PathError(Exception):
    """A path leads nowhere in the JSON that a benchmark wrote."""


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure, or one for each name that its path goes over.

    `minus` is taken off first, then `scale` is a factor, for another unit. `optional`: what is not there, or
    null, is left out.
    """

    name: str
    path: str
    unit: str = ""
    ratio: str = ""
    minus: float = 0.0
    scale: float = 1.0
    optional: bool = False


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A curve: `over` leads to lists of objects, `x` and the values of `y` are their fields.

    `dots`: its points stand alone, and are called after their lists.
    """

    title: str
    over: str
    x: str
    x_name: str
    y_name: str
    y: dict[str, str]
    dots: bool = False


def figures(report: object, wanted: Sequence[Taken]) -> list[Figure]:
    """The figures of a report, in the order they are wanted. Raises `PathError`."""
    return [figure for taken in wanted for figure in _figures(report, taken)]


def curve(report: object, drawn: Drawn) -> Curve:
    """The lines of a report, called after the list where there are several. Raises `PathError`."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for names, rows in _walk(report, drawn.over.split("."), ()):
        if not isinstance(rows, list):
            raise PathError(f"{drawn.over}: no list")
        for line, field in drawn.y.items():
            points = [(float(row[drawn.x]), float(row[field])) for row in rows if row.get(field) is not None]
            lines[", ".join(names if drawn.dots else [*names, line])] = sorted(points)
    return Curve(drawn.title, drawn.x_name, drawn.y_name, lines, drawn.dots)


def _figures(report: object, taken: Taken) -> Iterator[Figure]:
    rounds: dict[tuple[str, ...], list[float]] = {}
    try:
        for names, value in _walk(report, taken.path.split("."), ()):
            if isinstance(value, int | float) and not isinstance(value, bool):
                rounds.setdefault(names, []).append((value - taken.minus) * taken.scale)
            elif not (value is None and taken.optional):
                raise PathError(f"{taken.path}: {value!r} is no number")
    except PathError:
        if not taken.optional:
            raise
    for names, values in rounds.items():
        yield Figure.of(taken.name.format(*names), values, taken.unit, taken.ratio)


def _walk(
    value: object, segments: Sequence[str], names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not segments:
        yield names, value
        return
    if segments[0].startswith("#"):
        yield names, _count(value, segments[0][1:])
        return
    match = _SEGMENT.fullmatch(segments[0])
    if not match:
        raise PathError(f"{segments[0]!r} is no part of a path")
    rest = segments[1:]
    if match["name"] == "*":
        if not isinstance(value, list):
            raise PathError(f"{'.'.join(segments)}: no list")
        for each in value:
            yield from _walk(each, rest, names)
        return
    inner = value
    if match["name"]:
        inner = _field(value, match["name"])
    if match["by"] is None:
        yield from _walk(inner, rest, names)
    elif isinstance(inner, Mapping):
        for key, each in inner.items():
            yield from _walk(each, rest, (*names, str(key)))
    elif isinstance(inner, list):
        for each in inner:
            yield from _walk(
                each, rest, (*names, *(str(_field(each, field)) for field in match["by"].split(",")))
            )
    else:
        raise PathError(f"{segments[0]}: nothing to go over")


def _field(value: object, name: str) -> Any:
    if isinstance(value, Mapping) and name in value:
        return value[name]
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    raise PathError(f"{name!r} is not there")


def _count(value: object, condition: str) -> int:
    if not isinstance(value, list | Mapping):
        raise PathError(f"{value!r} has no length")
    field, _, wanted = condition.partition("=")
    return sum(str(_field(each, field)) == wanted for each in value) if field else len(value)
