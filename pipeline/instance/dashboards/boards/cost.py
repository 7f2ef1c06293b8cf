"""Money, seconds, and what is spent besides."""

from __future__ import annotations

from docmill.pipeline.instance.dashboards.expressions import Growth, Latest, Metric, Named, Ratio, Sum
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel, Query, Row, a_page, added_up, one

__all__ = ["COST"]

_DEVICE = "docmill_overhead_device_seconds"
_CPU = "docmill_overhead_cpu_seconds"


def _share(overhead: str, documents: str, by: str) -> Ratio:
    """Of all that was spent in an hour, what is no document's."""
    return Ratio(added_up(overhead, by), Sum(added_up(overhead, by), added_up(documents, by)))


_A_DAY = Growth(Metric("docmill_cost_total"), "1d", ("currency",), a_second=False)

COST = Dashboard(
    "docmill-cost",
    "docmill: cost",
    (
        Row(
            "Money",
            (
                Panel(
                    "The last day",
                    one(Named("docmill:cost:increase1d", _A_DAY), "{{currency}}"),
                    "none",
                    last=True,
                ),
                Panel(
                    "A day may cost",
                    one(Latest(Metric("docmill_budget_per_day")), "{{currency}}"),
                    "none",
                    last=True,
                ),
                Panel(
                    "A million pages",
                    one(
                        Ratio(
                            _A_DAY,
                            Growth(Metric("docmill_pages_total"), "1d", a_second=False),
                            only=True,
                            times=1e6,
                        ),
                        "{{currency}}",
                    ),
                    "none",
                    "At the rate of the last day.",
                    last=True,
                ),
                Panel(
                    "An hour, by stage",
                    one(
                        added_up("docmill_cost", "stage", "currency"),
                        "{{stage}} {{currency}}",
                    ),
                    "none",
                ),
            ),
        ),
        Row(
            "Seconds",
            (
                Panel(
                    "Device seconds an hour, by model",
                    one(added_up("docmill_device_seconds", "model"), "{{model}}"),
                    "s",
                    of="device",
                ),
                Panel(
                    "CPU seconds an hour, by stage",
                    one(added_up("docmill_cpu_seconds", "stage"), "{{stage}}"),
                    "s",
                ),
                Panel(
                    "Device seconds a page",
                    one(
                        a_page("docmill_device_seconds", "model"),
                        "{{model}}",
                    ),
                    "s",
                    of="device",
                ),
                Panel(
                    "Work found again",
                    one(added_up("docmill_stage_reused", "stage"), "{{stage}}"),
                    help="Documents that cost nothing.",
                ),
            ),
        ),
        Row(
            "Overhead",
            (
                Panel(
                    "Device seconds an hour that are no document's, by model",
                    one(added_up(_DEVICE, "model"), "{{model}}"),
                    "s",
                    "Chunks that were lost or tried again, and requests that nobody waited for any longer.",
                    of="device",
                ),
                Panel(
                    "Their share of all device seconds",
                    one(
                        Named(
                            "docmill:overhead_device:ratio_rate1h",
                            _share(_DEVICE, "docmill_device_seconds", "model"),
                        ),
                        "{{model}}",
                    ),
                    "percentunit",
                    of="device",
                ),
                Panel(
                    "CPU seconds an hour that are no document's, by stage",
                    one(added_up(_CPU, "stage"), "{{stage}}"),
                    "s",
                    "The same, and the start of workers.",
                ),
                Panel(
                    "Their share of all CPU seconds",
                    one(_share(_CPU, "docmill_cpu_seconds", "stage"), "{{stage}}"),
                    "percentunit",
                ),
                Panel(
                    "What it went into",
                    (
                        Query(added_up("docmill_lost_workers"), "workers lost"),
                        Query(added_up("docmill_retries"), "chunks tried again"),
                        Query(added_up("docmill_rejections"), "inferences turned away"),
                    ),
                    help="Of an hour.",
                ),
            ),
        ),
    ),
)
