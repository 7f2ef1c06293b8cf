import os
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion
from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.convert.types import Box, Cluster, PageContent, PageLayout, Word
from docmill.pipeline.stages.layout import LayoutStage
from docmill.resources.clients.metering.tally import Asked, read_tallies
from docmill.resources.clients.metering.told import Done
from docmill.resources.clients.tracing.spans import FinishedSpan, OpenSpan, SpanContext, entered
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.told import ACCOUNT, STEP
from docmill.resources.engines.triton import TritonLayout, TritonTables
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.tables import Tables, TritonTablesConfig
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.one_page import detected, structured
from tests.support.served_heron import one_table

PAGE = PageContent(number=3, width=612.0, height=792.0)


def render(scale: float, box: Box | None) -> np.ndarray:
    return np.full((round(792 * scale), round(612 * scale), 3), 255, np.uint8)


@pytest.fixture
def nobody() -> str:
    """The address of a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "url", ["localhost:8001", "10.0.0.7:8001", "[::1]:8001", "triton.serving.svc:8001", "dns:///triton:8001"]
)
def test_addresses(url: str) -> None:
    assert TritonServer(url).url == url


@pytest.mark.parametrize(
    "url", ["", "localhost", "http://localhost:8000", "localhost:", "a b:1", ":8001", "h:1/x"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(BackendConfigError, match="host:port"):
        TritonServer(url)


def test_check_says_what_to_do_when_nobody_answers(nobody: str) -> None:
    with pytest.raises(BackendUnavailableError, match=rf"no Triton server answers at {nobody}.*start one"):
        TritonLayout(TritonServer(nobody), "heron").prepare()


def test_check_waits_no_longer_than_the_deadline(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docmill.resources.clients.triton.model._CHECK_S", 1000.0)  # no test takes as long
    with pytest.raises(BackendUnavailableError, match="no Triton server answers"):
        TritonTables(TritonServer(silent, deadline_s=0.3), "tableformer").prepare()


def test_detect_gives_up_after_its_retries_and_names_all(nobody: str) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        detected(TritonLayout(TritonServer(nobody, retries=1), "heron", "2"), PAGE, render)
    for part in ("heron version 2", nobody, "page 3", "2 attempts", "check that the server runs"):
        assert part in str(caught.value)


def test_a_late_answer_is_an_unavailable_server(silent: str) -> None:
    model = TritonModel(TritonServer(silent, deadline_s=0.2, retries=1), "heron", inputs=2, outputs=3)
    with pytest.raises(BackendUnavailableError, match=r"within 0.2 s .*deadline_s"):
        model.infer([], page=1)


def test_what_another_client_met_is_not_held_against_a_server(nobody: str) -> None:
    """gRPC would share a connection and the pause after its failure among the clients of an address."""
    early = TritonModel(TritonServer(nobody, retries=0), "heron")
    with pytest.raises(BackendUnavailableError, match="refused"):
        early.infer([], page=1)
    host, port = nobody.split(":")
    late = TritonModel(TritonServer(nobody, deadline_s=0.2, retries=0), "heron")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(BackendUnavailableError, match=r"within 0.2 s"),
    ):
        late.infer([], page=1)


def test_a_silent_server_is_given_up_after_the_clients_patience(nobody: str) -> None:
    with pytest.raises(BackendUnavailableError):  # a thousand retries would take hours
        TritonModel(TritonServer(nobody, retries=1000, patience_s=0.5), "heron").infer([], page=1)


@pytest.mark.parametrize("bear", [{"retries": 0}, {"retries": 1000, "patience_s": 0.3}])
def test_a_server_that_is_given_up_is_counted_once(nobody: str, tmp_path: Path, bear: dict[str, Any]) -> None:
    model = TritonModel(TritonServer(nobody, **bear), "heron")
    model.count_in(tmp_path)
    with pytest.raises(BackendUnavailableError):
        model.infer([], page=1)
    assert [asked.given_up for asked in read_tallies(tmp_path, "heron").values()] == [1]


def detections(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """One table over the left half of each picture."""
    images, sizes = inputs
    return one_table(sizes, (0.5, 1.0), float(images.max()) * 0.75)


def tags(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Two rows of one cell for each table."""
    count = len(inputs[0])
    boxes = np.tile(np.array([[0, 0, 1, 0.5], [0, 0.5, 1, 1], [0, 0, 0, 0]], np.float32), (count, 1, 1))
    ids = np.tile(np.array([2, 10, 9, 5, 9, 3, 0, 0], np.int32), (count, 1))
    return [ids, np.full(count, 6, np.int32), boxes, np.full((count, 1), 2, np.int32)]


def heron(**settings: Any) -> Model:
    # the names are of no account, their order is
    return Model(
        inputs=[("x", "FP32"), ("y", "INT64")],
        outputs=[("c", "INT64"), ("b", "FP32"), ("a", "FP32")],
        **{"answer": detections} | settings,
    )


def tableformer(**settings: Any) -> Model:
    outputs = [("tag_ids", "INT32"), ("tag_len", "INT32"), ("boxes", "FP32"), ("box_len", "INT32")]
    return Model(inputs=[("images", "FP32")], outputs=outputs, **{"answer": tags} | settings)


def test_layout_through_a_server() -> None:
    model = heron()
    with KServeServer({"heron": model}) as server:
        engine = TritonLayout(TritonServer(server.url), "heron")
        engine.prepare()
        layout = detected(engine, PAGE, render)
    assert [(region.label, region.score, region.box) for region in layout.clusters] == [
        ("table", 0.75, Box(0.0, 0.0, 306.0, 792.0))
    ]
    assert layout.number == 3
    [[images, sizes]] = model.requests
    assert (images.shape, images.dtype, images.max()) == ((1, 3, 640, 640), np.dtype(np.float32), 1.0)
    assert sizes.tolist() == [[612, 792]]


def test_a_model_that_takes_bytes_is_sent_bytes() -> None:
    model = heron()
    model.inputs = [("x", "UINT8"), ("y", "INT64")]
    with KServeServer({"heron": model}) as server:
        detected(TritonLayout(TritonServer(server.url), "heron"), PAGE, render)
    assert (model.requests[0][0].dtype, model.requests[0][0].max()) == (np.dtype(np.uint8), 255)


def test_tables_of_a_page_go_in_batches_that_the_model_takes() -> None:
    model = tableformer(max_batch=2)
    regions = [
        Cluster(id=i, label="table", score=0.9, box=Box(50, 100 * i + 10, 150, 100 * i + 60))
        for i in range(5)
    ]
    words = [
        Word(text=f"{name}{i}", box=Box(60, 100 * i + top, 80, 100 * i + top + 10), size=9.0, font=-1)
        for i in range(5)
        for name, top in (("h", 15), ("w", 40))
    ]
    with KServeServer({"tableformer": model}) as server:
        engine = TritonTables(TritonServer(server.url), "tableformer")
        engine.prepare()
        tables = structured(engine, regions, PAGE, words, render)
    assert sorted(len(images) for [images] in model.requests) == [1, 2, 2]  # they are under way at once
    assert [table.region for table in tables] == [0, 1, 2, 3, 4]
    assert [[cell.text for cell in table.cells] for table in tables] == [[f"h{i}", f"w{i}"] for i in range(5)]
    assert tables[1].cells[0].column_header
    assert tables[1].method == "tableformer"


def test_a_table_in_which_the_model_sees_no_cell_keeps_its_words() -> None:
    def nothing(inputs: list[np.ndarray]) -> list[np.ndarray]:
        none = np.zeros(1, np.int32)
        return [np.zeros((1, 3), np.int32), none, np.zeros((1, 0, 4), np.float32), none]

    region = Cluster(id=0, label="table", score=0.9, box=Box(50, 10, 150, 60))
    words = [Word(text="kept", box=Box(60, 20, 90, 30), size=9.0, font=-1)]
    with KServeServer({"tableformer": tableformer(answer=nothing)}) as server:
        tables = structured(
            TritonTables(TritonServer(server.url), "tableformer"), [region], PAGE, words, render
        )
    assert [cell.text for table in tables for cell in table.cells] == ["kept"]


@pytest.mark.parametrize("status", ["UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"])
def test_failures_that_may_pass_are_tried_again(status: str) -> None:
    model = heron(failures=[grpc.StatusCode[status]] * 2)
    with KServeServer({"heron": model}) as server:
        assert detected(TritonLayout(TritonServer(server.url), "heron"), PAGE, render).clusters
    assert len(model.requests) == 3


def test_a_refused_request_is_not_tried_again() -> None:
    model = heron(failures=[grpc.StatusCode.INVALID_ARGUMENT])
    with (
        KServeServer({"heron": model}) as server,
        pytest.raises(BackendConfigError, match=r"refused page 3: told to fail; .*contract"),
    ):
        detected(TritonLayout(TritonServer(server.url), "heron"), PAGE, render)
    assert len(model.requests) == 1


def test_a_slow_server_is_given_up_after_the_deadline() -> None:
    model = heron(seconds=1.0)
    with (
        KServeServer({"heron": model}) as server,
        pytest.raises(BackendUnavailableError, match=r"no answer for page 3 within 0\.2 s \(2 attempts\)"),
    ):
        detected(TritonLayout(TritonServer(server.url, 0.2, 1), "heron"), PAGE, render)


def test_a_server_that_comes_back_is_found_again(nobody: str) -> None:
    """Retries reach a restarted server, which gRPC's own pauses would overlook for up to two minutes."""
    model = heron()
    port = int(nobody.rpartition(":")[2])
    found: list[PageLayout] = []
    engine = TritonLayout(TritonServer(nobody, retries=10), "heron")
    thread = threading.Thread(target=lambda: found.append(detected(engine, PAGE, render)))
    thread.start()
    time.sleep(1.0)
    with KServeServer({"heron": model}, port):
        thread.join()
    assert found[0].clusters


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (None, "'heron' is not found"),
        (tableformer(), "1 inputs and 4 outputs instead of 2 and 3"),
    ],
)
def test_check_refuses_a_model_that_is_missing_or_another_one(model: Model | None, message: str) -> None:
    with (
        KServeServer({"heron": model} if model else {}) as server,
        pytest.raises(BackendConfigError, match=message),
    ):
        TritonLayout(TritonServer(server.url), "heron").prepare()


@pytest.mark.parametrize(
    "answer",
    [
        lambda inputs: [
            np.zeros((1, 300), np.int64),
            np.zeros((1, 300, 5), np.float32),
            np.zeros((1, 300), np.float32),
        ],
        lambda inputs: [
            np.zeros((2, 3), np.int64),
            np.zeros((2, 3, 4), np.float32),
            np.zeros((2, 3), np.float32),
        ],
        lambda inputs: [
            np.zeros((), np.int64),
            np.zeros((1, 3, 4), np.float32),
            np.zeros((1, 3), np.float32),
        ],
    ],
)
def test_answers_that_break_the_contract(answer: Callable[[list[np.ndarray]], list[np.ndarray]]) -> None:
    with (
        KServeServer({"heron": heron(answer=answer)}) as server,
        pytest.raises(BackendConfigError, match="heron does not keep its contract"),
    ):
        detected(TritonLayout(TritonServer(server.url), "heron"), PAGE, render)


def test_outputs_without_bytes_are_no_detections() -> None:
    with (
        KServeServer({"heron": heron(empty=True)}) as server,
        pytest.raises(BackendConfigError, match=r"does not fill its shape .*Python environment"),
    ):
        detected(TritonLayout(TritonServer(server.url), "heron"), PAGE, render)


def test_engines_are_sent_to_workers_and_identified_without_a_server(nobody: str) -> None:
    layout = pickle.loads(pickle.dumps(TritonLayout(TritonServer(nobody), "heron", "3")))
    assert layout.identity() == {"backend": "triton", "model": "heron", "version": "3"}
    tables = pickle.loads(pickle.dumps(TritonTables(TritonServer(nobody), "tableformer")))
    assert tables.identity() == {"backend": "triton", "model": "tableformer", "version": ""}
    with pytest.raises(BackendUnavailableError):
        layout.prepare()


def test_identity_does_not_depend_on_where_the_server_is() -> None:
    here, there = (TritonLayout(TritonServer(url), "heron") for url in ("a:1", "b:2"))
    assert here.identity() == there.identity()


def test_pages_without_a_table_need_no_server(nobody: str) -> None:
    engine = TritonTables(TritonServer(nobody), "tableformer")
    assert structured(engine, [], PAGE, [], render) == []


def test_a_table_that_is_not_on_the_page_keeps_its_words(nobody: str) -> None:
    region = Cluster(id=0, label="table", score=0.9, box=Box(700.0, 10.0, 800.0, 40.0))
    words = [Word(text="lost", box=Box(710.0, 15.0, 740.0, 25.0), size=9.0, font=-1)]
    found = structured(TritonTables(TritonServer(nobody), "tableformer"), [region], PAGE, words, render)
    assert [cell.text for table in found for cell in table.cells] == ["lost"]


def test_resources_choose_the_backend() -> None:
    layout = Layout(backend=TritonLayoutConfig(url="triton:8001", model_version="2"))
    assert layout.engine(Triton()).identity() == {
        "backend": "triton",
        "model": "docling-project--docling-layout-heron",
        "version": "2",
    }
    tables = Tables(backend=TritonTablesConfig(model="tf"))
    assert tables.engine(Triton()).identity() == {"backend": "triton", "model": "tf", "version": ""}
    assert Layout().engine(Triton()).identity()["backend"] == "embedded"
    with pytest.raises(BackendConfigError, match="host:port"):
        TritonTablesConfig(url="http://triton:8000").engine(Triton())


def test_command_line_options_reach_the_engines() -> None:
    options = ConvertOptions(places=["x.pdf"], stages={"layout": "triton", "triton_url": "triton:9001"})
    conversion = configured_conversion(options.run_config())
    assert conversion.identities["layout"]["backend"] == "triton"
    assert conversion.identities["tables"]["backend"] == "embedded"
    with pytest.raises(BackendUnavailableError, match="triton:9001"):
        conversion.stage(LayoutStage).prepare()


@pytest.fixture
def chunk() -> tuple[OpenSpan, list[FinishedSpan]]:
    """The span of a chunk, and what is kept of its trace."""
    kept: list[FinishedSpan] = []
    return OpenSpan("chunk", SpanContext("1" * 32, "2" * 16), kept.append), kept


def doubling() -> Model:
    return Model([("x", "FP32")], [("y", "FP32")], lambda inputs: [inputs[0] * 2])


def test_a_request_tells_the_server_its_trace(chunk: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = chunk
    model = doubling()
    model.failures = [grpc.StatusCode.UNAVAILABLE]
    with KServeServer({"double": model}) as server, entered(span):
        asked = TritonModel(TritonServer(server.url, shared_memory="off"), "double")
        asked.infer([np.ones((1, 2), np.float32)], page=3)
    [request] = kept
    assert (request.name, request.kind, request.parent_id) == ("triton double", "client", "2" * 16)
    assert (request.error, request.attributes["docmill.pages"]) == ("", (3,))
    # both attempts are one span's
    assert [each["traceparent"] for each in model.metadata] == [request.context.traceparent] * 2
    assert model.request_ids == ["1" * 32] * 2


def test_a_request_that_fails_is_an_error(chunk: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = chunk
    model = doubling()
    model.failures = [grpc.StatusCode.INVALID_ARGUMENT]
    with KServeServer({"double": model}) as server, entered(span), pytest.raises(BackendConfigError):
        TritonModel(TritonServer(server.url, shared_memory="off"), "double").infer([np.ones(2, np.float32)])
    [request] = kept
    assert "RefusedRequestError" in request.error


def test_without_a_trace_a_server_hears_of_none() -> None:
    model = doubling()
    with KServeServer({"double": model}) as server:
        TritonModel(TritonServer(server.url, shared_memory="off"), "double").infer([np.ones(2, np.float32)])
    assert "traceparent" not in model.metadata[0]
    assert model.request_ids == [""]


def test_what_requests_took_is_asked_for_where_somebody_counts_and_the_server_says_it(tmp_path: Path) -> None:
    def answer(inputs: list[np.ndarray]) -> list[np.ndarray]:
        rows = [[0.25, 7.0, 10.0, 5.0, 2.0, 0.5]] * len(inputs[0])
        return [inputs[0], np.array(rows)]

    tells = Model([("x", "FP32")], [("y", "FP32"), (ACCOUNT, "FP64")], answer)
    silent = Model([("x", "FP32")], [("y", "FP32")], lambda inputs: inputs)
    with KServeServer({"tells": tells, "silent": silent}) as server:
        for name in ("tells", "silent"):
            asked = TritonModel(TritonServer(server.url), name, optional=1)
            [found] = asked.infer([np.ones((2, 3), np.float32)])
            assert found.shape == (2, 3)
            asked.count_in(tmp_path)
            assert len(asked.infer([np.ones((2, 3), np.float32)])) == 1
    assert tells.wanted == [["y"], ["y", ACCOUNT]]
    assert tells.given == [{}, {STEP: tmp_path.name}]
    assert (silent.wanted, silent.given) == ([["y"], ["y"]], [{}, {}])
    done = Done(10, 5 * 10**9, 2, 5 * 10**8)
    assert read_tallies(tmp_path, "tells") == {os.getpid(): Asked(2, 2, 0, 2, 5 * 10**8, {7: done})}
    assert read_tallies(tmp_path, "silent") == {os.getpid(): Asked(2, 2)}


@pytest.mark.parametrize("account", [np.zeros((1, 3)), np.zeros((0, 6)), np.zeros((1, 6), np.float32)])
def test_an_account_that_cannot_be_understood_is_none(tmp_path: Path, account: np.ndarray) -> None:
    datatype = "FP64" if account.dtype == np.float64 else "FP32"
    model = Model([("x", "FP32")], [("y", "FP32"), (ACCOUNT, datatype)], lambda inputs: [inputs[0], account])
    with KServeServer({"odd": model}) as server:
        asked = TritonModel(TritonServer(server.url), "odd")
        asked.count_in(tmp_path)
        asked.infer([np.ones((1, 3), np.float32)])
    assert read_tallies(tmp_path, "odd") == {os.getpid(): Asked(1, 1)}
