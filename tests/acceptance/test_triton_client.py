"""The client with a real Triton server: shared memory, dead stubs, dead servers, device seconds."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient

from benchmarks.serving.report import Report
from benchmarks.serving.triton import main as benchmark
from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.resources.clients.triton import Subject, TritonModel, TritonServer
from docmill.resources.clients.triton.errors import DeadStubError, UnreachableServerError
from docmill.resources.clients.triton.requests.shared_memory import PREFIX, remove_stale
from docmill.resources.clients.triton.statistics import read_counters
from docmill.resources.local.triton.server import LocalServer
from docmill.resources.price import Price
from tests.acceptance.conversions import SAMPLES, conversion, references, run, split
from tests.acceptance.serving import make_repository, server, statistics, stubs
from tests.support.served_pages import sample_pages
from tests.support.stage_runs import Told

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

MODELS = ("layout_cdla", "slanet_plus")
SHARED = Path("/dev/shm")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("triton") / "repository")


@pytest.fixture(scope="module")
def triton(repository: Path) -> Iterator[LocalServer]:
    with server(repository, *MODELS) as running:
        yield running


def layout(triton: LocalServer, **settings: Any) -> TritonModel:
    return TritonModel(TritonServer(triton.url, **settings), "layout_cdla", outputs=3)


def regions(triton: LocalServer) -> list[str]:
    """The regions of shared memory that the server knows."""
    with InferenceServerClient(triton.url) as client:
        known = client.get_system_shared_memory_status().regions
    return sorted(name for name in known if name.startswith(PREFIX))


def counters(triton: LocalServer, model: str = "layout_cdla") -> Any:
    with InferenceServerClient(triton.url) as client:
        return read_counters(client, model)


def ask_and_die(url: str, how: str, done: Any) -> None:
    """A process that uses shared memory and ends as it is told."""
    model = TritonModel(TritonServer(url, shared_memory="on"), "layout_cdla", outputs=3)
    model.infer([sample_pages(1)])
    done.set()
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def test_inputs_in_shared_memory_give_the_same_answers_and_leave_nothing(triton: LocalServer) -> None:
    sent, shared = layout(triton, shared_memory="off"), layout(triton, shared_memory="on")
    pictures = [sample_pages(1, seed) for seed in range(4)]
    expected = [sent.infer([image])[0] for image in pictures]
    requests = [shared.submit([image], Subject()) for image in pictures]
    names = regions(triton)
    assert len(names) == 4
    for request, answer in zip(requests, expected, strict=True):
        np.testing.assert_allclose(request.result()[0], answer, atol=1e-4)
    shared.infer([pictures[0]])
    assert regions(triton) == names  # they are used again
    del requests, request
    del shared
    assert regions(triton) == []
    assert not any((SHARED / name).exists() for name in names)


def test_a_process_that_ends_cleans_up_and_what_a_killed_one_leaves_the_next_one_removes(
    triton: LocalServer,
) -> None:
    context = multiprocessing.get_context("spawn")
    for how in ("ended", "killed"):
        done = context.Event()
        process = context.Process(target=ask_and_die, args=(triton.url, how, done))
        process.start()
        assert done.wait(60)
        process.join(30)
        left = list(SHARED.glob(f"{PREFIX}{process.pid}-*"))
        assert (len(left), len(regions(triton))) == ((0, 0) if how == "ended" else (1, 1))
    with InferenceServerClient(triton.url) as client:
        remove_stale(client)
        assert left[0].exists()  # the server may still be reading it
        os.utime(left[0], (0, 0))
        held = layout(triton, shared_memory="on")
        held.infer([sample_pages(1)])  # connects, and so removes it
        assert not left[0].exists()
        [own] = regions(triton)
        os.utime(SHARED / own, (0, 0))
        remove_stale(client)
        assert regions(triton) == [own]  # its owner lives


def test_a_restarted_server_is_told_of_shared_memory_again(repository: Path) -> None:
    with server(repository, "layout_cdla") as first:
        model = layout(first, shared_memory="on")
        expected = model.infer([sample_pages(1)])[0]
        first.kill()
    with server(repository, "layout_cdla", ports=first.ports):
        np.testing.assert_array_equal(model.infer([sample_pages(1)])[0], expected)
        assert len(regions(first)) == 1


def test_a_dead_stub_is_loaded_anew_once_for_all_that_find_it_dead(triton: LocalServer) -> None:
    expected = layout(triton).infer([sample_pages(1)])[0]
    [stub] = stubs(triton.pid, "layout_cdla")
    loads = triton.log.read_text().count("successfully loaded 'layout_cdla'")
    os.kill(stub, signal.SIGKILL)
    with pytest.raises(DeadStubError, match=r"layout_cdla .*page 3 of a\.pdf.*load the model anew"):
        for _ in range(3):  # the first may find a stub that is only about to be missed
            layout(triton, recover="off", retries=0).infer([sample_pages(1)], page=3, document="a.pdf")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: layout(triton).infer([sample_pages(1)])[0], range(4)))
    for answer in answers:
        np.testing.assert_allclose(answer, expected, atol=1e-4)
    assert triton.log.read_text().count("successfully loaded 'layout_cdla'") == loads + 1


def test_device_seconds_add_up_to_what_the_server_counted(triton: LocalServer, tmp_path: Path) -> None:
    with_tables = [SAMPLES / f"{name}.pdf" for name in ("two_column_paper", "annual_report")]
    files = [*split(tmp_path / "in", 4, 9), *with_tables]
    documents = references(files)
    converter = conversion(tmp_path / "store", TritonServer(triton.url), workers=3)
    before = {model: counters(triton, model) for model in MODELS}
    records = run(converter, documents, "pages", "ocr")
    for model, stage in zip(MODELS, ("layout", "tables"), strict=True):
        step = converter.run_step(stage, documents, Told())
        records[stage] = step.records
        grown = counters(triton, model).since(before[model])
        held = sum(record.device_seconds.get(model, 0.0) for record in step.records)
        counted = held + step.overhead.device_seconds.get(model, 0.0)
        assert held > 0.9 * counted
        assert counted == pytest.approx(grown.device_ns / 1e9, rel=0.01)
        assert grown.inferences > 0
    run(converter, documents, "documents")
    assert all(record.device_seconds["layout_cdla"] > 0 for record in records["layout"])
    assert not any(record.device_seconds for record in records["pages"])
    metadata = outcome_metadata(records["layout"], 1.0, Price(3600.0))
    total = sum(record.device_seconds["layout_cdla"] for record in records["layout"])
    assert metadata["device_seconds"] == pytest.approx(total, abs=1e-5)
    assert metadata["cost_USD"] == pytest.approx(total, abs=1e-5)
    final = converter.final_records(documents)[0]
    folder = converter.artifacts.folder(documents[0].id, "documents", converter.fingerprints["documents"])
    said = json.loads(converter.artifacts.store.read(f"{folder}/metadata.json"))
    assert said["device_seconds"]["layout"]["layout_cdla"] == final.device_seconds["layout_cdla"]

    asked = counters(triton).inferences
    again = run(converter, documents, "pages", "ocr", "layout")["layout"]
    assert counters(triton).inferences == asked
    assert all(record.reused for record in again)
    assert "device_seconds" not in outcome_metadata(again, 1.0, Price(3600.0))


def test_one_batch_holds_pages_of_several_documents(triton: LocalServer, tmp_path: Path) -> None:
    """Documents of one page: a batch of more than one page mixes documents."""
    documents = references(split(tmp_path / "in", 16, 1))
    before = {b.batch_size: b.compute_infer.count for b in statistics(triton.url, "layout_cdla").batch_stats}
    records = run(
        conversion(tmp_path / "store", TritonServer(triton.url), 4), documents, "pages", "ocr", "layout"
    )
    after = {b.batch_size: b.compute_infer.count for b in statistics(triton.url, "layout_cdla").batch_stats}
    mixed = sum(count - before.get(size, 0) for size, count in after.items() if size > 1)
    assert mixed > 0
    assert [record.status for record in records["layout"]] == ["converted"] * len(documents)


def test_a_server_that_is_gone_fails_the_step_within_its_patience_and_a_retry_resumes(
    repository: Path, tmp_path: Path
) -> None:
    patience, count, pages = 3.0, 6, 12
    documents = references(split(tmp_path / "in", count, pages))
    with server(repository, *MODELS) as first:
        settings = TritonServer(first.url, patience_s=patience)
        converter = conversion(tmp_path / "store", settings)
        run(converter, documents, "pages", "ocr")
        failed: list[BaseException] = []

        def step() -> None:
            try:
                run(converter, documents, "layout")
            except BackendUnavailableError as error:
                failed.append(error)

        thread = threading.Thread(target=step)
        thread.start()
        store, prints = converter.artifacts, converter.fingerprints["layout"]
        while thread.is_alive() and not any(
            store.parts(d.id, "layout", prints) or store.record(d.id, "layout", prints) for d in documents
        ):
            time.sleep(0.02)
        first.kill()
        thread.join(60)
    [error] = failed
    assert isinstance(error, UnreachableServerError)
    assert "what is finished is kept" in str(error)
    # a worker that had not asked yet what the model is like has no part to name
    assert "part" in str(error) or "a request" in str(error)
    kept = sum(
        len(part.pages) for d in documents for part in store.parts(d.id, "layout", prints).values()
    ) + sum(len(r.pages) for d in documents if (r := store.record(d.id, "layout", prints)))
    assert 0 < kept < count * pages
    with server(repository, *MODELS, ports=first.ports):
        start = counters(first).inferences
        records = run(converter, documents, "layout")["layout"]
        assert counters(first).inferences - start == count * pages - kept
    assert [len(record.pages) for record in records] == [pages] * count
    assert {record.status for record in records} == {"converted"}


def test_the_benchmark_measures_a_running_server(
    triton: LocalServer, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--url", triton.url, "--metrics-url", f"http://127.0.0.1:{triton.ports.metrics}/metrics"]
    command += ["--model", "slanet_plus", "--repository", str(repository), "--json", str(tmp_path / "r.json")]
    command += ["--batch", "1,2", "--concurrency", "1,4", "--seconds", "0.5", "--rounds", "1"]
    assert benchmark(command) == 0
    report = msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Report)
    assert [(f.batch, f.concurrency) for f in report.figures] == [(1, 1), (1, 4), (2, 1), (2, 4)]
    assert all(f.items_per_s > 0 and f.device_ms and f.average_batch for f in report.figures)
    assert (report.figures[1].average_batch or 0.0) > 1.0
    assert [ratio.batch for ratio in report.ratios] == [1, 2]
    assert "slanet_plus" in capsys.readouterr().out
