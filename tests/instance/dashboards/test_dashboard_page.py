"""The page of plots: what it shows of series, of gaps, and of servers that are not there."""

from __future__ import annotations

import html
import json
import math
import re
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.page import dashboard_page
from docmill.pipeline.instance.dashboards.panels import Query
from docmill.pipeline.instance.dashboards.plot import Line, in_unit, plot
from docmill.resources.clients.prometheus import Prometheus, Series

START = datetime(2026, 11, 29, 6, tzinfo=UTC)
END = START + timedelta(hours=6)


def at(minutes: float) -> float:
    return (START + timedelta(minutes=minutes)).timestamp()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "short", "0"),
        (1234.0, "short", "1.23 k"),
        (0.0421, "percentunit", "4.21 %"),
        (0.00042, "percentunit", "0.042 %"),
        (5e9, "bytes", "5 GB"),
        (0.0021, "s", "2.1 ms"),
        (90.0, "s", "1.5 min"),
        (200_000.0, "s", "2.31 d"),
        (2.5, "ops", "2.5/s"),
        (math.nan, "s", "–"),
        (-3.0, "none", "-3"),
    ],
)
def test_values_are_written_to_be_read(value: float, unit: Any, text: str) -> None:
    assert in_unit(value, unit) == text


def test_a_gap_is_no_line() -> None:
    line = Line("a", [(at(0), 1.0), (at(5), 2.0), (at(10), math.nan), (at(200), 3.0), (at(205), 4.0)])
    drawn = re.findall(r'<polyline points="([^"]+)"', plot([line], START, END, "short"))
    assert [len(each.split()) for each in drawn] == [2, 2]


def test_all_of_a_line_is_within_the_picture() -> None:
    lines = [
        Line("up", [(at(m), m - 100.0) for m in range(0, 361, 10)]),
        Line("flat", [(at(0), 0.0), (at(360), 0.0)]),
    ]
    for points in re.findall(r'<polyline points="([^"]+)"', plot(lines, START, END, "s")):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 400 and 0 <= y <= 170


@pytest.mark.parametrize(
    ("highest", "unit", "levels"),
    [
        (0.0, "short", ["0", "0.25", "0.5", "0.75", "1"]),
        (7.3, "short", ["0", "2", "4", "6", "8"]),
        (0.0087, "percentunit", ["0 %", "0.25 %", "0.5 %", "0.75 %", "1 %"]),
        (200.0, "s", ["0 s", "1 min", "2 min", "3 min", "4 min"]),
        (5000.0, "s", ["0 s", "30 min", "1 h", "1.5 h"]),
        (3.2e9, "bytes", ["0 B", "1 GB", "2 GB", "3 GB", "4 GB"]),
    ],
)
def test_an_axis_has_round_numbers(highest: float, unit: Any, levels: list[str]) -> None:
    shown = plot([Line("a", [(at(0), 0.0), (at(5), highest)])], START, END, unit)
    assert re.findall(r'text-anchor="end">([^<]+)</text>', shown)[: len(levels)] == levels


def test_what_is_foreign_is_escaped() -> None:
    shown = plot([Line("<script>", [(at(0), 1.0), (at(1), 1.0)])], START, END, "short")
    assert "<script>" not in shown


def test_servers_that_are_not_there_are_left_out_and_nothing_is_asked_of_them() -> None:
    asked: list[str] = []

    def ask(query: Query) -> Sequence[Series]:
        asked.append(query.promql)
        return [Series({"stage": "layout"}, [(at(1), 1.0), (at(2), 3.0)])]

    page = dashboard_page(ask, START, END, ["docmill"], "a test")
    assert not any("nv_" in expr or "vllm" in expr for expr in asked)
    assert "no server that it is about is scraped" in page
    for dashboard in DASHBOARDS:
        assert html.escape(dashboard.title) in page
        for row in dashboard.rows:
            for panel in row.panels:
                title = f"<h4>{html.escape(panel.title)}</h4>"
                assert (title in page) == (panel.of == "docmill")
    assert "<span>layout</span> <b>3</b>" in page


def test_no_data_is_no_error() -> None:
    page = dashboard_page(lambda _: [], START, END, ["docmill", "triton", "vllm", "gpu"], "nothing")
    assert "nothing to show yet" in page


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, list[str]]], list[tuple[int, bytes]]]]:
    """An HTTP server that answers as told, and keeps what it was asked."""
    asked: list[dict[str, list[str]]] = []
    answers: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            status, body = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked, answers
    http.shutdown()
    thread.join()
    http.server_close()


def test_prometheus_is_asked_and_understood(server: Any) -> None:
    url, asked, answers = server
    series = {"metric": {"stage": "layout"}, "values": [[at(0), "1.5"], [at(1), "NaN"], [at(2), "+Inf"]]}
    answers.append((200, json.dumps({"status": "success", "data": {"result": [series]}}).encode()))
    [found] = Prometheus(f"{url}/").query_range("up", START, END, 60.0)
    assert found.labels == {"stage": "layout"}
    assert found.points[0] == (at(0), 1.5)
    assert math.isnan(found.points[1][1])
    assert math.isinf(found.points[2][1])
    assert len(found.points) == 361
    assert all(math.isnan(value) for _, value in found.points[3:]), "it has no values then"
    assert asked[0]["query"] == ["up"]
    answers.append((400, b'{"status":"error","error":"parse error"}'))
    with pytest.raises(BackendConfigError, match="parse error"):
        Prometheus(url).query_range("sum(", START, END, 60.0)
    answers.append((502, b"<html>no</html>"))
    with pytest.raises(BackendUnavailableError, match="does not answer as Prometheus"):
        Prometheus(url).query_range("up", START, END, 60.0)


def test_nobody_there_is_said() -> None:
    with pytest.raises(BackendUnavailableError, match="does not answer"):
        Prometheus("http://127.0.0.1:9").query_range("up", START, END, 60.0)
