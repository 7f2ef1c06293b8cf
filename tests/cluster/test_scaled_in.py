"""A real Triton scaled away with requests under way, with the hook and the grace of the chart's pods."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from kubernetes import client

from docmill.resources.clients.triton import Subject, TritonModel, TritonServer
from docmill.resources.local.server_process import free_ports
from tests.acceptance.serving import environment, make_repository, statistics
from tests.charts.rendering import CHARTS, Case, render
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.serving import triton_objects
from tests.support.monitoring import until
from tests.support.served_pages import sample_pages

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(1800)]

#: The chart's own, but for a shorter time between leaving the addresses and being told to stop.
VALUES = {"triton": {"image": {"registry": "registry.test"}, "drainSeconds": 2}}
#: How much work is under way, and how long anything may take on a crowded machine.
WORK_S, LIMIT_S = 10.0, 900.0
#: Pages of a request, the model's largest batch, and requests, of which its queue holds 128.
PAGES, MOST = 8, 100


def test_a_server_that_is_scaled_away_answers_what_is_under_way(
    objects: Objects, kubelet: ProcessKubelet, tmp_path: Path
) -> None:
    environment()
    [chart] = render([Case(CHARTS / "serving", (), VALUES)])
    told = chart.one("Deployment", "triton")["spec"]["template"]["spec"]
    [server] = told["containers"]
    [longest] = (each.partition("=")[2] for each in server["args"] if each.startswith("--exit-timeout-secs="))
    http, grpc, metrics = free_ports("127.0.0.1", {"http": 0, "grpc": 0, "metrics": 0})
    service, deployment = triton_objects(make_repository(tmp_path / "repository"), http, grpc, metrics)
    pod = deployment["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = told["terminationGracePeriodSeconds"]
    pod["containers"][0]["lifecycle"] = server["lifecycle"]
    pod["containers"][0]["args"] += ["--exit-limit", longest]
    objects.apply([service, deployment])

    core, apps = client.CoreV1Api(kubelet.plane.api), client.AppsV1Api(kubelet.plane.api)
    until(
        LIMIT_S, lambda: apps.read_namespaced_deployment("triton", "default").status.ready_replicas, "ready"
    )
    [running] = core.list_namespaced_pod("default", label_selector="app=triton").items
    url = f"127.0.0.1:{grpc}"
    # nothing is tried again
    given = TritonServer(url, shared_memory="off", retries=0, recover="off", deadline_s=LIMIT_S)
    model = TritonModel(given, "layout_cdla", outputs=3)
    pages = sample_pages(PAGES)
    expected = model.infer([pages])[0]
    begun = monotonic()
    model.infer([pages])
    count = min(MOST, max(2, round(WORK_S / (monotonic() - begun))))

    before = statistics(url, "layout_cdla").inference_stats.success.count
    requests = [model.submit([pages], Subject()) for _ in range(count)]
    # one is answered: those behind it have arrived
    until(LIMIT_S, lambda: statistics(url, "layout_cdla").inference_stats.success.count > before, "work")
    apps.patch_namespaced_deployment_scale("triton", "default", {"spec": {"replicas": 0}})
    for request in requests:
        np.testing.assert_allclose(request.result()[0], expected, atol=1e-4)
    until(
        LIMIT_S, lambda: not core.list_namespaced_pod("default", label_selector="app=triton").items, "it goes"
    )
    # it ended by itself
    assert kubelet.pod(running.metadata.name).codes != [137]
    apps.delete_namespaced_deployment("triton", "default")
    core.delete_namespaced_service("triton", "default")
