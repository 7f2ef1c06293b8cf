"""Prometheus and what it works with, for tests: Debian's, installed when missing if that can be done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from docmill.resources.local.server_process import free_ports
from tests.support.loopback import LoopbackServer, Quiet

__all__ = [
    "MONITORING",
    "Alertmanager",
    "Exposition",
    "PostgresExporter",
    "PrometheusServer",
    "program",
    "until",
]

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
_PACKAGES = ("prometheus", "prometheus-alertmanager", "prometheus-postgres-exporter")
#: Names that Debian gives programs.
_CALLED = {
    "alertmanager": "prometheus-alertmanager",
    "postgres_exporter": "prometheus-postgres-exporter",
}


def program(name: str) -> str:
    """Where `prometheus`, `promtool`, `alertmanager`, `amtool` or `postgres_exporter` is."""
    for attempt in range(2):
        if found := shutil.which(_CALLED.get(name, name)) or shutil.which(name):
            return found
        if attempt == 0 and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = os.environ | {"RUNLEVEL": "1"}  # they are not started
            for step in (["update"], ["install", "-y", "--no-install-recommends", *_PACKAGES]):
                subprocess.run(["apt-get", "-qq", *step], check=False, env=environment)
    return pytest.fail(f"these tests need {name}: apt-get install {' '.join(_PACKAGES)}")


def until(seconds: float, holds: Callable[[], Any], what: str) -> Any:
    """What comes true within that time; the test fails when it does not."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.2)
    return found


class _Server:
    """A program that listens; use as a context manager."""

    ready_path = "/-/ready"

    def __init__(
        self, command: Sequence[str], port: int, log: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"
        self._command = command
        self._log = log
        self._variables = os.environ | (variables or {})

    def __enter__(self) -> Any:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._variables
            )
        until(30, self._is_ready, f"{self._command[0]} is ready; {self._log} says why not")
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def get(self, path: str) -> Any:
        """What it answers, of JSON."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return json.load(answer)

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            pytest.fail(f"{self._command[0]} ended: {self._log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}{self.ready_path}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


class Alertmanager(_Server):
    """An Alertmanager with docmill's routes, which tells at once, and one receiver for all."""

    def __init__(self, folder: Path, webhook: str) -> None:
        folder.mkdir(parents=True)
        settings = yaml.safe_load((MONITORING / "alertmanager.yml").read_text())
        for receiver in settings["receivers"]:
            receiver["webhook_configs"] = [{"url": webhook, "send_resolved": True}]
        for route in (settings["route"], *settings["route"]["routes"]):
            route |= {"group_wait": "1s", "group_interval": "1s"}
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(settings))
        [port] = free_ports("127.0.0.1", {"": 0})
        options = (f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}")
        listen = (f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=")
        super().__init__([program("alertmanager"), *options, *listen], port, folder / "log")


class PrometheusServer(_Server):
    """A Prometheus with docmill's rules, which looks every three seconds and does not wait before it fires.

    `targets` are the addresses (host:port) to scrape, by job; each has the `labels` too.
    """

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, str],
        alertmanager: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> None:
        (folder / "rules").mkdir(parents=True)
        for path in (MONITORING / "rules").iterdir():
            (folder / "rules" / path.name).write_text(
                yaml.safe_dump(_hasty(yaml.safe_load(path.read_text())))
            )
        more = {"labels": dict(labels)} if labels else {}
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [at], **more}]} for job, at in targets.items()
        ]
        settings = {
            "global": {"scrape_interval": "3s", "scrape_timeout": "3s", "evaluation_interval": "1s"},
            "rule_files": ["rules/*.yml"],
            "scrape_configs": jobs,
        }
        if alertmanager:
            address = alertmanager.removeprefix("http://")
            settings["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [address]}]}]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        [port] = free_ports("127.0.0.1", {"": 0})
        options = (f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}")
        command = [program("prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"]
        super().__init__(command, port, folder / "log")

    def value(self, expr: str) -> float | None:
        """The only value of an expression now; None where it has none."""
        found = self.query(expr)
        return float(found[0]["value"][1]) if found else None

    def query(self, expr: str) -> list[Any]:
        """What an expression comes to now; the test fails when Prometheus refuses it."""
        try:
            answer = self.get(f"/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        except urllib.error.HTTPError as error:
            pytest.fail(f"{expr}: {error.read().decode()}")
        result: list[Any] = answer["data"]["result"]
        return result

    def fires(self, alert: str) -> bool:
        """Whether an alert of the name fires now."""
        return bool(self.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}'))

    def names(self) -> set[str]:
        """All metrics that it knows."""
        return set(self.get("/api/v1/label/__name__/values")["data"])


class PostgresExporter(_Server):
    """Debian's exporter of a PostgreSQL's counters; `database` is where it connects, as libpq has it."""

    ready_path = "/"

    def __init__(self, folder: Path, database: str) -> None:
        [port] = free_ports("127.0.0.1", {"": 0})
        command = [program("postgres_exporter"), f"--web.listen-address=127.0.0.1:{port}"]
        super().__init__(command, port, folder / "exporter.log", {"DATA_SOURCE_NAME": database})


class Exposition(LoopbackServer):
    """Serves a file as an exporter would its metrics; use as a context manager."""

    def __init__(self, path: Path) -> None:
        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(path.read_bytes())

        super().__init__(Handler)
        self.address = self.host


def _hasty(rules: Any) -> Any:
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if "alert" in rule:
                rule["for"] = "1s"
    return rules
