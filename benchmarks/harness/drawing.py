"""A curve as an SVG file, in the colours of docmill's own dashboards."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator

from benchmarks.harness.result import Curve
from docmill.pipeline.instance.dashboards.plot import PALETTE

__all__ = ["draw", "steps"]

_WIDTH, _HEIGHT = 560, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 40, 36
_PARTS, _COLOURS = 5, 8
#: A dot so near to the right edge has its name before it.
_NAME = 110
#: Over so large a span the axis has a place for each doubling.
_LOGARITHMIC = 30.0
_STYLE = (
    f"{PALETTE}text{{font:11px system-ui;fill:#6b6b6b}}.grid{{stroke:#6b6b6b;stroke-opacity:.3}}"
    "polyline{fill:none;stroke-width:1.8}"
)


def draw(curve: Curve) -> str:
    """All lines of a curve, with axes from zero on and a legend; dots have their names beside them."""
    points = [point for line in curve.lines.values() for point in line]
    least, most = min(x for x, _ in points), max(x for x, _ in points)
    heights = steps(max(y for _, y in points))
    logarithmic = least > 0 and most / least >= _LOGARITHMIC
    if curve.dots and logarithmic:
        least, most = _decade(least), 10 * _decade(most)
    begin = least if logarithmic else 0.0

    def x(value: float) -> float:
        if logarithmic:
            share = math.log(value / begin) / math.log(most / begin)
        else:
            share = (value - begin) / ((most - begin) or 1.0)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / heights[-1] * (_HEIGHT - _TOP - _BOTTOM)

    drawn = [f'<text x="{_LEFT}" y="14" font-weight="600">{html.escape(curve.title)}</text>']
    for height in heights:
        drawn.append(f'<path class="grid" d="M{_LEFT} {y(height):.1f}H{_WIDTH - _RIGHT}"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{y(height) + 3.5:.1f}" text-anchor="end">{height:g}</text>')
    for place in _places(curve, least, most) if logarithmic else steps(most):
        if place <= most:
            at = f'x="{x(place):.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle"'
            drawn.append(f"<text {at}>{place:g}</text>")
    below = html.escape(f"{curve.x}; upwards: {curve.y}")
    drawn.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{below}</text>')
    placed = [[(x(at), y(value)) for at, value in line] for line in curve.lines.values()]
    drawn += _dots(curve, placed) if curve.dots else _lines(curve, placed)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *drawn, "</svg>"]) + "\n"


def _lines(curve: Curve, placed: list[list[tuple[float, float]]]) -> Iterator[str]:
    for number, (name, line) in enumerate(zip(curve.lines, placed, strict=True)):
        colour = f"var(--c{number % _COLOURS})"
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        yield f'<polyline points="{path}" style="stroke:{colour}"/>'
        at = _LEFT + number * (_WIDTH - _LEFT - _RIGHT) // len(placed)
        yield f'<text x="{at}" y="30" style="fill:{colour}">{html.escape(name)}</text>'


def _dots(curve: Curve, placed: list[list[tuple[float, float]]]) -> Iterator[str]:
    for number, (name, dots) in enumerate(zip(curve.lines, placed, strict=True)):
        colour = f"var(--c{number % _COLOURS})"
        for x, y in dots:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" style="fill:{colour}"/>'
            after = x > _WIDTH - _NAME
            at = f'x="{x - 8 if after else x + 8:.1f}" y="{y + 3.5:.1f}"'
            anchor = ' text-anchor="end"' if after else ""
            yield f'<text {at}{anchor} style="fill:{colour}">{html.escape(name)}</text>'


def _decade(value: float) -> float:
    return float(10.0 ** math.floor(math.log10(value)))


def _places(curve: Curve, least: float, most: float) -> list[float]:
    """Where a logarithmic axis is named: at decades for dots, at its points for lines."""
    if not curve.dots:
        return sorted({value for line in curve.lines.values() for value, _ in line})
    return [least * 10**power for power in range(round(math.log10(most / least)) + 1)]


def steps(most: float) -> list[float]:
    """Round numbers from zero to what is no less than the most."""
    wanted = (most or 1.0) / _PARTS
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * each for each in (1.0, 2.0, 2.5, 5.0, 10.0) if power * each >= wanted * (1 - 1e-9))
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]
