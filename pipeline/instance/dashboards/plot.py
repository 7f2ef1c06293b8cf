"""Series as a plot: SVG without a script, which any browser shows and a mail may carry."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from docmill.pipeline.instance.dashboards.panels import Unit

__all__ = ["PALETTE", "Line", "in_unit", "plot"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 400, 170, 52, 8, 8, 20
#: Okabe and Ito's colours, which people with any colour vision tell apart (https://jfly.uni-koeln.de/color/);
#: on white the light ones darker, on black the dark ones lighter, so that lines have a contrast of 3:1.
_ON_WHITE = ("#0072b2", "#c17f00", "#008560", "#b8598d", "#c65200", "#2d8fc7", "#8a7a00", "#6b6b6b")
_ON_BLACK = ("#4ca6dd", "#e69f00", "#1fb98c", "#d98fb6", "#ef7a2c", "#9ad4f5", "#d4c22b", "#a0a0a0")
_PARTS = 4
_CLOCK_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


def _variables(colours: Sequence[str]) -> str:
    return "".join(f"--c{number}:{colour};" for number, colour in enumerate(colours))


#: What lines are drawn in: CSS for a page that shows plots.
PALETTE = (
    f":root{{{_variables(_ON_WHITE)}}}@media(prefers-color-scheme:dark){{:root{{{_variables(_ON_BLACK)}}}}}"
)


@dataclass(frozen=True)
class Line:
    """A series with its name; points are (seconds since the epoch, value), in order of time."""

    name: str
    points: Sequence[tuple[float, float]]

    @property
    def latest(self) -> float:
        """The last value; NaN without one."""
        return next((value for _, value in reversed(self.points) if math.isfinite(value)), math.nan)


def in_unit(value: float, unit: Unit) -> str:
    """A value to be read."""
    if not math.isfinite(value):
        return "–"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return _scaled(value, 1000.0, ("B", "kB", "MB", "GB", "TB", "PB"))
    if unit == "s":
        return _seconds(value)
    return _scaled(value, 1000.0, ("", "k", "M", "G")) + ("/s" if unit == "ops" else "")


def plot(lines: Sequence[Line], start: datetime, end: datetime, unit: Unit) -> str:
    """The lines between two moments, with axes and a legend of their latest values."""
    values = [value for line in lines for _, value in line.points if math.isfinite(value)]
    if not values:
        return '<p class="empty">nothing to show yet</p>'
    low, high = min(0.0, *values), max(values)
    high = high if high > low else low + 1.0
    step = _round_step((high - low) / _PARTS, unit)
    low, high = step * math.floor(low / step), step * math.ceil(high / step)
    begin, span = start.timestamp(), max(1.0, (end - start).total_seconds())

    def x(at: float) -> float:
        return _LEFT + (at - begin) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    levels = [low + step * part for part in range(round((high - low) / step) + 1)]
    drawn = [*_axes(levels, start, end, unit, x, y)]
    for line, colour in zip(lines, _colours(len(lines)), strict=True):
        title = f"<title>{html.escape(line.name)}</title>"
        for run in _runs(line.points):
            path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in run)
            drawn.append(
                f'<polyline points="{path}" fill="none" style="stroke:{colour}" stroke-width="1.6">'
                f"{title}</polyline>"
            )
    legend = "".join(
        f'<li title="{html.escape(line.name)}"><i style="background:{colour}"></i>'
        f"<span>{html.escape(line.name)}</span> <b>{in_unit(line.latest, unit)}</b>"
        for line, colour in zip(lines, _colours(len(lines)), strict=True)
    )
    picture = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(drawn)}</svg>'
    return f"{picture}<ul>{legend}</ul>"


def _axes(
    levels: Sequence[float],
    start: datetime,
    end: datetime,
    unit: Unit,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> Iterator[str]:
    for value in levels:
        yield f'<path class="grid" d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}"/>'
        yield (
            f'<text x="{_LEFT - 6}" y="{y(value) + 3.5:.1f}" text-anchor="end">{in_unit(value, unit)}</text>'
        )
    wide = (end - start).days >= 1
    for part in range(_PARTS + 1):
        at = start + (end - start) * part / _PARTS
        text = f"{at.astimezone(UTC):%d %b %H:%M}" if wide else f"{at.astimezone(UTC):%H:%M}"
        anchor = "start" if part == 0 else "end" if part == _PARTS else "middle"
        yield f'<text x="{x(at.timestamp()):.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{text}</text>'


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The stretches without a gap; what stands alone is drawn as a dash."""
    run: list[tuple[float, float]] = []
    for at, value in points:
        if math.isfinite(value):
            run.append((at, value))
        elif run:
            yield _drawable(run)
            run = []
    if run:
        yield _drawable(run)


def _drawable(run: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return run if len(run) > 1 else [run[0], (run[0][0] + 1.0, run[0][1])]


def _colours(count: int) -> list[str]:
    return [f"var(--c{number % len(_ON_WHITE)})" for number in range(count)]


def _round_step(wanted: float, unit: Unit) -> float:
    """The least that is no less: as a clock divides time, else 1, 2, 2.5 and 5 times a power of ten."""
    if unit == "s" and _CLOCK_S[0] < wanted <= _CLOCK_S[-1]:
        return next(step for step in _CLOCK_S if step >= wanted)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * each for each in (1.0, 2.0, 2.5, 5.0, 10.0) if power * each >= wanted * (1 - 1e-9))


def _seconds(value: float) -> str:
    for size, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if abs(value) >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.3g} s" if abs(value) >= 1 or value == 0 else f"{value * 1000:.3g} ms"


def _scaled(value: float, step: float, names: Sequence[str]) -> str:
    power = 0
    while abs(value) >= step and power < len(names) - 1:
        value, power = value / step, power + 1
    return f"{value:.3g} {names[power]}".strip()
