"""What run monitoring is told of a run in a cluster, by a small API server; tests/cluster has a real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest
import yaml

from docmill.pipeline.instance.cluster_launcher import ClusterRunLauncher
from docmill.pipeline.instance.dagster_internals import WorkerStatus
from docmill.pipeline.instance.launcher import HOST_TAG


class _Api(ThreadingHTTPServer):
    """Answers questions about a Job with its status, or with an error; so it does with deletions."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.of_jobs, self.of_deletions = 200, 200
        self.job: dict[str, Any] = {}
        self.deleted: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Api

    def do_GET(self) -> None:
        self._answer(
            {"apiVersion": "batch/v1", "kind": "Job", "metadata": {}, "status": self.server.job},
            self.server.of_jobs,
        )

    def do_DELETE(self) -> None:
        if self.server.of_deletions == 200:
            self.server.deleted += parse_qs(urlsplit(self.path).query)["labelSelector"]
        self._answer({"apiVersion": "v1", "kind": "Status", "status": "Success"}, self.server.of_deletions)

    def _answer(self, body: dict[str, Any], code: int) -> None:
        data = json.dumps(body).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[_Api]:
    with _Api() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def launcher(api: _Api, instance: dg.DagsterInstance, tmp_path: Path) -> ClusterRunLauncher:
    here = {"cluster": "here", "user": "here"}
    written = {
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{api.server_address[1]}"}}],
        "users": [{"name": "here", "user": {}}],
        "contexts": [{"name": "here", "context": here}],
        "current-context": "here",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(written))
    made = ClusterRunLauncher(
        service_account_name="docmill",
        instance_config_map="docmill",
        dagster_home="/opt/dagster",
        load_incluster_config=False,
        kubeconfig_file=str(tmp_path / "kubeconfig"),
    )
    made.register_instance(instance)
    return made


@pytest.fixture
def run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    return dg.DagsterRun(job_name="convert_documents", status=dg.DagsterRunStatus.STARTED)


def test_a_run_whose_pod_is_there_is_well(
    api: _Api, launcher: ClusterRunLauncher, run: dg.DagsterRun
) -> None:
    api.job = {"active": 1}
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    assert api.deleted == []


def test_the_steps_of_a_run_whose_pod_is_gone_go_too(
    api: _Api, launcher: ClusterRunLauncher, run: dg.DagsterRun
) -> None:
    api.job = {"failed": 1}
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    assert api.deleted == [f"app.kubernetes.io/component=step_worker,dagster/run-id={run.run_id}"]


def test_a_run_whose_job_was_deleted_is_gone(
    api: _Api, launcher: ClusterRunLauncher, run: dg.DagsterRun
) -> None:
    api.of_jobs = 404
    assert launcher.check_run_worker_health(run).status is WorkerStatus.UNKNOWN
    assert len(api.deleted) == 1


def test_a_run_of_the_command_line_is_no_pod_that_is_lost(
    api: _Api, launcher: ClusterRunLauncher, instance: dg.DagsterInstance
) -> None:
    api.of_jobs = 404
    run = dg.DagsterRun(job_name="convert_documents", tags={HOST_TAG: "elsewhere"})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    assert api.deleted == []


def test_a_cluster_that_takes_no_more_requests_says_nothing_of_a_run(
    api: _Api, launcher: ClusterRunLauncher, run: dg.DagsterRun
) -> None:
    api.of_jobs = api.of_deletions = 429
    found = launcher.check_run_worker_health(run)
    assert found.status is WorkerStatus.RUNNING
    assert "does not answer" in str(found.msg)


def test_nor_does_one_that_is_away(api: _Api, launcher: ClusterRunLauncher, run: dg.DagsterRun) -> None:
    api.shutdown()
    api.server_close()
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
