"""What panels ask, as values: Prometheus is told it as PromQL, and `evaluating` works it out without one.

https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Age",
    "Expression",
    "Growth",
    "Latest",
    "Metric",
    "Named",
    "Quantile",
    "Ratio",
    "Sum",
    "Window",
    "promql",
    "seconds",
]

Window = Literal["5m", "15m", "1h", "1d"]
_SECONDS: dict[Window, float] = {"5m": 300.0, "15m": 900.0, "1h": 3600.0, "1d": 86400.0}


@dataclass(frozen=True)
class Metric:
    """The series of a metric by the name that it is scraped under; without those whose label `but` says."""

    name: str
    where: tuple[tuple[str, str], ...] = ()
    but: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        matchers = [f'{label}="{value}"' for label, value in self.where]
        matchers += [f'{label}!="{value}"' for label, value in self.but]
        return f"{self.name}{{{','.join(matchers)}}}" if matchers else self.name


@dataclass(frozen=True)
class Latest:
    """Values as they are; added up `by` labels where it is given."""

    metric: Metric
    by: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Age:
    """Seconds since the moments that a metric says."""

    metric: Metric


@dataclass(frozen=True)
class Growth:
    """How counters grew within the window that ends, a second or in all, added up `by` labels."""

    metric: Metric
    window: Window
    by: tuple[str, ...] = ()
    a_second: bool = True
    #: Leave out what did not grow.
    grown: bool = False


@dataclass(frozen=True)
class Quantile:
    """Of what a histogram (its `_bucket`) observed within the window that ends, `by` labels."""

    share: float
    metric: Metric
    window: Window
    by: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """The sum of those with the same labels."""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Ratio:
    """So many `times` the part by the whole with the same labels, or by the `only` whole that there is."""

    part: Expression
    whole: Expression
    only: bool = False
    times: float = 1.0


@dataclass(frozen=True)
class Named:
    """What a recording rule of that name keeps."""

    name: str
    rule: Expression


Expression = Latest | Age | Growth | Quantile | Sum | Ratio | Named


def seconds(window: Window) -> float:
    """The length of a window."""
    return _SECONDS[window]


def promql(expression: Expression) -> str:
    """The expression in Prometheus' language."""
    match expression:
        case Latest(metric, None):
            return str(metric)
        case Latest(metric, by):
            return f"{_sum(by or ())}({metric})"
        case Age(metric):
            return f"time() - {metric}"
        case Growth(metric, window, by, a_second, grown):
            function = "rate" if a_second else "increase"
            return f"{_sum(by)}({function}({metric}[{window}])){' > 0' if grown else ''}"
        case Quantile(share, metric, window, by):
            return f"histogram_quantile({share:g}, {_sum((*by, 'le'))}(rate({metric}[{window}])))"
        case Sum(left, right):
            return f"({promql(left)} + {promql(right)})"
        case Ratio(part, whole, only, times):
            factor = f"{times:g} * " if times != 1.0 else ""
            return f"{factor}{promql(part)} / {'on () group_left () ' if only else ''}{promql(whole)}"
        case Named(name, _):
            return name


def _sum(by: tuple[str, ...]) -> str:
    return f"sum by ({', '.join(by)}) " if by else "sum"
