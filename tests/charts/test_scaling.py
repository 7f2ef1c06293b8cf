"""What the queries of the chart `serving` come to in Prometheus, of series as servers have them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.rendering import Rendered
from tests.support.monitoring import program

pytestmark = pytest.mark.charts

TRITON = 'job="triton",namespace="docs"'
VLLM = 'job="vllm",namespace="docs"'

#: The server, the trigger, series with values minute by minute, and what the query is after ten minutes.
CASES: list[tuple[str, str, dict[str, str], float]] = [
    ("triton", "queue-time", {}, 0),
    ("triton", "pending-requests", {}, 0),
    ("triton", "batches", {}, 0),
    ("triton", "waiting-pages", {}, 0),
    ("vllm", "waiting-requests", {}, 0),
    ("vllm", "kv-cache", {}, 0),
    # a model that executes nothing: 0 / 0
    (
        "triton",
        "queue-time",
        {
            f'nv_inference_queue_duration_us{{model="a",{TRITON}}}': "7x20",
            f'nv_inference_exec_count{{model="a",{TRITON}}}': "3x20",
        },
        0,
    ),
    # half a second of waiting an execution, over two pods; the other model waits less
    (
        "triton",
        "queue-time",
        {
            f'nv_inference_queue_duration_us{{model="a",pod="1",{TRITON}}}': "0+60000000x20",
            f'nv_inference_exec_count{{model="a",pod="1",{TRITON}}}': "0+60x20",
            f'nv_inference_queue_duration_us{{model="a",pod="2",{TRITON}}}': "0x20",
            f'nv_inference_exec_count{{model="a",pod="2",{TRITON}}}': "0+60x20",
            f'nv_inference_queue_duration_us{{model="b",{TRITON}}}': "0+6000000x20",
            f'nv_inference_exec_count{{model="b",{TRITON}}}': "0+60x20",
        },
        500,
    ),
    # another namespace's servers are not ours
    (
        "triton",
        "pending-requests",
        {'nv_inference_pending_request_count{job="triton",namespace="x"}': "9x20"},
        0,
    ),
    (
        "triton",
        "pending-requests",
        {
            f'nv_inference_pending_request_count{{model="a",{TRITON}}}': "9x20",
            f'nv_inference_pending_request_count{{model="b",{TRITON}}}': "3x20",
        },
        12,
    ),
    (
        "vllm",
        "batches",
        {
            'docmill_batches{state="queued",lane="default"}': "3x20",
            'docmill_batches{state="running",lane="default"}': "2x20",
        },
        5,
    ),
    # documents that wait for a batch that nobody has asked for wake no server
    (
        "triton",
        "waiting-pages",
        {"docmill_waiting_pages": "700x20", 'docmill_batches{state="queued"}': "0x20"},
        0,
    ),
    (
        "triton",
        "waiting-pages",
        {"docmill_waiting_pages": "700x20", 'docmill_batches{state="queued"}': "1x20"},
        700,
    ),
    (
        "vllm",
        "waiting-requests",
        {
            f'vllm:num_requests_waiting{{pod="1",{VLLM}}}': "4x20",
            f'vllm:num_requests_waiting{{pod="2",{VLLM}}}': "5x20",
        },
        9,
    ),
    (
        "vllm",
        "kv-cache",
        {
            f'vllm:kv_cache_usage_perc{{pod="1",{VLLM}}}': "0.25x20",
            f'vllm:kv_cache_usage_perc{{pod="2",{VLLM}}}': "0.75x20",
        },
        0.75,
    ),
]


@pytest.fixture(scope="module")
def everything(rendered: dict[str, Rendered]) -> Rendered:
    return rendered["serving + everything"]


def run(folder: Path, tests: list[dict[str, Any]], rules: Mapping[str, Any] | None = None) -> None:
    """Let promtool run them; the test fails with what it tells."""
    (folder / "rules.yml").write_text(yaml.safe_dump(rules or {"groups": []}))
    (folder / "tests.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": tests}))
    command = [program("promtool"), "test", "rules", str(folder / "tests.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def series(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": each} for name, each in values.items()]


def test_queries_of_scaling(everything: Rendered, tmp_path: Path) -> None:
    tests = []
    for server, name, given, value in CASES:
        triggers = everything.one("ScaledObject", server)["spec"]["triggers"]
        [query] = (each["metadata"]["query"] for each in triggers if each["name"] == name)
        sample = {"expr": query, "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": value}]}
        test = {"interval": "1m", "input_series": series(given), "promql_expr_test": [sample]}
        tests.append({"name": f"{server} {name} {given}", **test})
    run(tmp_path, tests)


def test_every_query_of_prometheus_has_a_case(everything: Rendered) -> None:
    asked = {
        (server, trigger["name"])
        for server in ("triton", "vllm")
        for trigger in everything.one("ScaledObject", server)["spec"]["triggers"]
        if trigger["type"] == "prometheus"
    }
    same = {("vllm", "waiting-pages")}  # as Triton's
    assert asked - same <= {(server, name) for server, name, _, _ in CASES}


@pytest.mark.parametrize(
    ("given", "fires"),
    [
        # none at all, and batches work
        ({'docmill_batches{state="running"}': "1x40"}, True),
        ({'docmill_batches{state="running"}': "0x40"}, False),
        ({'docmill_batches{state="running"}': "1x40", f"up{{{TRITON}}}": "1x40"}, False),
        ({'docmill_batches{state="running"}': "1x40", f"up{{{TRITON}}}": "0x40"}, True),
        # it came up in time
        ({'docmill_batches{state="running"}': "1x40", f"up{{{TRITON}}}": "_x15 1x40"}, False),
    ],
)
def test_nobody_is_ready_while_batches_wait(
    everything: Rendered, tmp_path: Path, given: dict[str, str], fires: bool
) -> None:
    *_, own = everything.one("PrometheusRule")["spec"]["groups"]
    [rule] = (each for each in own["rules"] if each["alert"] == "TritonAway")
    fired = {"exp_labels": {"severity": "page"}, "exp_annotations": rule["annotations"]}
    alert = {"eval_time": "35m", "alertname": "TritonAway", "exp_alerts": [fired] if fires else []}
    test = {"interval": "1m", "input_series": series(given), "alert_rule_test": [alert]}
    run(tmp_path, [test], {"groups": [own]})
