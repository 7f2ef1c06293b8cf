"""What documents cost, held against what a real Triton and the machine count."""

from __future__ import annotations

import multiprocessing
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import np_to_triton_dtype

from benchmarks.serving.pictures import KINDS
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.triton import Array, TritonServer
from docmill.resources.clients.triton.statistics import read_counters
from docmill.resources.engines.triton import TritonCdlaLayout, TritonDoclingOcr, TritonLayout, TritonTables
from docmill.resources.local.triton.server import LocalServer
from tests.acceptance.booked_model import BOOKED, FOREIGN, Book, install_booked
from tests.acceptance.conversions import SAMPLES, conversion, references, run, split, strips
from tests.acceptance.killing import fork_server, killed_amid_requests
from tests.acceptance.serving import HERON, make_repository, server
from tests.acceptance.small_tableformer import small_tableformer
from tests.support.served_pages import sample_pages
from tests.support.stage_runs import Told

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Served:
    """A stage whose model books, the stages before it, and the models that it needs besides.

    `documents` writes them, and a worker is killed at each of the pages `at`. `foreign` is what others send.
    """

    stage: str
    before: tuple[str, ...]
    models: tuple[str, ...]
    model: Callable[[Path], Path]
    engines: Callable[[TritonServer], Mapping[str, Any]]
    documents: Callable[[Path], list[Path]]
    at: tuple[int, ...]
    foreign: Callable[[], Mapping[str, Array]]
    joins: bool = False


def scan() -> Mapping[str, Array]:
    """Some lines for OCR."""
    page = pypdfium2.PdfDocument(SAMPLES / "scanned.pdf")[0]
    picture = page.render(scale=2.0, rev_byteorder=True).to_numpy()[300:350, 150:470, :3]
    return {
        "lang_type": np.array([["english"]], np.object_),
        "image": np.ascontiguousarray(picture)[None],
    }


def table() -> Mapping[str, Array]:
    [picture] = next(KINDS["tableformer"][1]())
    return {"images": picture}


SERVED = {
    "layout": Served(
        stage="layout",
        before=("pages", "ocr"),
        models=("slanet_plus",),
        model=lambda repository: repository / "layout_cdla",
        engines=lambda triton: {"layout": TritonCdlaLayout(triton, BOOKED)},
        documents=lambda folder: split(folder, 6, 16),
        at=(16, 40, 64),
        foreign=lambda: {"image": sample_pages(1)},
    ),
    "ocr": Served(
        stage="ocr",
        before=("pages",),
        models=("ocr_detect", "ocr_recognise", "slanet_plus"),
        model=lambda repository: repository / "ocr",
        engines=lambda triton: {
            "ocr": TritonDoclingOcr(triton, BOOKED),
            "layout": TritonLayout(triton, HERON),
        },
        documents=lambda folder: strips(folder, 6, 8),
        at=(8, 16, 24),
        foreign=scan,
    ),
    "tables": Served(
        stage="tables",
        before=("pages", "ocr", "layout"),
        models=(),
        model=lambda repository: small_tableformer(repository.parent / "tableformer"),
        # a table fills each page
        engines=lambda triton: {
            "layout": TritonLayout(triton, HERON),
            "tables": TritonTables(triton, BOOKED),
        },
        documents=lambda folder: split(folder, 6, 16),
        at=(4, 20, 36),
        foreign=table,
        joins=True,
    ),
}


def put(answers: queue.Queue[Any], **end: Any) -> None:
    answers.put(end)


def ask(url: str, served: str, pause_s: float, burst: int, begun: Any, over: Any) -> None:
    """A client that is not docmill's: so many requests at once, then a pause."""
    tensors = []
    for name, array in SERVED[served].foreign().items():
        tensors.append(InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype)))
        tensors[-1].set_data_from_numpy(array)
    with InferenceServerClient(url) as client:
        while not over.wait(pause_s):
            answers: queue.Queue[Any] = queue.Queue()
            for _ in range(burst):
                client.async_infer(BOOKED, tensors, partial(put, answers), request_id=FOREIGN)
            for _ in range(burst):
                answers.get()
            begun.release()


@contextmanager
def two_foreign_clients(url: str, served: str) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    begun, over = context.Semaphore(0), context.Event()
    clients = [
        context.Process(target=ask, args=(url, served, *how, begun, over)) for how in ((0.05, 1), (0.4, 5))
    ]
    for client in clients:
        client.start()
    try:
        for _ in clients:
            assert begun.acquire(timeout=120)
        yield
    finally:
        over.set()
        for client in clients:
            client.join(60)


@dataclass
class Killing(Told):
    """A progress that kills a worker at each of these pages; `tallies` is where the step's folder is.

    It is told in the step's own thread: the step cannot end, or lose another worker, meanwhile.
    """

    tallies: Path = Path()
    at: tuple[int, ...] = ()
    killed: list[int] = field(default_factory=list)

    def pages(self, count: int) -> None:
        super().pages(count)
        if len(self.killed) < sum(page <= self.page_count for page in self.at):
            [folder] = self.tallies.glob("docmill-step-*")
            living = [each for each in fork_server().children() if each.pid not in self.killed]
            amid = (each.pid for each in living if killed_amid_requests(each, folder, BOOKED))
            self.killed += islice(amid, 1)


def counters(triton: LocalServer) -> Counters:
    with InferenceServerClient(triton.url) as client:
        return read_counters(client, BOOKED)


@dataclass(frozen=True)
class Running:
    """A server with a model that books."""

    name: str
    served: Served
    repository: Path
    triton: LocalServer


@pytest.fixture(scope="module", params=SERVED)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    served = SERVED[request.param]
    folder = make_repository(tmp_path_factory.mktemp("triton") / "repository")
    install_booked(served.model(folder), folder, joins=served.joins)
    with server(folder, BOOKED, HERON, *served.models) as triton:
        yield Running(request.param, served, folder, triton)


@pytest.mark.parametrize(("foreign", "killed"), [(False, 0), (False, 3), (True, 0), (True, 3)])
def test_records_and_overhead_are_what_the_server_and_the_machine_counted(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: bool, killed: int
) -> None:
    served, triton = running.served, running.triton
    documents = references(served.documents(tmp_path / "in"))
    asked = TritonServer(triton.url, deadline_s=300.0)
    converter = conversion(tmp_path / "store", asked, **served.engines(asked))
    run(converter, documents, *served.before)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    told = Killing(tallies=tmp_path, at=served.at[:killed])
    book = running.repository / BOOKED / "book"
    skip = len(book.read_text().splitlines()) if book.exists() else 0
    before = counters(triton)
    with two_foreign_clients(triton.url, running.name) if foreign else nullcontext():
        cpu = of_ended_workers()
        step = converter.run_step(served.stage, documents, told)
        cpu = of_ended_workers() - cpu
    grown, booked_since = counters(triton).since(before), Book.of(running.repository, skip)
    # of three, the last may find no worker amid a request
    assert step.overhead.lost_workers == len(told.killed) >= min(killed, 1)
    assert len(told.killed) <= killed
    assert (booked_since.foreign > 0) == foreign
    counted = booked_since.own_share * grown.device_ns / 1e9
    way = grown.device_ns / booked_since.took - 1.0
    held = sum(record.device_seconds[BOOKED] for record in step.records)
    found = held + step.overhead.device_seconds[BOOKED]
    held_cpu = sum(record.cpu_seconds for record in step.records)
    found_cpu = held_cpu + step.overhead.cpu_seconds
    print(
        f"{running.name}, foreign {foreign}, killed {killed}: {counted:.3f} s counted, "
        f"{100 * (found / counted - 1):+.2f} %, overhead {found - held:.3f} s, the way {100 * way:.2f} %; "
        f"CPU {cpu:.2f} s, {100 * (found_cpu / cpu - 1):+.2f} %, overhead {found_cpu - held_cpu:.2f} s; "
        f"foreign {booked_since.foreign} of {len(booked_since.lines)} requests; {step.overhead}"
    )
    # beside others a short step does not know how long the way to the model is: much, on a crowded machine
    assert found == pytest.approx(counted, rel=0.015 + way if foreign else 0.01)
    assert found_cpu == pytest.approx(cpu, rel=0.05)
    assert {record.status for record in step.records} <= {"converted", "partial"}


def of_ended_workers() -> float:
    """What they have computed."""
    times = fork_server().cpu_times()
    return float(times.children_user + times.children_system)
