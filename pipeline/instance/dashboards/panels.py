"""The panels of docmill's dashboards: what each asks, and how it is shown.

What is of docmill's own metrics is asked as an `Expression`, which needs no Prometheus; of servers' metrics
there is nobody else to ask, so that is written in its language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from docmill.pipeline.instance.dashboards.expressions import Expression, Growth, Metric, Ratio, promql

__all__ = ["Dashboard", "Panel", "Query", "Row", "Server", "Unit", "a_page", "added_up", "one"]

#: As Grafana calls them.
Unit = Literal["short", "s", "percentunit", "bytes", "ops", "none"]
#: Who has a panel's metrics; `device`: docmill, where servers with devices work for it.
Server = Literal["docmill", "device", "triton", "vllm", "gpu", "postgres"]


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called: `{{label}}` is a label's value."""

    expr: Expression | str
    legend: str

    @property
    def promql(self) -> str:
        """The expression in Prometheus' language."""
        return self.expr if isinstance(self.expr, str) else promql(self.expr)


@dataclass(frozen=True)
class Panel:
    """A plot over time, or with `last` only the latest values."""

    title: str
    queries: Sequence[Query]
    unit: Unit = "short"
    help: str = ""
    of: Server = "docmill"
    last: bool = False


@dataclass(frozen=True)
class Row:
    """Panels beside one another."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """A page of panels; `uid` is its name in addresses."""

    uid: str
    title: str
    rows: Sequence[Row]


def one(expr: Expression | str, legend: str) -> tuple[Query, ...]:
    """A single query."""
    return (Query(expr, legend),)


def added_up(counter: str, *by: str) -> Growth:
    """How much a counter grew in an hour, by labels."""
    return Growth(Metric(f"{counter}_total"), "1h", by, a_second=False)


def a_page(counter: str, *by: str) -> Ratio:
    """What a counter grew for each page that came to an end in an hour, by labels."""
    return Ratio(
        Growth(Metric(f"{counter}_total"), "1h", by), Growth(Metric("docmill_pages_total"), "1h"), only=True
    )
