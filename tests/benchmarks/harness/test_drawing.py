"""Pictures of curves."""

from __future__ import annotations

import re

from benchmarks.harness.drawing import draw
from benchmarks.harness.result import Curve

_CIRCLE = re.compile(r'<circle cx="([\d.]+)" cy="([\d.]+)"')


def test_dots_are_named_and_not_joined() -> None:
    lines = {"slow": [(400.0, 0.5)], "quick": [(4.0, 0.9)], "between": [(40.0, 0.7)]}
    picture = draw(Curve("worth", "ms", "quality", lines, dots=True))
    places = [(float(x), float(y)) for x, y in _CIRCLE.findall(picture)]
    assert "<polyline" not in picture
    assert all(f">{name}</text>" in picture for name in lines)
    (slow, quick, between) = places
    assert quick[0] < between[0] < slow[0]
    assert quick[1] < between[1] < slow[1], "upwards is better"
    assert abs((between[0] - quick[0]) - (slow[0] - between[0])) < 0.2, "each ten times the one before"


def test_the_axis_of_dots_has_decades() -> None:
    picture = draw(Curve("worth", "ms", "quality", {"a": [(4.2, 0.5)], "b": [(390.0, 0.9)]}, dots=True))
    named = re.findall(r'text-anchor="middle">([\d.]+)<', picture)
    assert named == ["1", "10", "100", "1000"]


def test_lines_stay_lines() -> None:
    picture = draw(Curve("growth", "documents", "ms", {"CPU": [(1.0, 9.0), (64.0, 3.0)]}))
    assert "<polyline" in picture
    assert "<circle" not in picture
