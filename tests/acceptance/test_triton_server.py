"""The project's model repository on a real Triton server, over HTTP and gRPC, in health and in trouble."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.convert.types import Box, Cluster, PageContent, Word
from docmill.resources.clients.metering.tally import read_tallies
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.statistics import read_counters
from docmill.resources.engines.onnx_runtime import OnnxModel
from docmill.resources.engines.triton import TritonLayout, TritonTables
from docmill.resources.local.errors import ServerStartError, ServerStoppedError
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.server import LocalServer, Ports
from docmill.resources.weights.served_digest import written_digest
from tests.acceptance.serving import (
    HERON,
    JOINED,
    NARROW,
    ROOT,
    environment,
    http_infer,
    make_repository,
    server,
    statistics,
    stubs,
)
from tests.support.model_cache import weights
from tests.support.one_page import detected, structured
from tests.support.served_pages import assert_same_regions, sample_pages

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

MODELS = ("layout_cdla", "slanet_plus", "ocr_detect", "ocr_recognise", "tableformer", HERON, NARROW, JOINED)
SHAPES = {
    "slanet_plus": (3, 488, 488),
    "ocr_detect": (3, 320, 256),
    "ocr_recognise": (3, 48, 160),
}
INPUTS = {"layout_cdla": "image"}
PAGE = PageContent(number=3, width=612.0, height=792.0)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("triton") / "repository")


@pytest.fixture(scope="module")
def triton(repository: Path) -> Iterator[LocalServer]:
    with server(repository, *MODELS) as running:
        yield running


def model(triton: LocalServer, name: str, outputs: int = 1, retries: int = 0, inputs: int = 1) -> TritonModel:
    return TritonModel(TritonServer(triton.url, 30.0, retries), name, "", inputs, outputs)


def pictures(name: str, count: int, seed: int = 0) -> np.ndarray:
    if name == "layout_cdla":
        return sample_pages(count, seed)
    return np.random.default_rng(seed).normal(0, 1, (count, *SHAPES[name])).astype(np.float32)


def in_process(repository: Path, name: str) -> OnnxModel:
    return OnnxModel(repository / name / "1" / "model.onnx", engine="onnxruntime")


@pytest.mark.parametrize("name", ["layout_cdla", *SHAPES])
def test_served_models_compute_what_they_compute_in_process(
    triton: LocalServer, repository: Path, name: str
) -> None:
    image = pictures(name, 1)
    expected = in_process(repository, name)(image)
    by_grpc = model(triton, name, len(expected)).infer([image], page=1)
    by_http = http_infer(triton.http_url, name, **{INPUTS.get(name, "x"): image})
    for one, other, third in zip(expected, by_grpc, by_http.values(), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert all(output.any() for output in expected)


@pytest.mark.parametrize("name", ["layout_cdla", JOINED, *SHAPES])
def test_models_say_what_requests_took(triton: LocalServer, tmp_path: Path, name: str) -> None:
    asked, before = model(triton, name), counted(triton, name)
    asked.count_in(tmp_path)
    images = pictures("layout_cdla" if name == JOINED else name, 2)
    for _ in range(2):
        asked.infer([images])
    [found] = read_tallies(tmp_path, name).values()
    [done] = found.instances.values()
    assert (found.told, done.own_items) == (4, 4)
    assert done.own_ns == pytest.approx(found.device_ns)
    assert 0 < found.device_ns <= counted(triton, name) - before


def counted(triton: LocalServer, name: str) -> int:
    """Nanoseconds of a model's executions, once all are counted."""
    before = -1
    with InferenceServerClient(triton.url) as client:
        while before != (now := read_counters(client, name)).device_ns:
            before = now.device_ns
            time.sleep(0.2)
    return before


@pytest.mark.parametrize("size", [1, 4, 8])
def test_batches_give_what_single_items_give(triton: LocalServer, repository: Path, size: int) -> None:
    images = pictures("layout_cdla", size)
    alone = in_process(repository, "layout_cdla")
    together = model(triton, "layout_cdla", 3).infer([images], page=1)
    for index in range(size):
        expected = alone(images[index : index + 1])
        assert_same_regions([output[index] for output in together], [output[0] for output in expected])


def test_requests_joined_as_on_a_gpu_get_their_own_answers(triton: LocalServer, repository: Path) -> None:
    assert f"{JOINED} is warm" in triton.log.read_text()
    sizes = (1, 2, 1, 1)  # five items run as six, each with its own client behind it

    def ask(client: int) -> list[np.ndarray]:
        return model(triton, JOINED, 3).infer([pictures("layout_cdla", sizes[client], client)], page=1)

    before = statistics(triton.url, JOINED)
    with ThreadPoolExecutor(len(sizes)) as pool:
        answers = list(pool.map(ask, range(len(sizes))))
    after = statistics(triton.url, JOINED)
    assert after.execution_count - before.execution_count < len(sizes)
    alone = in_process(repository, "layout_cdla")
    for client, (size, own) in enumerate(zip(sizes, answers, strict=True)):
        for index, picture in enumerate(pictures("layout_cdla", size, client)):
            assert {len(output) for output in own} == {size}
            expected = alone(picture[None])
            assert_same_regions([output[index] for output in own], [output[0] for output in expected])
    assert "one after another" not in triton.log.read_text()


def test_a_batch_beyond_the_largest_session_runs_as_several(triton: LocalServer, repository: Path) -> None:
    images = pictures("layout_cdla", 19)
    together = model(triton, JOINED, 3).infer([images], page=1)
    alone = in_process(repository, "layout_cdla")
    for index in (0, 15, 16, 18):
        expected = alone(images[index : index + 1])
        assert_same_regions([output[index] for output in together], [output[0] for output in expected])


def test_concurrent_clients_are_batched_and_get_their_own_answers(
    triton: LocalServer, repository: Path
) -> None:
    before = statistics(triton.url, "layout_cdla")
    clients, each = 8, 3

    def ask(client: int) -> list[np.ndarray]:
        own = model(triton, "layout_cdla", 3)
        return [own.infer([pictures("layout_cdla", 1, client)], page=1)[0] for _ in range(each)]

    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(ask, range(clients)))
    alone = in_process(repository, "layout_cdla")
    for client, own in enumerate(answers):
        expected = alone(pictures("layout_cdla", 1, client))[0]
        for answer in own:
            np.testing.assert_allclose(answer, expected, atol=1e-4)
    after = statistics(triton.url, "layout_cdla")
    inferences = after.inference_count - before.inference_count
    executions = after.execution_count - before.execution_count
    assert inferences == clients * each
    assert executions <= inferences / 2
    assert max(stat.batch_size for stat in after.batch_stats) >= 4


def white(scale: float, box: Box | None) -> np.ndarray:
    return np.full((round(792 * scale), round(612 * scale), 3), 255, np.uint8)


def test_the_configuration_of_heron_keeps_doclings_contract(triton: LocalServer) -> None:
    engine = TritonLayout(TritonServer(triton.url), HERON)
    engine.prepare()
    assert [(r.label, r.score, r.box) for r in detected(engine, PAGE, white).clusters] == [
        ("table", 1.0, Box(0.0, 0.0, 612.0, 792.0))
    ]
    batch: list[np.ndarray] = [np.ones((16, 3, 640, 640), np.float32), np.full((16, 2), 7, np.int64)]
    labels, boxes, scores = model(triton, HERON, 3, inputs=2).infer(batch, page=1)
    assert (labels.shape, boxes.shape, scores.shape) == ((16, 300), (16, 300, 4), (16, 300))


def test_the_configuration_of_tableformer_keeps_the_contract(triton: LocalServer) -> None:
    regions = [
        Cluster(id=i, label="table", score=1.0, box=Box(50, 100 * i, 150, 100 * i + 50)) for i in range(3)
    ]
    words = [Word(text="cell", box=Box(60, 110, 90, 120), size=9.0, font=-1)]
    engine = TritonTables(TritonServer(triton.url), "tableformer")
    engine.prepare()
    tables = structured(engine, regions, PAGE, words, white)
    assert [[cell.text for cell in table.cells] for table in tables] == [[""], ["cell"], [""]]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 3, 600, 608), np.uint8),
        np.zeros((9, 3, 800, 608), np.uint8),
        np.zeros((3, 800, 608), np.uint8),
    ],
    ids=["wrong size", "batch too large", "no batch"],
)
def test_wrong_shapes_are_refused_once_and_by_name(triton: LocalServer, image: np.ndarray) -> None:
    before = statistics(triton.url, "layout_cdla").inference_count
    with pytest.raises(BackendConfigError, match=r"layout_cdla .* refused page 3"):
        model(triton, "layout_cdla", 3, retries=5).infer([image], page=3)
    with pytest.raises(urllib.error.HTTPError) as caught:
        http_infer(triton.http_url, "layout_cdla", image=image)
    assert caught.value.code == 400
    assert statistics(triton.url, "layout_cdla").inference_count == before


def test_a_wrong_datatype_is_refused(triton: LocalServer) -> None:
    image = pictures("layout_cdla", 1).astype(np.float64)
    with pytest.raises(BackendConfigError, match=r"FP64 .*expected UINT8"):
        model(triton, "layout_cdla", 3).infer([image], page=3)


def test_an_unknown_model_is_refused_without_retries(
    triton: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docmill.resources.clients.triton.model.pause", lambda _: pytest.fail("tried again"))
    with pytest.raises(BackendConfigError, match=r"nobody.*not found"):
        model(triton, "nobody", retries=5).check()
    with pytest.raises(BackendConfigError, match="nobody"):
        model(triton, "nobody", retries=5).infer([np.zeros((1, 4), np.float32)], page=1)
    with pytest.raises(BackendConfigError, match="1 inputs and 1 outputs instead of 2 and 3"):
        TritonLayout(TritonServer(triton.url), "ocr_detect").prepare()


def test_a_full_queue_turns_requests_away_and_retries_get_them_in(triton: LocalServer) -> None:
    image = pictures("layout_cdla", 1)
    before = statistics(triton.url, NARROW).inference_count

    def ask(retries: int) -> str:
        try:
            model(triton, NARROW, 3, retries).infer([image], page=3)
        except BackendUnavailableError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(6) as pool:
        impatient = list(pool.map(ask, [0] * 6))
    turned_away = [words for words in impatient if words]
    assert 0 < len(turned_away) < 6
    assert all("maximum queue size" in words and "page 3" in words for words in turned_away)
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, [12] * 6)) == [""] * 6
    assert statistics(triton.url, NARROW).inference_count - before == 12 - len(turned_away)


def test_an_unloaded_model_is_refused_until_it_is_loaded_again(triton: LocalServer) -> None:
    image = pictures("ocr_detect", 1)
    asked = model(triton, "ocr_detect")
    asked.infer([image], page=1)
    with InferenceServerClient(triton.url) as client:
        client.unload_model("ocr_detect")
        with pytest.raises(BackendConfigError, match="ocr_detect"):
            asked.infer([image], page=1)
        client.load_model("ocr_detect")
    asked.infer([image], page=1)


def test_a_killed_stub_fails_requests_until_its_model_is_loaded_again(triton: LocalServer) -> None:
    image = pictures("ocr_recognise", 1)
    asked = model(triton, "ocr_recognise")
    expected = asked.infer([image], page=1)[0]
    [stub] = stubs(triton.pid, "ocr_recognise")
    os.kill(stub, signal.SIGKILL)
    with InferenceServerClient(triton.url) as client:
        with pytest.raises(BackendUnavailableError, match=r"ocr_recognise .* load the model anew"):
            for _ in range(3):  # the first may find a stub that is only about to be missed
                asked.infer([image], page=1)
        assert client.is_model_ready("ocr_recognise")  # readiness is not health
        client.unload_model("ocr_recognise")
        client.load_model("ocr_recognise")
    np.testing.assert_array_equal(asked.infer([image], page=1)[0], expected)


def test_a_taken_port_is_named(triton: LocalServer, repository: Path) -> None:
    with (
        pytest.raises(ServerStartError, match=f"port {triton.ports.grpc} .*--grpc-port"),
        server(repository, "slanet_plus", ports=Ports(0, triton.ports.grpc, 0)),
    ):
        pass


def test_a_start_that_takes_too_long_is_given_up_and_leaves_nothing(repository: Path) -> None:
    slow = server(repository, "layout_cdla", start_limit_s=0.5)
    with pytest.raises(ServerStartError, match=r"not ready after 0\.5 s"), slow:
        pass
    with pytest.raises(ServerStoppedError):
        _ = slow.pid


def test_a_model_that_cannot_be_loaded_is_a_start_that_fails_with_its_reason(
    repository: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "slanet_plus"
    (folder / "1").mkdir(parents=True)
    (folder / "config.pbtxt").write_text((repository / "slanet_plus" / "config.pbtxt").read_text())
    (folder / "1" / "model.onnx").write_bytes(b"no graph")
    with (
        pytest.raises(ServerStartError, match=r"did not start.*slanet_plus"),
        server(tmp_path, "slanet_plus"),
    ):
        pass


def read_until(lines: IO[str], pattern: str, seen: list[str]) -> None:
    for line in lines:
        seen.append(line)
        if re.search(pattern, line):
            return


def shipped_files() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in shipped().models.rglob("*") if path.is_file()}


def test_the_command_serves_reports_and_stops_cleanly_and_leaves_what_is_shipped(tmp_path: Path) -> None:
    """In a fresh home, but for the environment, which takes a minute."""
    (tmp_path / "triton").mkdir()
    (tmp_path / "triton" / "env").symlink_to(environment().folder.resolve())
    models = weights("layout").parent
    before = shipped_files()
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "docmill.pipeline.cli", "triton", "serve", "--models", "slanet_plus"),
            *("--exit-limit", "5", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"),
        ],
        env=os.environ | {"DOCMILL_HOME": str(tmp_path), "DOCMILL_MODELS": str(models), "COLUMNS": "300"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    try:
        reader = threading.Thread(target=read_until, args=(run.stderr, "gRPC .*Ctrl-C", said))
        reader.start()
        reader.join(60)
        address = re.search(r"gRPC (127\.0\.0\.1:\d+), HTTP port \d+, metrics port \d+", "".join(said))
        assert address, "".join(said)
        assert "canary request came back right" in "".join(said)
        assert not re.search("NVML|CUDA|Cuda", "".join(said))
        TritonModel(TritonServer(address[1]), "slanet_plus", outputs=2).check()
        run.send_signal(signal.SIGTERM)
        _, rest = run.communicate(timeout=30)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0
    assert "The server has stopped." in rest
    with pytest.raises(BackendUnavailableError):
        TritonModel(TritonServer(address[1]), "slanet_plus", outputs=2).check()
    assert not list(Path("/dev/shm").glob(f"docmill-triton-{run.pid}-*"))
    assert shipped_files() == before
    assert written_digest(tmp_path / "triton" / "models" / "slanet_plus")
