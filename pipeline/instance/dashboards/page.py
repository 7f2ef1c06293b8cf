"""The dashboards as one page of HTML, for those who have no Grafana."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel, Query, Server
from docmill.pipeline.instance.dashboards.plot import PALETTE, Line, in_unit, plot
from docmill.resources.clients.prometheus import Series

__all__ = ["dashboard_page"]

_LABEL = re.compile(r"\{\{(\w+)\}\}")
#: More lines of a plot tell nobody anything.
_MOST = 12
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:color-mix(in srgb,currentColor 65%,transparent)}
body{font:15px/1.45 system-ui;margin:1.5em auto;max-width:88em;padding:0 1em}
h1{font-size:1.5em;margin:0}h2{border-bottom:1px solid var(--line);margin:1.6em 0 .5em}h3{margin:.9em 0 .4em}
nav a{margin-right:1.2em}
.row{display:grid;grid-template-columns:repeat(auto-fill,minmax(20em,1fr));gap:1em}
.row.small{grid-template-columns:repeat(auto-fill,minmax(12.5em,1fr))}
section{border:1px solid var(--line);border-radius:.5em;padding:.5em .7em;min-width:0}
section h4{margin:0 0 .3em;font-size:.95em}section p{margin:.2em 0;color:var(--soft);font-size:.85em}
.last{font-size:1.9em;font-variant-numeric:tabular-nums}.last small{font-size:.45em;color:var(--soft)}
svg{width:100%;height:auto}svg text{font:11px system-ui;fill:currentColor}.grid{stroke:var(--line)}
ul{list-style:none;margin:.2em 0 0;padding:0;font-size:.8em;columns:2}
li i{flex:none;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}
li{display:flex;align-items:baseline;white-space:nowrap}li span{overflow:hidden;text-overflow:ellipsis}
li b{margin-left:.4em}
"""

#: The series of a query over the page's time.
Ask = Callable[[Query], Sequence[Series]]


def dashboard_page(ask: Ask, start: datetime, end: datetime, servers: Collection[Server], source: str) -> str:
    """All dashboards between two moments; panels of servers that are not there are left out.

    `source` says where the figures come from. Raises what `ask` does.
    """
    links = "".join(f'<a href="#{each.uid}">{html.escape(each.title)}</a>' for each in DASHBOARDS)
    shown = "".join(_dashboard(each, ask, start, end, servers) for each in DASHBOARDS)
    return (
        '<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f"<title>docmill: dashboards</title><style>{PALETTE}{_STYLE}</style>"
        f"<h1>docmill, {start:%F %H:%M} to {end:%F %H:%M} UTC</h1>"
        f"<p>From {html.escape(source)}.</p><nav>{links}</nav>{shown}"
    )


def _dashboard(
    dashboard: Dashboard, ask: Ask, start: datetime, end: datetime, servers: Collection[Server]
) -> str:
    rows = []
    for row in dashboard.rows:
        shown = [panel for panel in row.panels if panel.of in servers]
        panels = "".join(_panel(panel, ask, start, end) for panel in shown)
        if panels:
            size = "row small" if all(panel.last for panel in shown) else "row"
            rows.append(f'<h3>{html.escape(row.title)}</h3><div class="{size}">{panels}</div>')
    body = "".join(rows) or "<p>no server that it is about is scraped</p>"
    return f'<h2 id="{dashboard.uid}">{html.escape(dashboard.title)}</h2>{body}'


def _panel(panel: Panel, ask: Ask, start: datetime, end: datetime) -> str:
    lines = [
        Line(_named(query.legend, series), series.points) for query in panel.queries for series in ask(query)
    ]
    lines.sort(key=lambda line: line.name)
    said = f"<p>{html.escape(panel.help)}</p>" if panel.help else ""
    shown = _latest(lines, panel) if panel.last else plot(lines[:_MOST], start, end, panel.unit)
    return f"<section><h4>{html.escape(panel.title)}</h4>{shown}{said}</section>"


def _latest(lines: Iterable[Line], panel: Panel) -> str:
    values = [f"{in_unit(line.latest, panel.unit)} <small>{html.escape(line.name)}</small>" for line in lines]
    return f'<div class="last">{"<br>".join(values) or "–"}</div>'


def _named(legend: str, series: Series) -> str:
    return _LABEL.sub(lambda match: series.labels.get(match[1], ""), legend).strip() or "none"
