"""What the chart tells KubeRay, without it: a head and a worker by `ray start`, as its pods do it.

Both are on this machine, with the files of the image, the variables and options of the chart's containers,
and the Serve configuration put to the head's dashboard as KubeRay does it. Addresses and ports are others:
two pods share an address here.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
import pytest
import yaml

from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.server_process import free_ports
from tests.acceptance.ray_serving import environment
from tests.acceptance.serving import ROOT, make_repository, server
from tests.charts.rendering import CHARTS, Case, render
from tests.support.image.dockerfile import put_files, stages_of
from tests.support.served_pages import sample_pages

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

HOST = "127.0.0.1"
#: Addresses of the two pods. 127.0.0.1 Ray would take for the machine's own one, which others reach.
HEAD, WORKER = "127.0.0.2", "127.0.0.3"
HEALTH = "/api/local_raylet_healthz"
#: A pod's ports are open at all its addresses, and so are these: nobody else is to run code here meanwhile.
TOKEN = secrets.token_hex(16)
GUARDED = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
MODELS = ("layout_cdla", "slanet_plus")
VALUES = {
    "triton": {"enabled": False},
    "ray": {
        "enabled": True,
        "load": [*MODELS],
        "connectionAgeSeconds": 3,
        "longestRequestSeconds": 5,
        "token": True,
        "ofModels": {"slanet_plus": {"autoscaling_config": {"min_replicas": 0, "max_replicas": 2}}},
    },
}


@dataclass(frozen=True)
class Cluster:
    """What is running: the dashboard's address, those of the doors, and the ports of agents."""

    dashboard: str
    http: str
    grpc: str
    agents: tuple[int, int]
    serve: dict[str, Any]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("cluster") / "models")


@pytest.fixture(scope="module")
def cluster(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    [made] = render([Case(CHARTS / "serving", (), VALUES)])
    assert made.error == ""
    told = made.one("RayService")["spec"]
    config = told["rayClusterConfig"]
    image = tmp_path_factory.mktemp("image")
    stage = stages_of(ROOT / "deploy" / "ray" / "Dockerfile", {})["ray"]
    put_files(stage, ROOT, image)
    names = ("gcs", "dashboard", "client", "head", "worker", "http", "grpc")
    ports = dict(zip(names, free_ports(HOST, dict.fromkeys(names, 0)), strict=True))
    head, [worker] = config["headGroupSpec"], config["workerGroupSpecs"]
    mine = {
        "port": ports["gcs"],
        "dashboard-port": ports["dashboard"],
        "ray-client-server-port": ports["client"],
    }
    with ExitStack() as running:
        # the paths of Ray's sockets may have 107 characters
        folder = running.enter_context(_short_folder())
        started = _started(running, image, stage.environment["PYTHONPATH"])
        options = {"node-ip-address": HEAD, **head["rayStartParams"], **mine, "dashboard-host": HOST}
        options |= {"dashboard-agent-listen-port": ports["head"], "temp-dir": folder}
        dashboard = f"http://{HOST}:{ports['dashboard']}"
        started(head, ["--head", *_options(options)], f"{dashboard}/api/gcs_healthz")
        options = {"node-ip-address": WORKER, "num-cpus": "2", **worker["rayStartParams"]}
        options |= {"dashboard-agent-listen-port": ports["worker"]}
        address = f"--address={HEAD}:{ports['gcs']}"
        started(worker, [address, *_options(options)], f"http://{WORKER}:{ports['worker']}{HEALTH}")
        serve = yaml.safe_load(told["serveConfigV2"])
        serve["applications"][0]["args"] |= {
            "repository": str(repository),
            "host": HOST,
            "http_port": ports["http"],
            "grpc_port": ports["grpc"],
        }
        found = Cluster(
            dashboard,
            f"http://{HOST}:{ports['http']}",
            f"{HOST}:{ports['grpc']}",
            (ports["head"], ports["worker"]),
            serve,
        )
        put(found, serve)
        _wait(lambda: status(found)["status"] == "RUNNING")
        yield found


@contextmanager
def _short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="docmill-ray-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _options(options: Mapping[str, object]) -> list[str]:
    # KubeRay writes them into a line for a shell, which takes its own quotes away
    line = " ".join(f"--{name}={value}" for name, value in options.items())
    return shlex.split(line)


def _started(
    running: ExitStack, image: Path, python_path: str
) -> Callable[[Mapping[str, Any], list[str], str], None]:
    """Starts one pod's Ray with its variables; all that is below it ends with the test."""
    packages = environment()

    def start(group: Mapping[str, Any], options: list[str], health: str) -> None:
        [container] = group["template"]["spec"]["containers"]
        told = {each["name"]: each["value"] for each in container["env"] if each["name"] != "HOME"}
        variables = packages.variables(dict(os.environ)) | told
        variables |= {"PYTHONPATH": f"{image}{python_path}", **GUARDED}
        command = [str(packages.folder / "bin" / "ray"), "start", "--block", *options]
        process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, start_new_session=True)
        running.callback(_end, process)
        _wait(lambda: _ok(health) or process.poll() is not None)
        assert process.poll() is None

    return start


def _end(process: subprocess.Popen[bytes]) -> None:
    below = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(3)
    for each in [*below, psutil.Process(process.pid)] if process.poll() is None else below:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()
    psutil.wait_procs(below, timeout=5)


def put(cluster: Cluster, serve: Mapping[str, Any]) -> None:
    """As KubeRay deploys."""
    request = urllib.request.Request(
        f"{cluster.dashboard}/api/serve/applications/",
        data=json.dumps(serve).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def asked(cluster: Cluster, path: str) -> Any:
    request = urllib.request.Request(cluster.dashboard + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def status(cluster: Cluster) -> dict[str, Any]:
    """The application, as the dashboard tells it."""
    told: dict[str, Any] = asked(cluster, "/api/serve/applications/")["applications"]["docmill"]
    assert told["status"] != "DEPLOY_FAILED", told["message"]
    return told


def replicas(cluster: Cluster, deployment: str) -> list[dict[str, Any]]:
    return list(status(cluster)["deployments"][deployment]["replicas"])


def heads(cluster: Cluster) -> set[str]:
    """Nodes."""
    summary = asked(cluster, "/nodes?view=summary")["data"]["summary"]
    assert len(summary) == 2
    return {each["raylet"]["nodeId"] for each in summary if each["raylet"]["isHeadNode"]}


def model(cluster: Cluster, name: str = "layout_cdla") -> TritonModel:
    return TritonModel(TritonServer(cluster.grpc, 60.0, 3), name, outputs=3)


def _ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(what: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_probes_of_the_chart_are_answered(cluster: Cluster) -> None:
    assert _ok(f"{cluster.dashboard}/api/gcs_healthz")
    for address, port in zip((HEAD, WORKER), cluster.agents, strict=True):
        assert _ok(f"http://{address}:{port}{HEALTH}")
    assert _ok(f"{cluster.http}/-/healthz")


def test_the_head_has_no_door_and_no_model(cluster: Cluster) -> None:
    nodes = {each["node_id"] for name in ("door", "layout_cdla") for each in replicas(cluster, name)}
    assert len(replicas(cluster, "door")) == 2 and len(nodes) == 1
    assert len(heads(cluster)) == 1 and not heads(cluster) & nodes


def test_pages_are_answered_as_by_triton(cluster: Cluster, repository: Path) -> None:
    page = sample_pages(1)
    here = model(cluster).infer([page], page=1)
    with server(repository, *MODELS) as other:
        there = TritonModel(TritonServer(other.url, 60.0, 3), "layout_cdla", outputs=3).infer([page], page=1)
    for mine, theirs in zip(here, there, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_connections_end_when_they_are_old(cluster: Cluster) -> None:
    """So that clients look for doors anew."""
    seen: list[grpc.ChannelConnectivity] = []
    with grpc.insecure_channel(cluster.grpc) as channel:
        channel.subscribe(seen.append, try_to_connect=True)
        grpc.channel_ready_future(channel).result(timeout=10)
        _wait(lambda: seen[-1] != grpc.ChannelConnectivity.READY, 15.0)
    assert grpc.ChannelConnectivity.READY in seen


def test_other_models_reach_a_cluster_that_is_there(cluster: Cluster) -> None:
    """What KubeRay does when the chart's values change: no cluster is made anew."""
    before = {each["replica_id"] for each in replicas(cluster, "layout_cdla")}
    changed = json.loads(json.dumps(cluster.serve))
    changed["applications"][0]["args"]["of_models"]["layout_cdla"] = {
        "num_replicas": 2,
        "ray_actor_options": {"num_cpus": 0.5},
    }
    put(cluster, changed)
    deadline = time.monotonic() + 300
    while status(cluster)["status"] != "RUNNING" or len(replicas(cluster, "layout_cdla")) != 2:
        assert time.monotonic() < deadline
        model(cluster).infer([sample_pages(1)], page=1)
    assert {each["state"] for each in replicas(cluster, "layout_cdla")} == {"RUNNING"}
    assert before != {each["replica_id"] for each in replicas(cluster, "layout_cdla")}
    # what it asks for itself is beside what every model does
    assert not heads(cluster) & {each["node_id"] for each in replicas(cluster, "layout_cdla")}


def test_what_ray_does_not_know_is_refused(cluster: Cluster) -> None:
    """It is held against Ray's own schema, as the chart's was."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        put(cluster, cluster.serve | {"proxy_location": "Nowhere"})
    caught.value.close()
    assert caught.value.code in (400, 500)
