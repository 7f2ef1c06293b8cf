"""What understanding costs, held against how long a real vLLM had requests; with a worker that is killed."""

from __future__ import annotations

import asyncio
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from docmill.pipeline.defs.resources import conversion_of, default_resources
from docmill.pipeline.stages.conversion import Conversion
from docmill.resources.clients.metering.tally import read_tallies
from docmill.resources.clients.vllm.tally import TOKENS
from docmill.resources.local.vllm.server import LocalVllm
from docmill.resources.settings.understanding import Understanding
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store
from docmill.resources.vllm import Vllm
from tests.acceptance.conversions import references
from tests.acceptance.killing import killed_amid_requests
from tests.acceptance.vllm_serving import MODEL, learned_document, serve
from tests.support.model_cache import weights
from tests.support.stage_runs import Told

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

PAGES = 120


@pytest.fixture(scope="module")
def vllm() -> Iterator[LocalVllm]:
    with serve() as server:
        yield server


@pytest.fixture
def conversion(between: tuple[Between, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conversion:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("tables").parent))
    return conversion_of(
        default_resources()
        | {
            "store": Store(url=str(tmp_path / "store")),
            "vllm": Vllm(url=between[1]),
            "understanding": Understanding(mode="all"),
            "workers": Workers(count=2),
        }
    )


class Between:
    """Stands between docmill and the server, and knows when requests are under way."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[int] = set()
        self._since = 0.0
        self.seconds = 0.0

    async def serve(self, ready: queue.Queue[int], over: threading.Event) -> None:
        """Pass on what comes, until it is over."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        while not over.is_set():
            await asyncio.sleep(0.1)
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = id(writer)
        there, back = await asyncio.open_connection("127.0.0.1", self._to)

        async def ask() -> None:
            with suppress(ConnectionError):
                while data := await reader.read(1 << 16):
                    if data.startswith(b"POST "):
                        self._change(number, begins=True)
                    back.write(data)
                    await back.drain()
            self._change(number, begins=False)
            back.close()

        async def answer() -> None:
            with suppress(ConnectionError):
                while data := await there.read(1 << 16):
                    self._change(number, begins=False)
                    writer.write(data)
                    await writer.drain()
            writer.close()

        await asyncio.gather(ask(), answer())

    def _change(self, number: int, *, begins: bool) -> None:
        now, before = time.monotonic(), bool(self._open)
        (self._open.add if begins else self._open.discard)(number)
        if self._open and not before:
            self._since = now
        elif before and not self._open:
            self.seconds += now - self._since


@pytest.fixture
def between(vllm: LocalVllm) -> Iterator[tuple[Between, str]]:
    """What stands there, and its address."""
    port = urlsplit(vllm.url).port
    assert port is not None
    made, ready, over = Between(port), queue.Queue[int](), threading.Event()
    with _beside(lambda: asyncio.run(made.serve(ready, over)), over):
        yield made, f"http://127.0.0.1:{ready.get(timeout=60)}"


@contextmanager
def one_killed(tallies: Path) -> Iterator[list[psutil.Process]]:
    """Kill a worker that has had an answer and waits for others."""
    killed: list[psutil.Process] = []
    over = threading.Event()

    def kill() -> None:
        while not killed and not over.wait(0.01):
            for folder in tallies.glob("docmill-step-*"):
                for worker, asked in read_tallies(folder, TOKENS).items():
                    with suppress(psutil.NoSuchProcess):  # it has done its work
                        found = psutil.Process(worker)
                        if asked.answered and killed_amid_requests(found, folder, TOKENS):
                            killed.append(found)
                            return

    with _beside(kill, over):
        yield killed


@contextmanager
def _beside(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("killed", [0, 1])
def test_records_and_overhead_are_how_long_the_server_had_requests(
    conversion: Conversion,
    between: tuple[Between, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: int,
) -> None:
    documents = references([learned_document(tmp_path / "in", PAGES // 4)])
    resting = conversion.before("understanding")
    for stage in (each for each in conversion.stages if each in resting):
        conversion.run(stage, documents, Told())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with one_killed(tmp_path if killed else tmp_path / "nowhere") as gone:
        step = conversion.run_step("understanding", documents, Told())
    assert (len(gone), step.overhead.lost_workers) == (killed, killed)
    held = sum(record.device_seconds[MODEL] for record in step.records)
    found = held + step.overhead.device_seconds[MODEL]
    busy = between[0].seconds
    print(f"killed {killed}: busy {busy:.2f} s, {100 * (found / busy - 1):+.2f} %, {step.overhead}")
    assert found == pytest.approx(busy, rel=0.05)
    assert (step.overhead.device_seconds[MODEL] > 0.02 * found) == bool(killed)
    assert [len(record.pages) for record in step.records] == [PAGES]
