"""Panels' expressions over samples, as Prometheus has them; not its language.

Each function follows Prometheus' of the same name, so that a page shows the same with and without one:
https://prometheus.io/docs/prometheus/latest/querying/functions/.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from docmill.pipeline.instance.dashboards.expressions import (
    Age,
    Expression,
    Growth,
    Latest,
    Metric,
    Named,
    Quantile,
    Ratio,
    Sum,
    seconds,
)
from docmill.pipeline.instance.metrics.samples import Labels, Samples, Track
from docmill.resources.clients.prometheus import Series

__all__ = ["evaluate"]

#: A value holds for so long.
_LOOKBACK_S = 300.0
#: The values of each series at every moment; NaN where there is none.
_Vector = dict[Labels, list[float]]


def evaluate(expression: Expression, samples: Samples, moments: Sequence[float]) -> list[Series]:
    """The series of an expression at moments (seconds since the epoch); NaN where there is no number."""
    found = _evaluated(expression, samples, moments)
    return [
        Series(dict(labels), list(zip(moments, values, strict=True)))
        for labels, values in found.items()
        if not all(map(math.isnan, values))
    ]


def _evaluated(expression: Expression, samples: Samples, moments: Sequence[float]) -> _Vector:
    match expression:
        case Latest(metric, by):
            found = _each(metric, samples, moments, _latest)
            return found if by is None else _added(found, by)
        case Age(metric):
            return _each(metric, samples, moments, lambda track, at: at - _latest(track, at))
        case Growth(metric, window, by, a_second, grown):
            found = _added(_growth(metric, samples, moments, seconds(window), a_second=a_second), by)
            return {labels: _positive(values) for labels, values in found.items()} if grown else found
        case Quantile(share, metric, window, by):
            buckets = _added(_growth(metric, samples, moments, seconds(window)), (*by, "le"))
            return _quantiles(share, buckets, len(moments))
        case Sum(left, right):
            one, other = (_evaluated(each, samples, moments) for each in (left, right))
            return _joined(one, other, lambda a, b: a + b)
        case Ratio(part, whole, only, times):
            parts = _evaluated(part, samples, moments)
            wholes = _evaluated(whole, samples, moments)
            if only:
                wholes = dict.fromkeys(parts, next(iter(wholes.values()), [math.nan] * len(moments)))
            return _joined(parts, wholes, lambda a, b: _divided(times * a, b))
        case Named(_, rule):
            return _evaluated(rule, samples, moments)


def _each(
    metric: Metric, samples: Samples, moments: Sequence[float], value: Callable[[Track, float], float]
) -> _Vector:
    return {
        track.labels: [value(track, at) for at in moments]
        for track in samples.get(metric.name, ())
        if _matches(metric, dict(track.labels))
    }


def _growth(
    metric: Metric,
    samples: Samples,
    moments: Sequence[float],
    window_s: float,
    *,
    a_second: bool = True,
) -> _Vector:
    by = window_s if a_second else 1.0
    return _each(metric, samples, moments, lambda track, at: _increase(track, at, window_s) / by)


def _matches(metric: Metric, labels: Mapping[str, str]) -> bool:
    return all(labels.get(label, "") == value for label, value in metric.where) and all(
        labels.get(label, "") != value for label, value in metric.but
    )


def _latest(track: Track, at: float) -> float:
    place = bisect_right(track.times, at) - 1
    return track.values[place] if place >= 0 and at - track.times[place] < _LOOKBACK_S else math.nan


def _increase(track: Track, at: float, window_s: float) -> float:
    """Of the samples in the window, extrapolated to its ends, but not to before the counter was 0.

    As `extrapolatedRate` in https://github.com/prometheus/prometheus/blob/main/promql/functions.go.
    """
    times, values, grown = track.present
    first, last = bisect_right(times, at - window_s), bisect_right(times, at) - 1
    if last <= first:
        return math.nan
    increase, sampled_s = grown[last] - grown[first], times[last] - times[first]
    usual_s = sampled_s / (last - first)
    before_s, after_s = (
        gap if gap < 1.1 * usual_s else usual_s / 2
        for gap in (times[first] - (at - window_s), at - times[last])
    )
    if increase > 0:
        before_s = min(before_s, sampled_s * values[first] / increase)
    return increase * (sampled_s + before_s + after_s) / sampled_s


def _added(found: _Vector, by: tuple[str, ...]) -> _Vector:
    """The sums of the series whose labels `by` are the same; where there is none, there is no sum."""
    groups: dict[Labels, list[list[float]]] = {}
    for labels, values in found.items():
        kept = tuple((label, value) for label, value in labels if label in by)
        groups.setdefault(kept, []).append(values)
    return {labels: [_sum(each) for each in zip(*rows, strict=True)] for labels, rows in groups.items()}


def _sum(values: Iterable[float]) -> float:
    present = [value for value in values if not math.isnan(value)]
    return math.fsum(present) if present else math.nan


def _positive(values: Iterable[float]) -> list[float]:
    return [value if value > 0 else math.nan for value in values]


def _joined(one: _Vector, other: _Vector, join: Callable[[float, float], float]) -> _Vector:
    keyed = {frozenset(labels): values for labels, values in other.items()}
    return {
        labels: [join(a, b) for a, b in zip(values, keyed[frozenset(labels)], strict=True)]
        for labels, values in one.items()
        if frozenset(labels) in keyed
    }


def _divided(part: float, whole: float) -> float:
    if whole:
        return part / whole
    return math.copysign(math.inf, part) if part and not math.isnan(part) else math.nan


def _quantiles(share: float, buckets: _Vector, count: int) -> _Vector:
    histograms: dict[Labels, list[tuple[float, list[float]]]] = {}
    for labels, values in buckets.items():
        others = tuple((label, value) for label, value in labels if label != "le")
        histograms.setdefault(others, []).append((float(dict(labels)["le"]), values))
    return {
        labels: [_quantile(share, list(_counts(sorted(histogram), place))) for place in range(count)]
        for labels, histogram in histograms.items()
    }


def _counts(histogram: Iterable[tuple[float, list[float]]], place: int) -> Iterator[tuple[float, float]]:
    for bound, values in histogram:
        if not math.isnan(values[place]):
            yield bound, values[place]


def _quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float:
    """Within the bucket that it falls into as if all values were spread evenly there."""
    if len(buckets) < 2 or not math.isinf(buckets[-1][0]) or not buckets[-1][1]:
        return math.nan
    rank = share * buckets[-1][1]
    place = bisect_left([count for _, count in buckets[:-1]], rank)
    if place == len(buckets) - 1:
        return buckets[-2][0]
    start, below = buckets[place - 1] if place else (0.0, 0.0)
    bound, count = buckets[place]
    return start + (bound - start) * (rank - below) / (count - below)
