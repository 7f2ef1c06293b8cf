"""`docmill dashboard`: Grafana's panels without Grafana, and without Prometheus where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.instance.dashboards.evaluating import evaluate
from docmill.pipeline.instance.dashboards.page import Ask, dashboard_page
from docmill.pipeline.instance.dashboards.panels import Query, Server
from docmill.pipeline.instance.metrics.history import EVERY_S, History, history_path
from docmill.resources.clients.prometheus import Prometheus, Series

__all__ = ["write_dashboard"]

#: Points of a line.
_POINTS = 240
#: What is there when Prometheus has this metric.
_SIGNS: dict[Server, str] = {
    "docmill": "docmill_exporter_failures",
    "device": "docmill_device_seconds_total",
    "triton": "nv_inference_request_success",
    "vllm": "vllm:num_requests_running",
    "gpu": "docmill:gpu_busy:ratio",
    "postgres": "pg_up",
}
#: The longest window of a panel: what is before the page's time and counts in it.
_BEFORE = timedelta(days=1)


def write_dashboard(url: str | None, since: timedelta, page: Path) -> int:
    """Write the page, of the Prometheus at `url` or else of what the exporter of this machine has kept.

    Raises `BackendConfigError` and `BackendUnavailableError`.
    """
    end = datetime.now(UTC)
    start = end - since
    if url:
        text = _of_prometheus(url, start, end)
    else:
        text = _of_history(History(history_path()), start, end)
    try:
        page.write_text(text, "utf-8")
    except OSError as error:
        raise BackendConfigError(f"cannot write the page {page}: {error.strerror}") from error
    print(page)
    return 0


def _of_prometheus(url: str, start: datetime, end: datetime) -> str:
    prometheus, step_s = Prometheus(url), _step_s(start, end, 15.0)

    def ask(query: Query) -> Sequence[Series]:
        return prometheus.query_range(query.promql, start, end, step_s)

    servers = _servers(ask)
    if not servers:
        raise BackendConfigError(
            f"Prometheus at {url} knows nothing of docmill in that time: have it scrape `docmill metrics`, "
            "as in deploy/monitoring/prometheus.yml"
        )
    return dashboard_page(ask, start, end, servers, f"Prometheus at {url}")


def _of_history(history: History, start: datetime, end: datetime) -> str:
    samples, step_s = history.read(start - _BEFORE, end), _step_s(start, end, EVERY_S)
    moments = [
        end.timestamp() - step_s * back
        for back in range(round((end - start).total_seconds() / step_s), -1, -1)
    ]

    def ask(query: Query) -> Sequence[Series]:
        return [] if isinstance(query.expr, str) else evaluate(query.expr, samples, moments)

    servers: list[Server] = [server for server, metric in _SIGNS.items() if metric in samples]
    if not servers:
        raise BackendConfigError(
            f"`docmill metrics` has kept nothing of that time in {history.path}: have it run on this "
            "machine, or name the Prometheus that scrapes it with --prometheus"
        )
    source = (
        f"what `docmill metrics` has kept in {history.path}. The figures of Triton, vLLM and the GPU need a "
        "Prometheus that scrapes them: --prometheus"
    )
    return dashboard_page(ask, start, end, servers, source)


def _servers(ask: Ask) -> list[Server]:
    return [server for server, metric in _SIGNS.items() if ask(Query(metric, ""))]


def _step_s(start: datetime, end: datetime, least_s: float) -> float:
    return max(least_s, (end - start).total_seconds() / _POINTS)
