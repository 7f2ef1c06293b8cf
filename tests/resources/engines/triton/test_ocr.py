"""OCR on a server: the requests it makes, and answers that break the contracts."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import pytest

from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion
from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.convert.types import Box, PageContent
from docmill.pipeline.stages.ocr import OcrStage
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.embedded import EmbeddedOcr
from docmill.resources.engines.onnx_runtime import OnnxModel
from docmill.resources.engines.triton import TritonDoclingOcr, TritonOcr
from docmill.resources.settings.ocr import EmbeddedOcrConfig, Ocr, TritonOcrConfig
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.model_cache import weights
from tests.support.one_page import read

Answer = Callable[[list[np.ndarray]], list[np.ndarray]]
PAGE = PageContent(number=3, width=100.0, height=50.0, scanned=[Box(0.0, 0.0, 100.0, 50.0)])
PRINTED = PageContent(number=1, width=400.0, height=150.0, scanned=[Box(0.0, 0.0, 400.0, 150.0)])


def render(scale: float, box: Box | None) -> np.ndarray:
    """A page with two black bars for words."""
    image = np.full((round(50 * scale), round(100 * scale), 3), 255, np.uint8)
    for left, right in ((10, 40), (52, 90)):
        image[round(23 * scale) : round(27 * scale), round(left * scale) : round(right * scale)] = 0
    return image


def printed(scale: float, box: Box | None) -> np.ndarray:
    """A page of two lines."""
    image = np.full((300, 800, 3), 255, np.uint8)
    for row, text in enumerate(("Served or embedded,", "the text is the same.")):
        cv2.putText(image, text, (40, 100 + 90 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (0, 0, 0), 4)
    return image


def line(_inputs: list[np.ndarray]) -> list[np.ndarray]:
    box = np.array([[[16, 36], [184, 36], [184, 64], [16, 64]]], np.float32)
    return [np.array([0.75], np.float32), box, np.array([b"left right"], np.object_)]


def docling(answer: Answer = line, **settings: Any) -> Model:
    """Its tensors are in an order of its own."""
    return Model(
        inputs=[("image", "UINT8"), ("lang_type", "BYTES")],
        outputs=[("scores", "FP32"), ("boxes", "FP32"), ("txts", "BYTES")],
        answer=answer,
        **settings,
    )


def test_any_model_under_doclings_contract() -> None:
    model = docling()
    with KServeServer({"reader": model}) as server:
        engine = TritonDoclingOcr(TritonServer(server.url), "reader", "latin")
        engine.prepare()
        page = read(engine, PAGE, render)
    [[image, language]] = model.requests
    assert (image.shape, image.dtype) == ((1, 100, 200, 3), np.dtype(np.uint8))
    assert language.tolist() == [[b"latin"]]
    assert [(found.text, found.confidence, found.ocr) for found in page.cells] == [("left right", 0.75, True)]
    assert [word.text for word in page.words] == ["left", "right"]
    left, right = (word.box for word in page.words)
    assert (left.l, left.r, right.l, right.r) == pytest.approx((10, 40, 52, 90), abs=1.0)


def test_a_page_without_scans_needs_no_server() -> None:
    page = PageContent(number=1, width=100.0, height=50.0)
    assert read(TritonDoclingOcr(TritonServer("127.0.0.1:1"), "ocr"), page, render).cells == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda inputs: [np.zeros(1, np.float32), np.zeros((1, 4), np.float32), np.array([b""], np.object_)],
        lambda inputs: [
            np.zeros(2, np.float32),
            np.zeros((1, 4, 2), np.float32),
            np.array([b""], np.object_),
        ],
    ],
)
def test_answers_that_break_doclings_contract(answer: Answer) -> None:
    with (
        KServeServer({"ocr": docling(answer)}) as server,
        pytest.raises(BackendConfigError, match="ocr does not keep its contract: expected boxes"),
    ):
        read(TritonDoclingOcr(TritonServer(server.url), "ocr"), PAGE, render)


def test_a_model_with_other_tensors_is_another_model() -> None:
    model = docling()
    model.outputs = [("scores", "FP32"), ("boxes", "FP32"), ("texts", "BYTES")]
    with (
        KServeServer({"ocr": model}) as server,
        pytest.raises(BackendConfigError, match="its tensors are image, lang_type and scores, boxes, texts"),
    ):
        read(TritonDoclingOcr(TritonServer(server.url), "ocr"), PAGE, render)


def test_failures_that_may_pass_are_tried_again() -> None:
    model = docling(failures=[grpc.StatusCode.UNAVAILABLE])
    with KServeServer({"ocr": model}) as server:
        assert read(TritonDoclingOcr(TritonServer(server.url), "ocr"), PAGE, render).cells
    assert len(model.requests) == 2


def answer_of(network: OnnxModel) -> Answer:
    return lambda inputs: network(inputs[0])


def served(folder: Path) -> dict[str, Model]:
    """docmill's own networks behind the protocol."""
    models = {}
    for name, file in (("ocr_detect", "ocr-detect"), ("ocr_recognise", "ocr-recognise")):
        network = OnnxModel(weights(file), engine="onnxruntime", arena=False)
        models[name] = Model(inputs=[("x", "FP32")], outputs=[("y", "FP32")], answer=answer_of(network))
    return models


def test_served_networks_read_what_the_embedded_ones_do() -> None:
    folder = weights("ocr-recognise").parent
    models = served(folder)
    with KServeServer(models) as server:
        engine = pickle.loads(pickle.dumps(TritonOcr(TritonServer(server.url), folder)))
        engine.prepare()
        found = read(engine, PRINTED, printed)
    assert found == read(EmbeddedOcr(folder, "onnxruntime"), PRINTED, printed)
    assert [line.text for line in found.cells] == ["Served or embedded,", "the text is the same."]
    assert all(len(request[0]) == 1 for model in models.values() for request in model.requests)


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("ocr_detect", lambda x: [x[0][:, :1, :8, :8]], "ocr_detect does not keep its contract"),
        ("ocr_recognise", lambda x: [np.zeros((1, 5, 10), np.float32)], "ocr_recognise does not keep its"),
    ],
)
def test_answers_that_are_not_the_networks(name: str, answer: Answer, expected: str) -> None:
    folder = weights("ocr-recognise").parent
    models = served(folder)
    models[name].answer = answer
    with KServeServer(models) as server, pytest.raises(BackendConfigError, match=expected):
        read(TritonOcr(TritonServer(server.url), folder), PRINTED, printed)


def test_engines_are_identified_without_a_server() -> None:
    config = TritonOcrConfig(url="nowhere:1", model_version="2")
    own = Ocr(backend=config).engine(Triton())
    assert own is not None
    assert own.identity() == {
        "backend": "triton",
        "models": {"detect": "ocr_detect", "recognise": "ocr_recognise"},
        "version": "2",
    }
    engine = TritonOcrConfig(contract="docling", model="reader", language="ja").engine(Triton())
    assert engine.identity() == {
        "backend": "triton",
        "contract": "docling",
        "model": "reader",
        "version": "",
        "language": "ja",
    }


def test_a_language_is_named_to_a_model_that_is_told_and_checked_for_one_that_is_not() -> None:
    options = ConvertOptions(["x.pdf"], stages={"ocr": "triton:docling", "ocr_lang": "korean"})
    engine = configured_conversion(options.run_config()).stage(OcrStage).engine
    assert engine is not None
    assert engine.identity()["language"] == "korean"
    before = configured_conversion({}).fingerprints
    for language in ("german", "Japanese, ch_sim", ""):
        assert Ocr(language=language).engine(Triton())
        told = ConvertOptions(["x.pdf"], stages={"ocr_lang": language})
        assert configured_conversion(told.run_config()).fingerprints["ocr"] == before["ocr"]
    for backend in (EmbeddedOcrConfig(), TritonOcrConfig()):
        with pytest.raises(BackendConfigError, match="cannot read arabic, ru: it knows Latin, Chinese and"):
            Ocr(backend=backend, language="english,arabic,ru").engine(Triton())


@pytest.mark.parametrize(("chosen", "kind"), [("triton", TritonOcr), ("triton:docling", TritonDoclingOcr)])
def test_the_command_line_chooses_the_contract(chosen: str, kind: type) -> None:
    options = ConvertOptions(["x.pdf"], stages={"ocr": chosen, "triton_url": "127.0.0.1:1"})
    options.check()
    engine = configured_conversion(options.run_config()).stage(OcrStage).engine
    assert engine is not None and isinstance(engine, kind)
    with pytest.raises(BackendUnavailableError, match=r"127\.0\.0\.1:1"):
        engine.prepare()
