"""What of the Ray Serve application needs no Ray: joined requests, tensors, and models' configurations."""

from __future__ import annotations

import asyncio
import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import service_pb2

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "ray")]

from docmill_ray.models import backend_utils  # noqa: E402
from docmill_ray.models.joiner import Joiner, Limits  # noqa: E402
from docmill_ray.models.served import ACCOUNT, Served, read_repository  # noqa: E402
from docmill_ray.refusal import RefusedError  # noqa: E402
from docmill_ray.tensors import addressee, arrays_of, response  # noqa: E402

BUSY_S = 0.05


class Slow:
    """Doubles numbers, slowly; what it was given, and how long that waited."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.waits: list[float] = []

    def __call__(self, jobs: Sequence[int], waits: Sequence[float]) -> Sequence[int]:
        time.sleep(BUSY_S)
        self.batches.append(list(jobs))
        self.waits += waits
        if 13 in jobs:
            raise ValueError("thirteen")
        return [2 * job for job in jobs]


def answered(model: Slow, limits: Limits, jobs: Sequence[tuple[int, str]]) -> list[int | BaseException]:
    """What becomes of jobs, each with its kind, that come at once."""

    async def ask() -> list[int | BaseException]:
        joiner: Joiner[int, int] = Joiner(model, limits)
        asked = [joiner.answer(job, kind=kind) for job, kind in jobs]
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_what_waits_while_the_model_is_busy_is_its_next_batch() -> None:
    async def ask(model: Slow) -> list[int]:
        joiner: Joiner[int, int] = Joiner(model, Limits(items=3))
        first = asyncio.create_task(joiner.answer(0))
        await asyncio.sleep(BUSY_S / 4)
        return [*await asyncio.gather(*(joiner.answer(job) for job in range(1, 6))), await first]

    model = Slow()
    assert asyncio.run(ask(model)) == [2, 4, 6, 8, 10, 0]
    assert model.batches == [[0], [1, 2, 3], [4, 5]]
    assert model.waits[0] < BUSY_S / 2 < model.waits[1] < model.waits[4]


def test_one_batch_is_of_one_kind_in_order_of_arrival() -> None:
    model = Slow()
    assert answered(model, Limits(items=8), [(1, "a"), (2, "a"), (3, "b"), (4, "a")]) == [2, 4, 6, 8]
    assert model.batches == [[1, 2], [3], [4]]


def test_a_failure_is_told_to_its_batch_alone() -> None:
    first, second, third = answered(Slow(), Limits(items=8), [(13, "a"), (2, "a"), (3, "b")])
    assert str(first) == str(second) == "thirteen"
    assert third == 6


def test_a_full_queue_and_a_long_wait_are_refused_in_tritons_words() -> None:
    first, *others = answered(Slow(), Limits(queue=1), [(1, "a"), (2, "a"), (3, "a")])
    assert first == 2
    assert {type(each) for each in others} == {RefusedError}
    assert {str(each) for each in others} == {"Exceeds maximum queue size"}
    first, late = answered(Slow(), Limits(wait_s=BUSY_S / 2), [(1, "a"), (2, "a")])
    assert (first, str(late)) == (2, "Request timeout expired")


def test_what_nobody_waits_for_any_longer_is_not_computed() -> None:
    async def ask(model: Slow) -> tuple[int, int]:
        joiner: Joiner[int, int] = Joiner(model, Limits())
        first, second, third = (asyncio.create_task(joiner.answer(job)) for job in (1, 2, 3))
        await asyncio.sleep(BUSY_S / 4)
        second.cancel()
        await first
        return await third, joiner.dropped

    model = Slow()
    assert asyncio.run(ask(model)) == (6, 1)
    assert model.batches == [[1], [3]]


def request(**arrays: np.ndarray) -> service_pb2.ModelInferRequest:
    """As tritonclient writes it."""
    message = service_pb2.ModelInferRequest(model_name="layout_cdla", id="7")
    for name, array in arrays.items():
        kind = {"u": "UINT8", "f": "FP32"}[array.dtype.kind]
        message.inputs.add(name=name, datatype=kind, shape=array.shape)
        message.raw_input_contents.append(array.tobytes())
    return message


def test_a_request_s_model_is_known_without_its_tensors() -> None:
    written = request(image=np.zeros((1, 4), np.uint8)).SerializeToString()
    assert addressee(written) == "layout_cdla"
    long = service_pb2.ModelInferRequest(model_name="m" * 300)
    assert addressee(long.SerializeToString()) == "m" * 300
    assert addressee(b"") == ""
    with pytest.raises(RefusedError, match="no request"):
        addressee(b"\xff\xff")


def test_tensors_come_and_go_in_every_way_of_the_protocol() -> None:
    page = np.arange(6, dtype=np.uint8).reshape(1, 6)
    np.testing.assert_array_equal(arrays_of(request(image=page))["image"], page)
    message = service_pb2.ModelInferRequest()
    message.inputs.add(name="x", datatype="FP32", shape=[2]).contents.fp32_contents.extend([1.5, 2.0])
    message.inputs.add(name="words", datatype="BYTES", shape=[1, 1]).contents.bytes_contents.append(b"en")
    found = arrays_of(message)
    assert (found["x"].tolist(), found["words"].tolist()) == ([1.5, 2.0], [[b"en"]])
    outputs = [("n", np.array([[3]], np.int64)), ("texts", np.array([b"a", b"bc"], np.object_))]
    answer = service_pb2.ModelInferResponse.FromString(response("m", "2", "7", outputs))
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "2", "7")
    assert [(each.name, each.datatype, list(each.shape)) for each in answer.outputs] == [
        ("n", "INT64", [1, 1]),
        ("texts", "BYTES", [2]),
    ]
    assert answer.raw_output_contents[1] == b"\x01\0\0\0a\x02\0\0\0bc"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda message: message.raw_input_contents.append(b""), "1 inputs, and 2 raw contents"),
        (lambda message: setattr(message.inputs[0], "datatype", "FP7"), "no datatype 'FP7'"),
        (lambda message: message.inputs[0].shape.append(2), "6 elements for shape"),
        (lambda message: setattr(message.inputs[0], "datatype", "INT32"), "image: buffer size"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(change: object, words: str) -> None:
    message = request(image=np.zeros((1, 6), np.uint8))
    assert callable(change)
    change(message)
    with pytest.raises(RefusedError, match=words):
        arrays_of(message)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for shipped in (ROOT / "model_repository").glob("*/config.pbtxt"):
        version = tmp_path / shipped.parent.name / "1"
        version.mkdir(parents=True)
        (version.parent / "config.pbtxt").write_text(shipped.read_text())
    return tmp_path


def test_models_come_after_those_that_they_call(repository: Path) -> None:
    names = ["ocr", "ocr_detect", "ocr_recognise", "layout_cdla"]
    served = read_repository(repository, names)
    assert [each.name for each in served] == ["ocr_detect", "ocr_recognise", "ocr", "layout_cdla"]
    assert [each.instances for each in served] == [1, 1, 2, 1]
    assert served[0].outputs == ["fetch_name_0", ACCOUNT]
    assert ACCOUNT not in served[2].outputs
    with pytest.raises(ValueError, match="ocr calls ocr_detect"):
        read_repository(repository, ["ocr"])
    with pytest.raises(ValueError, match="nobody has no version"):
        read_repository(repository, ["nobody"])


@pytest.mark.parametrize("model", ["layout_cdla", "tableformer", "ocr"])
def test_a_model_s_configuration_goes_between_processes(repository: Path, model: str) -> None:
    names = {"ocr": ["ocr", "ocr_detect", "ocr_recognise"]}.get(model, [model])
    [served] = [each for each in read_repository(repository, names) if each.name == model]
    before = served.as_json()
    again: Served = pickle.loads(pickle.dumps(served))
    assert again.as_json() == before
    assert before["name"] == model
    assert again.code.is_file() == (model != "tableformer" and model != "ocr")


def refusal(served: Served, wanted: Sequence[str] = (), version: str = "", **arrays: np.ndarray) -> str:
    """How a request is refused: the status and the words."""
    with pytest.raises(RefusedError) as caught:
        served.check(arrays, wanted, version)
    return f"{caught.value.refusal.status} {caught.value}"


def test_requests_that_do_not_fit_a_model_are_refused_as_by_triton(repository: Path) -> None:
    [served] = read_repository(repository, ["layout_cdla"])
    page = np.zeros((2, 3, 800, 608), np.uint8)
    assert served.check({"image": page}, ["scores", ACCOUNT], "1") == 2
    assert "NOT_FOUND" in refusal(served, version="9", image=page)
    assert "takes the inputs ['image'], not ['x']" in refusal(served, x=page)
    assert "no output ['boxes']" in refusal(served, ["boxes"], image=page)
    assert "is UINT8, not FP32" in refusal(served, image=page.astype(np.float32))
    assert "[3, 800, 608], not [2, 3, 800, 600]" in refusal(served, image=page[..., :600])
    assert "[3, 800, 608], not [3, 800, 608]" in refusal(served, image=page[0])
    assert "batch-size must be <= 8" in refusal(served, image=np.zeros((9, 3, 800, 608), np.uint8))


def test_outputs_get_the_dimensions_that_clients_are_told_of(repository: Path) -> None:
    [served] = read_repository(repository, ["tableformer"])
    assert served.reshaped("tag_len", np.zeros(5, np.int32)).shape == (5, 1)
    assert served.reshaped("boxes", np.zeros((5, 7, 4), np.float32)).shape == (5, 7, 4)


def test_triton_s_names_of_types_are_numpy_s() -> None:
    found = [backend_utils.triton_string_to_numpy(f"TYPE_{kind}") for kind in ("FP32", "UINT8", "STRING")]
    assert found == [np.float32, np.uint8, np.object_]
