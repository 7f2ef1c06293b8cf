"""OCR on a real Triton server: docling's own client on the model `ocr`, and whole conversions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from docling.models.inference_engines.common import KserveV2HttpClient
from docling.models.inference_engines.common.kserve_v2_grpc import KserveV2GrpcClient

from docmill.pipeline.convert.ocr.image import ImageText, read_image
from docmill.pipeline.convert.ocr.read import OcrModels
from docmill.pipeline.convert.ocr.recognise import characters
from docmill.resources.engines.onnx_runtime import OnnxModel
from docmill.resources.local.triton.server import LocalServer
from tests.acceptance.serving import make_repository, server, statistics
from tests.acceptance.test_triton_conversion import SAMPLES, Place, finished
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

MODELS = ("ocr", "ocr_detect", "ocr_recognise")
OUTPUTS = ["boxes", "txts", "scores"]
SCANS = [SAMPLES / "scanned.pdf", SAMPLES / "rotated_scan.pdf"]


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    repository = make_repository(tmp_path_factory.mktemp("triton") / "repository")
    with server(repository, *MODELS) as running:
        yield running


def client(triton: LocalServer, transport: str) -> Any:
    """docling's own, as its OCR engine makes it."""
    if transport == "http":
        return KserveV2HttpClient(triton.http_url, "ocr", None, 120.0, {})
    return KserveV2GrpcClient(triton.url, "ocr", None, 120.0, {}, False, 64 << 20)


def asked(triton: LocalServer, image: np.ndarray, language: str = "english", transport: str = "grpc") -> Any:
    inputs = {"lang_type": np.array([[language]], object), "image": image[None]}
    return client(triton, transport).infer(inputs=inputs, output_names=OUTPUTS, request_parameters={})


def picture(path: Path) -> np.ndarray:
    """The first page at 144 dpi."""
    page = pypdfium2.PdfDocument(path)[0]
    return np.ascontiguousarray(page.render(scale=2.0, rev_byteorder=True).to_numpy()[..., :3])


def in_process(image: np.ndarray) -> ImageText:
    detector, recogniser = (
        OnnxModel(weights(name), engine="onnxruntime", arena=False)
        for name in ("ocr-detect", "ocr-recognise")
    )
    return read_image(image, OcrModels(detector, recogniser, characters(recogniser.metadata)))


@pytest.mark.parametrize(("path", "transport"), [(SCANS[0], "grpc"), (SCANS[1], "http")])
def test_doclings_client_gets_what_docmill_reads(triton: LocalServer, path: Path, transport: str) -> None:
    image = picture(path)
    answer = asked(triton, image, transport=transport)
    lines = in_process(image).lines
    texts = [text.decode() if isinstance(text, bytes) else text for text in answer["txts"]]
    assert texts == [line.text for line in lines]
    assert len(texts) > 5
    assert answer["boxes"].shape == (len(lines), 4, 2)
    np.testing.assert_allclose(answer["boxes"], [line.quad for line in lines], atol=0.01)
    np.testing.assert_allclose(answer["scores"], [line.score for line in lines], atol=1e-4)


@pytest.mark.parametrize("shape", [(300, 200), (1, 1), (3, 2000)])
def test_a_picture_without_text_has_no_lines(triton: LocalServer, shape: tuple[int, int]) -> None:
    answer = asked(triton, np.full((*shape, 3), 255, np.uint8))
    assert {name: array.shape for name, array in answer.items()} == {
        "boxes": (0, 4, 2),
        "txts": (0,),
        "scores": (0,),
    }


def test_a_script_that_cannot_be_read_is_refused(triton: LocalServer) -> None:
    with pytest.raises(RuntimeError, match=r"INVALID_ARGUMENT[\s\S]*does not know the script of korean"):
        asked(triton, np.zeros((100, 100, 3), np.uint8), "korean")


def test_documents_made_with_served_ocr_are_those_of_the_embedded_backend(
    triton: LocalServer, tmp_path: Path
) -> None:
    made = {}
    before = {model: statistics(triton.url, model).inference_count for model in MODELS}
    for chosen in ("embedded", "triton", "triton:docling"):
        place = Place(tmp_path / chosen, tmp_path / chosen / "out")
        finished(place.start(SCANS, "--ocr", chosen, "--triton-url", triton.url))
        made[chosen] = place.documents()
    assert made["triton"] == made["embedded"]
    assert len(made["triton"]) == 2 * len(SCANS)
    # words stand elsewhere when only lines are known, and the text is the same
    for name in ("scanned.md", "rotated_scan.md"):
        assert made["triton:docling"][name] == made["embedded"][name]
    after = {model: statistics(triton.url, model).inference_count for model in MODELS}
    assert after["ocr"] - before["ocr"] == len(SCANS)
    assert all(after[model] > before[model] for model in MODELS)
