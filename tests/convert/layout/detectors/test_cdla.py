"""The embedded layout detector: its tensors, and what it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from docmill.pipeline.convert.layout.detectors.cdla import (
    CLASSES,
    INPUT_HEIGHT,
    INPUT_WIDTH,
    LABELS,
    Detection,
    all_cells,
    decode,
    detect,
    planes,
    preprocess,
)
from docmill.resources.engines.onnx_runtime import OnnxModel
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[3] / "samples"
GRID = [(100, 76), (50, 38), (25, 19), (13, 10)]


def empty_outputs() -> list[np.ndarray]:
    """The graph's outputs for a page without anything on it."""
    scores = [np.zeros((1, rows * columns, 10), np.float32) for rows, columns in GRID]
    distances = [np.zeros((1, rows * columns, 32), np.float32) for rows, columns in GRID]
    return [*scores, *distances]


def put(
    outputs: list[np.ndarray], level: int, row: int, column: int, raw: str, score: float, bins: int
) -> None:
    """A detection whose four sides are `bins` strides away from its cell's centre."""
    cell = row * GRID[level][1] + column
    outputs[level][0, cell, CLASSES.index(raw)] = score
    logits = np.full((4, 8), -50, np.float32)
    logits[:, bins] = 50
    outputs[level + 4][0, cell] = logits.ravel()


def found(
    outputs: list[np.ndarray],
    width: float = INPUT_WIDTH,
    height: float = INPUT_HEIGHT,
    threshold: float = 0.3,
) -> list[Detection]:
    return decode(all_cells(outputs), width, height, threshold)


def render(name: str, page: int = 0) -> np.ndarray:
    image = pypdfium2.PdfDocument(SAMPLES / name)[page].render(scale=2, rev_byteorder=True).to_numpy()
    return np.ascontiguousarray(image[:, :, :3])


def test_preprocess_matches_the_reference_formula() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1584, 1224, 3), dtype=np.uint8)
    bgr = cv2.resize(image[:, :, ::-1], (INPUT_WIDTH, INPUT_HEIGHT)).astype(np.float64) / 255
    expected = ((bgr - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).transpose(2, 0, 1)[None]
    tensor = preprocess(image)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, 3, INPUT_HEIGHT, INPUT_WIDTH)
    np.testing.assert_allclose(tensor, expected, atol=1e-6)
    assert (planes(image) == np.round(bgr * 255).transpose(2, 0, 1)).all()


def test_decode_puts_boxes_in_points() -> None:
    outputs = empty_outputs()
    put(outputs, level=2, row=10, column=9, raw="title", score=0.9, bins=2)
    (hit,) = found(outputs, width=1216, height=400)
    # stride 32: centre (304, 336), 64 pixels to each side; a page twice as wide and half as high as the input
    assert (hit.box.l, hit.box.t, hit.box.r, hit.box.b) == pytest.approx((480, 136, 736, 200), abs=1e-3)
    assert (hit.raw, hit.label) == ("title", "section_header")
    assert hit.score == pytest.approx(0.9)


def test_decode_averages_the_bins() -> None:
    outputs = empty_outputs()
    put(outputs, level=1, row=20, column=20, raw="text", score=0.9, bins=3)
    outputs[5][0, 20 * 38 + 20] = np.tile(np.where(np.isin(np.arange(8), (2, 5)), 50.0, -50.0), 4)
    (hit,) = found(outputs)
    assert hit.box.width == pytest.approx(2 * 3.5 * 16, abs=1e-3)


def test_decode_suppresses_overlaps_across_classes() -> None:
    outputs = empty_outputs()
    put(outputs, level=2, row=10, column=9, raw="table", score=0.6, bins=4)
    put(outputs, level=2, row=10, column=10, raw="figure", score=0.8, bins=4)
    put(outputs, level=2, row=20, column=4, raw="text", score=0.4, bins=2)
    assert [hit.raw for hit in found(outputs)] == ["figure", "text"]
    assert [hit.raw for hit in found(outputs, threshold=0.5)] == ["figure"]


def test_decode_clips_to_the_page_and_survives_nonsense() -> None:
    outputs = empty_outputs()
    put(outputs, level=3, row=0, column=0, raw="header", score=0.9, bins=7)
    outputs[0][0, 5, :] = np.nan
    outputs[4][0] = np.inf
    outputs[1][0, 7, 0] = 0.99
    outputs[5][0, 7, :] = np.nan
    with np.errstate(invalid="ignore"):
        (hit,) = found(outputs)
    assert (hit.box.l, hit.box.t) == (0, 0)
    assert found(empty_outputs()) == []
    with np.errstate(invalid="ignore"):
        assert found(outputs, 0, 0)[0].box.area == 0


def test_decode_of_a_page_full_of_candidates_is_quick() -> None:
    outputs = empty_outputs()
    for level in range(4):
        outputs[level][:] = 0.5
    assert 0 < len(found(outputs)) <= 1000


def test_every_class_has_a_label() -> None:
    assert set(LABELS) == set(CLASSES)


def test_detects_the_parts_of_a_paper() -> None:
    model = OnnxModel(weights("layout"), engine="onnxruntime")
    hits = detect(render("two_column_paper.pdf"), 612, 792, model, threshold=0.5)
    labels = [hit.label for hit in hits]
    assert labels.count("text") >= 3
    assert "section_header" in labels
    assert all(0 <= hit.box.l < hit.box.r <= 612 and 0 <= hit.box.t < hit.box.b <= 792 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_empty_image_has_nothing() -> None:
    assert detect(np.empty((0, 0, 3), np.uint8), 0, 0, lambda _: pytest.fail("nothing to run on")) == []


_DECODED = """
import numpy as np
from docmill.pipeline.convert.layout.detectors import cdla
generator = np.random.default_rng(0)
cells = cdla.Cells(
    generator.random((200, len(cdla.CLASSES)), dtype=np.float32),
    generator.normal(0, 3, (200, 4 * cdla.BINS)).astype(np.float32),
    generator.integers(0, 5000, 200),
)
print([(each.raw, each.score, each.box) for each in cdla.decode(cells, 595, 842)])
"""


def test_the_kernel_that_blas_chooses_moves_no_box() -> None:
    def decoded(kernel: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _DECODED],
            env=os.environ | {"OPENBLAS_CORETYPE": kernel},
            cwd=SAMPLES.parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert decoded("Prescott") == decoded("Nehalem") != ""
