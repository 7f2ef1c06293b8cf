"""Triton's models on a real Ray Serve: Triton's own tests, and what becomes of parts that are killed.

Tests that are imported run here as they are, on this module's `triton` and `repository`.
"""
# ruff: noqa: F401

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from docmill.pipeline.convert.errors import BackendError
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.ray.server import LocalRay
from tests.acceptance.ray_serving import named, processes, ray_server
from tests.acceptance.serving import HERON, JOINED, NARROW, make_repository, server
from tests.acceptance.table_checkpoints import TABLES
from tests.acceptance.table_checkpoints import repository as table_repository
from tests.acceptance.test_tableformer_served import (
    images,
    test_batches_give_what_single_tables_give,
    test_requests_of_many_clients_are_joined,
    test_what_is_no_number_is_refused_and_its_neighbours_are_answered,
)
from tests.acceptance.test_triton_client import test_device_seconds_add_up_to_what_the_server_counted
from tests.acceptance.test_triton_conversion import SAMPLES, Place, asked, by_triton, finished, parts
from tests.acceptance.test_triton_ocr import (
    SCANS,
    test_a_script_that_cannot_be_read_is_refused,
    test_doclings_client_gets_what_docmill_reads,
)
from tests.acceptance.test_triton_server import (
    test_a_full_queue_turns_requests_away_and_retries_get_them_in,
    test_a_wrong_datatype_is_refused,
    test_an_unknown_model_is_refused_without_retries,
    test_models_say_what_requests_took,
    test_requests_joined_as_on_a_gpu_get_their_own_answers,
    test_served_models_compute_what_they_compute_in_process,
    test_the_configuration_of_heron_keeps_doclings_contract,
    test_wrong_shapes_are_refused_once_and_by_name,
)
from tests.support.served_pages import sample_pages

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

OCR = ("ocr", "ocr_detect", "ocr_recognise")
MODELS = ("layout_cdla", "slanet_plus", *OCR, HERON, NARROW, JOINED, TABLES)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_repository(tmp_path_factory.mktemp("ray") / "repository")
    shutil.rmtree(folder / TABLES)
    shutil.copytree(table_repository() / TABLES, folder / TABLES)
    return folder


@pytest.fixture(scope="module")
def triton(repository: Path) -> Iterator[LocalRay]:
    """Under the name that Triton's tests know."""
    sample_pages(1)  # PDFium draws them once, before threads ask for them
    with ray_server(repository, *MODELS) as running:
        yield running


class Asking:
    """Clients that ask a model without a pause, and what became of their requests."""

    def __init__(self, url: str, clients: int, retries: int = 0) -> None:
        self._model = TritonModel(TritonServer(url, 30.0, retries, 120.0), "layout_cdla", outputs=3)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(each,)) for each in range(clients)]
        self.answers: list[tuple[float, np.ndarray]] = []
        self.errors: list[BackendError] = []

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        page = sample_pages(1)
        while not self._over.is_set():
            try:
                self.answers.append((time.monotonic(), self._model.infer([page])[0]))
            except BackendError as error:
                self.errors.append(error)
                time.sleep(0.05)


def wait_until(what: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_nothing_listens_beyond_this_machine(triton: LocalRay) -> None:
    listening = [
        connection.laddr
        for process in [psutil.Process(triton.pid), *processes(triton)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.port for address in listening} >= {triton.ports.grpc, triton.ports.http}
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_documents_are_those_of_triton_also_when_replicas_are_killed(
    triton: LocalRay, repository: Path, tmp_path: Path
) -> None:
    names = ("two_column_paper", "financial_statement", "annual_report")
    files = [*(SAMPLES / f"{name}.pdf" for name in names), *parts(tmp_path / "in", 4, 6)]
    there = Place(tmp_path / "there", tmp_path / "there" / "out")
    with server(repository, "layout_cdla", "slanet_plus") as other:
        finished(there.start(files, *by_triton(other.url)))
    here = Place(tmp_path / "here", tmp_path / "here" / "out")
    before = asked(triton.url, "layout_cdla")
    run = here.start(files, *by_triton(triton.url))
    wait_until(lambda: asked(triton.url, "layout_cdla") > before)
    [replica] = named(triton, "layout_cdla")
    [first, _] = named(triton, "door")
    replica.kill()
    first.kill()
    finished(run)
    assert here.documents() == there.documents()
    assert len(here.documents()) == 2 * len(files)
    wait_until(lambda: len(named(triton, "door")) == 2 and len(named(triton, "layout_cdla")) == 1)


def test_scans_are_read_as_by_the_embedded_networks(triton: LocalRay, tmp_path: Path) -> None:
    made = {}
    for chosen in ("embedded", "triton"):
        place = Place(tmp_path / chosen, tmp_path / chosen / "out")
        finished(place.start(SCANS, "--ocr", chosen, "--triton-url", triton.url))
        made[chosen] = place.documents()
    assert made["triton"] == made["embedded"]


def test_a_new_deployment_loses_no_request_and_forgets_no_count(triton: LocalRay) -> None:
    old, counted, deployed = (
        named(triton, "layout_cdla"),
        asked(triton.url, "layout_cdla"),
        triton.deployments,
    )
    with Asking(triton.url, 4, retries=3) as asking:
        wait_until(lambda: len(asking.answers) > 4)
        triton.redeploy()
        wait_until(lambda: triton.deployments > deployed)
        seen = len(asking.answers)
        wait_until(lambda: len(asking.answers) > seen + 8)
    assert asking.errors == []
    assert not any(each.is_running() for each in old)
    for _, answer in asking.answers[1:]:
        np.testing.assert_array_equal(answer, asking.answers[0][1])
    wait_until(lambda: asked(triton.url, "layout_cdla") >= counted + len(asking.answers), 5.0)


def test_a_lost_raylet_is_replaced_with_all_that_it_had(triton: LocalRay) -> None:
    """The last of this file: counts begin anew."""
    [raylet] = named(triton, "raylet/raylet")
    deployed, lost = triton.deployments, processes(triton)
    with Asking(triton.url, 2) as asking:
        wait_until(lambda: len(asking.answers) > 2)
        raylet.kill()
        wait_until(lambda: triton.deployments > deployed, 600.0)
        since = time.monotonic()
        wait_until(lambda: asking.answers[-1][0] > since)
    assert asking.errors
    for _, answer in asking.answers[1:]:
        np.testing.assert_array_equal(answer, asking.answers[0][1])
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in lost)
