"""A real Triton's own queue drives the real HorizontalPodAutoscaler through the chart's ScaledObject.

The first replica is a Triton server, started when the first batch waits. Those beside it are processes that
wait: they take no requests from it, so that its queue is what the test makes of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.resources.clients.triton import Subject, TritonModel, TritonServer
from docmill.resources.local.server_process import free_ports
from tests.acceptance.serving import environment, make_repository, statistics
from tests.charts.rendering import CHARTS, Case, render
from tests.cluster.test_scaling import SHORTER
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.scaling.adapter import Metrics, registered, serving
from tests.support.cluster.scaling.batches import Queue, exporter, make_home
from tests.support.cluster.scaling.keda import Keda, horizontal, polling
from tests.support.cluster.scaling.replay import replay
from tests.support.cluster.scaling.target import Target, waiting
from tests.support.cluster.serving import triton_objects
from tests.support.monitoring import PrometheusServer, until
from tests.support.served_pages import sample_pages

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(1800)]

NAME, NAMESPACE = "mill-triton", "default"
#: A queue that two cores can fill.
QUEUES = {"pendingRequests": 4, "queueMilliseconds": 400}
#: Requests under way: as many as are worked on at once, and more than that.
LIGHT, HEAVY = 1, 28
#: The triggers by their places.
QUEUE_TIME, PENDING, BATCHES = 0, 1, 2
#: How long anything may take on a crowded machine.
LIMIT_S = 300.0


@dataclass
class Load:
    """So many requests are under way at a server at any time."""

    url: str
    wanted: int = 0
    answered: int = 0
    errors: list[BaseException] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """They are sent inside."""
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: threading.Event) -> None:
        given = TritonServer(self.url, deadline_s=LIMIT_S, in_flight=HEAVY, shared_memory="off")
        model, pages = TritonModel(given, "layout_cdla", outputs=3), sample_pages(1)
        under_way: deque[Any] = deque()
        try:
            while not stop.is_set():
                while len(under_way) < self.wanted:
                    under_way.append(model.submit([pages], Subject()))
                if under_way:
                    under_way.popleft().result()
                    self.answered += 1
                else:
                    stop.wait(0.1)
        except BaseException as error:
            self.errors.append(error)
            raise


def scaled_object(prometheus: str) -> dict[str, Any]:
    """The chart's own for Triton, whose queues are looked at over a shorter time."""
    given = {**SHORTER["autoscaling"], "prometheus": {"address": prometheus}, "triton": QUEUES}
    [chart] = render([Case(CHARTS / "serving", (), SHORTER | {"autoscaling": given}, namespace=NAMESPACE)])
    assert chart.error == ""
    made = chart.one("ScaledObject", "triton")
    asked = made["spec"]["triggers"][QUEUE_TIME]["metadata"]
    assert asked["query"].count("[2m]") == 2
    asked["query"] = asked["query"].replace("[2m]", "[15s]")
    return made


def servers(repository: Path, lock: Path, http: int, grpc: int, metrics: int) -> dict[str, Any]:
    """The Deployment: who comes first is a Triton."""
    _, made = triton_objects(repository, http, grpc, metrics)
    spec = made["spec"]["template"]["spec"]
    [container] = spec["containers"]
    container["args"] = [
        "/bin/sh",
        "-c",
        'exec 9>> /run/first/lock; if flock --nonblock 9; then exec "$@"; else exec sleep 3600; fi',
        "serve",
        *container["args"],
    ]
    del container["resources"]
    container["volumeMounts"].append({"name": "lock", "mountPath": "/run/first"})
    deployment = waiting(NAME, container)
    lock.mkdir()
    volume = {"name": "lock", "hostPath": {"path": str(lock)}}
    deployment["spec"]["template"]["spec"]["volumes"] = [*spec["volumes"], volume]
    return deployment


def test_replicas_follow_the_queue_of_a_triton(
    objects: Objects, kubelet: ProcessKubelet, tmp_path: Path
) -> None:
    environment()
    plane, target, folder = kubelet.plane, Target(kubelet.plane.api, NAME), make_home(tmp_path / "home")
    ports = dict.fromkeys(("http", "grpc", "triton", "docmill", "adapter"), 0)
    http, grpc, triton, docmill, adapter = free_ports("127.0.0.1", ports)
    load = Load(f"127.0.0.1:{grpc}")
    with ExitStack() as stack:
        queue = Queue(stack.enter_context(dg.DagsterInstance.from_config(str(folder))))
        stack.enter_context(exporter(tmp_path / "home", docmill))
        targets = {"docmill": f"127.0.0.1:{docmill}", "triton": f"127.0.0.1:{triton}"}
        server = PrometheusServer(tmp_path / "prometheus", targets, labels={"namespace": NAMESPACE})
        prometheus = stack.enter_context(server)
        scaled = scaled_object(prometheus.url)
        metrics = Metrics(scaled["spec"], target.look)
        stack.enter_context(registered(plane.api, adapter, plane.folder))
        repository = make_repository(tmp_path / "repository")
        deployment = servers(repository, tmp_path / "lock", http, grpc, triton)
        objects.apply([deployment, horizontal(scaled), scaled], NAMESPACE)
        stack.callback(target.remove)
        stack.enter_context(serving(metrics, adapter, plane.folder))
        keda = Keda(metrics, lambda: target.replicas, target.scale)
        stack.enter_context(polling(keda))

        def reaches(replicas: int) -> None:
            until(LIMIT_S, lambda: target.look().ready == target.replicas == replicas, f"{replicas} replicas")

        def told(trigger: int) -> float:
            """The most of the last turns."""
            seen = [turn.values[trigger] for turn in metrics.turns[-6:-1] if len(turn.values) > trigger]
            return max((value for value in seen if value is not None), default=0.0)

        # a batch waits: the first server is started, and is asked
        queue.fill(1)
        reaches(1)
        pending = 'nv_inference_pending_request_count{job="triton",model="layout_cdla"}'
        until(LIMIT_S, lambda: prometheus.value(pending) is not None, "Triton is scraped")
        stack.enter_context(load.running())

        # a server that is busy and lets nobody wait needs no second one
        load.wanted = LIGHT
        turns, answered = len(metrics.turns), load.answered
        until(LIMIT_S, lambda: len(metrics.turns) > turns + 12, "the controller looks")
        assert load.answered > answered
        assert {turn.look.replicas for turn in metrics.turns[turns:]} == {1}

        # requests wait: others are wanted beside it, while the queue of batches is as it was
        load.wanted = HEAVY
        reaches(4)
        until(LIMIT_S, lambda: told(PENDING) > QUEUES["pendingRequests"], "requests wait in its queue")
        until(LIMIT_S, lambda: told(QUEUE_TIME) > QUEUES["queueMilliseconds"], "they wait long")
        assert told(BATCHES) == 1
        most = told(PENDING), told(QUEUE_TIME)

        # nobody waits any longer
        load.wanted = LIGHT
        reaches(1)
        assert statistics(load.url, "layout_cdla").inference_stats.success.count > 0

        # the last one goes with the last batch
        load.wanted = 0
        queue.fill(0)
        reaches(0)
    assert not load.errors
    found = replay(metrics.turns, [at for at, _ in keda.acted], metrics.scaling)
    print(f"\n{found.counted} decisions, {load.answered} answers, at most {most} pending and ms in the queue")
    assert found.differences == ()
    assert found.counted > len(metrics.turns) / 2
    assert [replicas for _, replicas in keda.acted] == [1, 0]
