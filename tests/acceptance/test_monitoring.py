"""Rules, alerts and dashboards on a real Prometheus that scrapes real runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import NullPool, create_engine

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.grafana import to_grafana
from docmill.pipeline.instance.dashboards.panels import Panel
from docmill.pipeline.instance.metrics.families import FAMILIES
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.local.server_process import free_ports
from tests.acceptance.serving import ROOT, make_repository, server
from tests.acceptance.test_triton_conversion import MODELS, SAMPLES, Place, by_triton, finished, parts
from tests.acceptance.test_vllm import ask, engine, question
from tests.acceptance.vllm_serving import MODEL, crowded
from tests.support.monitoring import (
    MONITORING,
    Alertmanager,
    Exposition,
    PostgresExporter,
    PrometheusServer,
    program,
    until,
)
from tests.support.postgres import PostgresServer
from tests.support.webhook_receiver import WebhookReceiver
from tests.tiny_vlm.lessons import kept_lessons

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

RULES = sorted((MONITORING / "rules").glob("*.yml"))
TESTS = sorted((MONITORING / "tests").glob("*.yml"))
#: Of panels: names that Prometheus' language has, and labels.
_NAME = re.compile(r"\b(?:docmill|nv|vllm|DCGM|pg|http)[\w:]+")
#: Stands for NVIDIA's exporter, which needs a GPU; these machines have none. Names and labels are those of
#: https://github.com/NVIDIA/dcgm-exporter.
DCGM = ROOT / "tests" / "support" / "dcgm.prom"
#: What Triton says of its GPU, which it has not.
_OF_A_GPU = {"nv_gpu_memory_used_bytes", "nv_gpu_memory_total_bytes", "nv_gpu_utilization"}
#: What there is none of while one command converts and no daemon runs.
_ABSENT = {
    "docmill_backfill_batches",
    "docmill_ticker_failures",
    "docmill_ticker_good_timestamp_seconds",
    "docmill_daemon_heartbeat_timestamp_seconds",
    "docmill_oldest_batch_timestamp_seconds",
}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "rules" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_are_right_and_their_tests_pass() -> None:
    subprocess.run([program("promtool"), "check", "rules", *map(str, RULES)], check=True)
    subprocess.run([program("promtool"), "check", "config", str(MONITORING / "prometheus.yml")], check=True)
    subprocess.run([program("amtool"), "check-config", str(MONITORING / "alertmanager.yml")], check=True)
    done = subprocess.run(
        [program("promtool"), "test", "rules", *(path.name for path in TESTS)],
        cwd=MONITORING / "tests",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_firing_and_not_firing() -> None:
    fired: Counter[tuple[str, bool]] = Counter()
    for path in TESTS:
        for case in yaml.safe_load(path.read_text())["tests"]:
            for test in case.get("alert_rule_test", []):
                fired[test["alertname"], bool(test["exp_alerts"])] += 1
    for rule in alerts():
        assert fired[str(rule["alert"]), True] and fired[str(rule["alert"]), False], rule["alert"]


@contextmanager
def exporter(place: Place, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))} | {
        "DOCMILL_HOME": str(place.home),
    }
    command = [sys.executable, "-m", "docmill.pipeline.cli", "metrics", "--port", str(port), "--every", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) in (130, -signal.SIGINT)  # a shell shows both as 130


def test_a_triton_that_is_killed_is_alerted_on_and_nothing_is_lost(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "repository")
    place = Place(tmp_path / "home", tmp_path / "out")
    place.home.mkdir()
    prices = "[pricing]\nper_gpu_hour = 2.5\nper_cpu_hour = 0.05\nbudget_per_day = 100.0\n"
    (place.home / "docmill.toml").write_text(prices)
    files = parts(tmp_path / "in", 8, 3)
    port, vllm_port = free_ports("127.0.0.1", {"exporter": 0, "vllm": 0})
    vllm = crowded(vllm_port)

    def told(webhook: WebhookReceiver, status: str) -> bool:
        return any(
            alert["status"] == status and alert["labels"]["alertname"] == "TritonDown"
            for message in webhook.got
            for alert in message["alerts"]
        )

    with ExitStack() as stack:
        stack.callback(vllm.kill)
        started = stack.enter_context(ThreadPoolExecutor(1)).submit(vllm.start)
        webhook = stack.enter_context(WebhookReceiver())
        manager = stack.enter_context(Alertmanager(tmp_path / "alertmanager", webhook.url))
        first = stack.enter_context(server(repository, *MODELS))
        targets = {
            "docmill": f"127.0.0.1:{port}",
            "triton": f"127.0.0.1:{first.ports.metrics}",
            "vllm": f"127.0.0.1:{vllm_port}",
            "dcgm": stack.enter_context(Exposition(DCGM)).address,
        }
        prometheus = stack.enter_context(PrometheusServer(tmp_path / "prometheus", targets, manager.url))
        exporting = stack.enter_context(exporter(place, port))
        until(60, lambda: prometheus.value('up{job="docmill"}'), "the exporter is scraped")
        run = place.start(files, *by_triton(first.url))
        until(90, lambda: len(place.layouts()) >= 2 or run.poll() is not None, "the run works")
        first.kill()
        until(60, lambda: told(webhook, "firing"), "the alert comes to the webhook")
        stack.enter_context(server(repository, *MODELS, ports=first.ports))
        finished(run)
        until(60, lambda: told(webhook, "resolved"), "the alert is over")
        started.result()
        described = ("--understanding", "pictures", "--pages", "5", "--vlm-url", vllm.url)
        finished(place.start([SAMPLES / "annual_report.pdf"], *by_triton(first.url), *described))
        converted = 'sum(docmill_documents_total{outcome="converted"})'
        until(120, lambda: prometheus.value(converted) == 9, "all are counted")
        # new series are at 0 for a minute
        until(120, lambda: _are_counted(place, prometheus), "models are counted")
        _hold_against_the_ledger(place, prometheus)
        assert prometheus.value("sum(increase(docmill_device_seconds_total[10m]))"), "it is growth"
        exporting.kill()
        exporting.wait()
        killed = time.time()
        stack.enter_context(exporter(place, port))
        until(60, lambda: _has_read(prometheus, killed), "the exporter is back")
        _hold_against_the_ledger(place, prometheus)
        assert not prometheus.query("resets(docmill_documents_total[10m]) > 0")
        _crowd(vllm.url, prometheus)
        _hold_panels(prometheus, "docmill", "device", "triton", "vllm", "gpu")
        _hold_recorded(prometheus)
        _hold_shares(prometheus)
        vllm.kill()
        until(60, lambda: prometheus.fires("VllmDown"), "vLLM is gone")
    assert len(place.layouts()) == 9
    assert len(place.documents()) == 18


def _crowd(url: str, prometheus: PrometheusServer) -> None:
    """Have vLLM asked for more than it takes, and for what it has not, until both are alerted on.

    It is asked for as long as Prometheus, whose rule looks every 15 seconds, has not seen it busy.
    """
    asked, over = engine(url, in_flight=16), threading.Event()
    questions = [replace(question(kept_lessons()[n % 4]), key=str(n)) for n in range(16)]

    def asking() -> None:
        while not over.is_set():
            answers = ask(asked, questions)
            assert all(answer.error is None for answer in answers.values())

    with ThreadPoolExecutor(1) as pool:
        asker = pool.submit(asking)
        try:
            until(120, lambda: prometheus.fires("VllmKvCacheFull"), "the KV cache is full, and requests wait")
            until(120, lambda: prometheus.value("docmill:vllm_device_seconds:rate5m"), "it is seen busy")
        finally:
            over.set()
        asker.result()

    def refused() -> bool:
        for _ in range(5):
            assert _status(url, "nobody") == 404
        return prometheus.fires("VllmFailing")

    until(120, refused, "a server that is ready, and refuses, is alerted on")
    assert (prometheus.value("max(docmill:vllm_queue_seconds:rate5m)") or 0) > 0


def _status(url: str, model: str) -> int:
    """What a vLLM answers to a question to a model."""
    asked = {"model": model, "messages": [{"role": "user", "content": "Who are you?"}]}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _has_read(prometheus: PrometheusServer, since: float) -> bool:
    """Whether an exporter has read all of its parts since then, and has been scraped."""
    read = f"count(docmill_exporter_refreshed_timestamp_seconds > {since})"
    return prometheus.value('up{job="docmill"}') == 1 and (prometheus.value(read) or 0) == 6


def _are_counted(place: Place, prometheus: PrometheusServer) -> bool:
    """Whether all models that worked have device seconds."""
    rows = open_ledger(DocumentStore(str(place.home / "store"))).all()
    models = {model for row in rows for model, seconds in row.device_seconds.items() if seconds}
    found = prometheus.query("sum by (model) (docmill_device_seconds_total) > 0")
    return models == {each["metric"]["model"] for each in found}


def _hold_against_the_ledger(place: Place, prometheus: PrometheusServer) -> None:
    rows = list(open_ledger(DocumentStore(str(place.home / "store"))).all())
    states = Counter(row.state for row in rows)
    for outcome in ("converted", "partial", "quarantined", "failed"):
        assert prometheus.value(f'sum(docmill_documents_total{{outcome="{outcome}"}})') == states[outcome]
    pages = prometheus.value('docmill_pages_total{outcome="converted"}')
    assert pages == sum(row.pages for row in rows)
    spent = Counter[str]()
    for row in rows:
        spent.update(row.device_seconds)
    for model, seconds in spent.items():
        found = prometheus.value(f'sum(docmill_device_seconds_total{{model="{model}"}})')
        assert found == pytest.approx(seconds, rel=0.001)
    cpu = prometheus.value("sum(docmill_cpu_seconds_total)")
    assert cpu == pytest.approx(sum(row.cpu_seconds for row in rows), rel=0.01)


def _hold_panels(prometheus: PrometheusServer, *servers: str) -> None:
    """Each panel's metrics are known, and it shows something where there is something."""
    held = [panel for panel in panels() if panel.of in servers]
    known = prometheus.names() | {rule["record"] for rule in _recording()} | _ABSENT | _OF_A_GPU
    for panel in held:
        for query in panel.queries:
            unknown = {name for name in set(_NAME.findall(query.promql)) - known if not _is_ours(name)}
            assert not unknown, f"{panel.title}: {unknown}"

    def empty() -> Sequence[str]:
        return [
            query.promql
            for panel in held
            for query in panel.queries
            if not (set(_NAME.findall(query.promql)) & (_ABSENT | _OF_A_GPU) or "> 0" in query.promql)
            and not _numbers(prometheus, query.promql)
        ]

    _soon_none(empty)


def _hold_recorded(prometheus: PrometheusServer) -> None:
    """Each recording rule has numbers, as far as there is something."""

    def empty() -> Sequence[str]:
        rules = [rule for rule in _recording() if not set(_NAME.findall(rule["expr"])) & _ABSENT]
        return [rule["record"] for rule in rules if not _numbers(prometheus, rule["record"])]

    _soon_none(empty)


def _hold_shares(prometheus: PrometheusServer) -> None:
    """DCGM says how busy the GPUs are, and the servers' counters which model that is."""
    shares = _numbers(prometheus, "docmill:gpu_busy_by_model:ratio")
    assert set(shares) == {*MODELS, MODEL}
    assert sum(shares.values()) == pytest.approx((0.90 + 0.34) / 2)
    assert shares["layout_cdla"] > 0
    assert shares[MODEL] > 0


def _numbers(prometheus: PrometheusServer, expr: str) -> dict[str, float]:
    """The values of an expression that are numbers, by their model or whatever else they are of."""
    found = {
        str(each["metric"].get("model") or each["metric"]): float(each["value"][1])
        for each in prometheus.query(expr)
    }
    return {name: value for name, value in found.items() if isfinite(value)}


def _soon_none(empty: Callable[[], Sequence[str]]) -> None:
    """Rates and rules need a few scrapes."""
    deadline = time.monotonic() + 60
    while (still := empty()) and time.monotonic() < deadline:
        time.sleep(1)
    assert not still


def _is_ours(name: str) -> bool:
    """Of docmill's own metrics, some of which have no series before there is something to count."""
    return name.removesuffix("_bucket").removesuffix("_total") in FAMILIES


def test_a_postgresql_that_is_full_or_gone_is_alerted_on(tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer())
        database = create_engine(postgres.database("dagster"), poolclass=NullPool)
        place = f"host={postgres.folder} user=docmill dbname=dagster sslmode=disable"
        exporter = stack.enter_context(PostgresExporter(tmp_path, place))
        targets = {"postgres": exporter.address}
        prometheus = stack.enter_context(PrometheusServer(tmp_path / "prometheus", targets))
        until(60, lambda: prometheus.value("pg_up") == 1, "the exporter is scraped")
        _hold_panels(prometheus, "postgres")
        most = int(prometheus.value("pg_settings_max_connections") or 0)
        with ExitStack() as connections:
            for _ in range(most * 85 // 100):
                connections.enter_context(database.connect())
            until(60, lambda: prometheus.fires("PostgresConnectionsFull"), "connections are taken")
        until(60, lambda: not prometheus.fires("PostgresConnectionsFull"), "there are connections again")
        postgres.kill()
        until(60, lambda: prometheus.fires("PostgresDown"), "it is gone")
        postgres.start()
        until(60, lambda: not prometheus.fires("PostgresDown"), "it is back")


def _recording() -> list[dict[str, str]]:
    groups = yaml.safe_load((MONITORING / "rules" / "recording.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[Panel]:
    return [panel for dashboard in DASHBOARDS for row in dashboard.rows for panel in row.panels]


def test_grafanas_dashboards_are_those_of_the_panels() -> None:
    for dashboard in DASHBOARDS:
        written = (MONITORING / "grafana" / f"{dashboard.uid}.json").read_text()
        assert written == to_grafana(dashboard), "run `make dashboards`"


def test_every_expression_names_metrics_that_there_are() -> None:
    """Of docmill's own; the servers' are held against servers."""
    recorded = {rule["record"] for rule in _recording()}
    texts = [query.promql for panel in panels() for query in panel.queries]
    texts += [str(rule["expr"]) for rule in (*alerts(), *_recording())]
    for text in texts:
        for name in re.findall(r"\bdocmill[\w:]+", text):
            base = re.sub(r"_(?:total|bucket|sum|count)$", "", name)
            assert name in recorded or name in FAMILIES or base in FAMILIES, name
