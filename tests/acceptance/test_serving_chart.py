"""The chart `serving` on real servers: its Job's volume, its arguments, and its probes of ill servers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.server_process import ServerProcess
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from tests.acceptance import serving, vllm_serving
from tests.charts.exported import TRITON, VLLM
from tests.charts.rendering import CHARTS, Case, Rendered, render
from tests.charts.test_probe import PROBE
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

CHART = CHARTS / "serving"
FILES = CHART / "files"
MODELS = ["layout_cdla", "ocr_recognise"]
VALUES = {
    "triton": {
        "load": MODELS,
        "warm": MODELS,
        "tuning": {"ocr_recognise": {"maxBatchSize": 16, "instances": 1}},
        "longestRequestSeconds": 5,
        "connectionAgeSeconds": 1,
    }
}


def environment_of(container: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.fixture(scope="module")
def chart() -> Rendered:
    [result] = render([Case(CHART, (), VALUES)])
    assert result.error == ""
    return result


@pytest.fixture(scope="module")
def volume(chart: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume as the Job fills it."""
    folder = tmp_path_factory.mktemp("volume")
    [container] = chart.one("Job")["spec"]["template"]["spec"]["containers"]
    told = environment_of(container)
    for model in ("layout", "tables", "ocr-detect", "ocr-recognise"):
        weights(model)
    told |= {"FILL_TO": placed(told["FILL_TO"], folder), "DOCMILL_MODELS": str(weights("layout").parent)}
    del told["DOCMILL_HOME"], told["HOME"]
    for _ in range(2):  # a Job that is done again does no harm
        subprocess.run([sys.executable, str(FILES / "fill.py")], env=os.environ | told, check=True)
    return folder


def placed(text: str, volume: Path) -> str:
    return text.replace("/models", str(volume))


class ServerOfChart(LocalServer):
    """Triton with the arguments of the chart's container, at ports of its own."""

    def __init__(self, arguments: list[str], repository: Path) -> None:
        settings = ServerSettings(repository, (), Ports(0, 0, 0), threads=1, start_limit_s=300)
        super().__init__(settings, serving.environment(), serving.home())
        self._arguments = arguments

    def start(self) -> None:
        """The canary stays: it is the chart's."""
        ServerProcess.start(self)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        (program, *own), environment = super()._prepare()
        theirs = ("--model-", "--load-model", "--exit-timeout")
        kept = [each for each in own if not each.startswith(theirs)]
        return [program, *kept, *self._arguments], environment


@pytest.fixture(scope="module")
def triton(chart: Rendered, volume: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    canary = tmp_path_factory.mktemp("canary")
    mount(chart, canary)
    [container] = chart.one("Deployment")["spec"]["template"]["spec"]["containers"]
    arguments = [placed(each, volume).replace("=/canary", f"={canary}") for each in container["args"]]
    assert any(str(canary) in each for each in arguments)
    with ServerOfChart(arguments, volume) as running:
        yield running


def mount(chart: Rendered, folder: Path) -> None:
    """As a kubelet mounts a ConfigMap: files in a hidden folder, and links to what is in it."""
    [volume] = (
        each
        for each in chart.one("Deployment")["spec"]["template"]["spec"]["volumes"]
        if each["name"] == "canary"
    )
    data = folder / "..2026_11_29"
    for item in volume["configMap"]["items"]:
        (data / item["path"]).parent.mkdir(parents=True, exist_ok=True)
        (data / item["path"]).write_bytes((FILES / "canary" / item["key"]).read_bytes())
    (folder / "..data").symlink_to(data.name)
    for path in data.iterdir():
        (folder / path.name).symlink_to(Path("..data") / path.name)


def probe(url: str, of: str, kind: str, memory: Path, models: str, patience_s: float = 60) -> str:
    told = {"PROBE_URL": url, "PROBE_STATE": str(memory), "PROBE_MODELS": models}
    told |= {"PROBE_TIMEOUT_S": str(patience_s)}
    command = [sys.executable, str(PROBE), of, kind]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr), done
    return done.stderr


def test_a_server_waits_for_the_whole_volume(volume: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(FILES / "wait.py")]
    [revision] = volume.iterdir()
    assert subprocess.run([*command, str(revision), "1"], check=False).returncode == 0
    late = subprocess.run([*command, str(tmp_path), "1"], capture_output=True, text=True, check=False)
    assert late.returncode == 1
    assert "was not filled" in late.stderr


def test_old_revisions_go(volume: Path, tmp_path: Path) -> None:
    [revision] = volume.iterdir()
    for age, name in enumerate(("newest", "older", "oldest")):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".complete").touch()
        os.utime(tmp_path / name / ".complete", (1e9 - age, 1e9 - age))
    (tmp_path / "half").mkdir()
    (tmp_path / "now").symlink_to(revision)
    told = {"FILL_TO": str(tmp_path / "now"), "FILL_FROM": "embedded", "FILL_KEEP": "1"}
    subprocess.run([sys.executable, str(FILES / "fill.py")], env=os.environ | told, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"now", "newest", "half"}


def test_triton_has_the_models_as_they_are_tuned(triton: LocalServer) -> None:
    def told(model: str) -> Any:
        with urllib.request.urlopen(f"{triton.http_url}/v2/models/{model}/config") as answer:
            return json.load(answer)

    assert told("ocr_recognise")["max_batch_size"] == 16
    assert told("ocr_recognise")["dynamic_batching"]["preferred_batch_size"] == [8, 16]
    assert told("ocr_recognise")["parameters"]["digest"]["string_value"]
    assert told("layout_cdla")["max_batch_size"] == 8


def test_triton_exports_what_queries_read(triton: LocalServer) -> None:
    assert exported(f"http://{triton.url.partition(':')[0]}:{triton.ports.metrics}/metrics") >= TRITON


def exported(address: str) -> set[str]:
    """The names of samples that a server exports."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


def test_connections_end_and_no_request_with_them(triton: LocalServer) -> None:
    """So that a client finds pods that are new; it is one that tries nothing again."""
    canary = TritonModel(TritonServer(triton.url, 60.0, retries=0), "docmill_canary")
    sent = np.array([[1.0, -2.0, 3.5, 40.0]], np.float32)
    used: set[int] = set()
    until = time.monotonic() + 240
    while len(used) < 3 and time.monotonic() < until:
        [answer] = canary.infer([sent])
        assert np.array_equal(answer, 2 * sent + 1)
        connections = psutil.Process().net_connections()
        used |= {
            each.laddr.port for each in connections if each.raddr and each.raddr.port == triton.ports.grpc
        }
    assert len(used) >= 3


def test_a_dead_model_is_not_ready_though_triton_says_so(triton: LocalServer, tmp_path: Path) -> None:
    def told(kind: str, patience_s: float = 60) -> str:
        return probe(triton.http_url, "triton", kind, tmp_path, ",".join(MODELS), patience_s)

    for kind in ("start", "ready", "live"):
        assert told(kind) == ""
    [stub] = serving.stubs(triton.pid, "layout_cdla")
    os.kill(stub, signal.SIGKILL)
    with pytest.raises(urllib.error.HTTPError):
        serving.http_infer(triton.http_url, "layout_cdla", image=np.zeros((1, 3, 800, 608), np.uint8))
    with urllib.request.urlopen(f"{triton.http_url}/v2/health/ready") as answer:
        assert answer.status == 200
    for kind in ("ready", "live", "ready"):
        assert "layout_cdla" in told(kind)
    for order in ("unload", "load"):
        path = f"{triton.http_url}/v2/repository/models/layout_cdla/{order}"
        request = urllib.request.Request(path, b"{}", {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=120).close()
    for kind in ("ready", "live"):
        assert told(kind) == ""
    os.kill(triton.pid, signal.SIGSTOP)
    try:
        assert "timed out" in told("ready", patience_s=1)
    finally:
        os.kill(triton.pid, signal.SIGCONT)


def test_vllm_is_asked_for_a_page_at_its_start_and_for_a_token_later(tmp_path: Path) -> None:
    with vllm_serving.serve() as server:
        for kind in ("start", "ready", "live"):
            assert probe(server.url, "vllm", kind, tmp_path, vllm_serving.MODEL, 120) == ""
        assert exported(f"{server.url}/metrics") >= VLLM
        # the start asks with a picture, the others for a token each
        assert vllm_serving.answered(server.url) == 3
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert "timed out" in probe(server.url, "vllm", "ready", tmp_path, vllm_serving.MODEL, 1)
        finally:
            os.kill(server.pid, signal.SIGCONT)
