"""The dashboards as Grafana reads them: `make dashboards` writes deploy/monitoring/grafana.

Made with Grafana's own builders, which are in the extra `dev`:
https://github.com/grafana/grafana-foundation-sdk.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardBuilder
from grafana_foundation_sdk.builders.dashboard import DatasourceVariable
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel

__all__ = ["main", "to_grafana"]

_SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
P = TypeVar("P", timeseries.Panel, stat.Panel)
#: Of Grafana's 24 columns.
_SMALL, _LARGE = 4, 8
_LOW, _HIGH = 4, 8


def to_grafana(dashboard: Dashboard) -> str:
    """A dashboard as JSON, with a variable for the Prometheus that it asks."""
    built = (
        DashboardBuilder(dashboard.title)
        .uid(dashboard.uid)
        .tags(["docmill"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    for row in dashboard.rows:
        built = built.with_row(RowBuilder(row.title))
        for panel in row.panels:
            built = built.with_panel(_latest(panel) if panel.last else _lines(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"


def main() -> None:
    """Write all dashboards into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        (folder / f"{dashboard.uid}.json").write_text(to_grafana(dashboard), "utf-8")


def _lines(panel: Panel) -> timeseries.Panel:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(True)
    return _filled(timeseries.Panel().span(_LARGE).height(_HIGH).legend(legend), panel)


def _latest(panel: Panel) -> stat.Panel:
    latest = ReduceDataOptions().calcs(["lastNotNull"])
    return _filled(stat.Panel().span(_SMALL).height(_LOW).reduce_options(latest), panel)


def _filled(made: P, panel: Panel) -> P:
    made = made.title(panel.title).description(panel.help).unit(panel.unit).datasource(_SOURCE)
    for target in _targets(panel):
        made = made.with_target(target)
    return made


def _targets(panel: Panel) -> Iterator[prometheus.Dataquery]:
    for ref, query in zip(ascii_uppercase, panel.queries, strict=False):
        yield prometheus.Dataquery().ref_id(ref).expr(query.promql).legend_format(query.legend)


if __name__ == "__main__":
    main()
