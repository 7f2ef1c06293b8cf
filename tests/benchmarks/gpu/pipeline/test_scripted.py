"""A graph of random weights that answers as papers look."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from benchmarks.gpu.pipeline.scripted import BRIGHTNESSES, PAGES_SEEN, TABLES_A_PAGE, answers, scripted
from docmill.resources.weights.onnx_graphs.half_precision import halved, in_half
from tests.support.small_detector import FEATURES, small_detector

TABLE = 8


def run(model: onnx.ModelProto, images: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, {"images": images, "orig_target_sizes": sizes})
    return found


def test_a_picture_s_brightness_says_which_page_it_is() -> None:
    steps = np.array([3, PAGES_SEEN + 1, 5], np.float32)
    images = np.ones((3, 3, 640, 640), np.float32) * ((steps + 0.5) / BRIGHTNESSES)[:, None, None, None]
    sizes = np.array([[612, 792], [595, 842], [640, 640]], np.int64)
    labels, boxes, scores = run(scripted(small_detector()), images, sizes)
    pages, seen = answers(), [3, 1, 5]
    assert np.array_equal(labels, pages.labels[seen])
    assert np.array_equal(scores, pages.scores[seen])
    assert np.allclose(boxes, pages.boxes[seen] * np.tile(sizes, (1, 2))[:, None], atol=1e-3)


def test_the_network_is_still_there() -> None:
    model = scripted(small_detector())
    assert {model.graph.node[place].name for place in in_half(model)} == set(FEATURES)
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    assert len(session.get_outputs()) == 3
    # an answer that could be above 1 would be the network's own
    scores = next(node for node in model.graph.node if "scores_found" in node.output)
    assert scores.op_type == "Identity"


def test_half_precision_answers_the_same_pages() -> None:
    images = np.random.default_rng(0).random((2, 3, 640, 640), np.float32)
    sizes = np.array([[612, 792], [595, 842]], np.int64)
    single, half = (
        run(scripted(each), images, sizes) for each in (small_detector(), halved(small_detector()))
    )
    assert all(np.array_equal(*pair) for pair in zip(single, half, strict=True))


def test_regions_are_on_the_page_and_do_not_overlap() -> None:
    pages = answers()
    tables = 0
    for labels, boxes, scores in zip(pages.labels, pages.boxes, pages.scores, strict=True):
        found = boxes[scores > 0]
        assert len(found) >= 10
        assert (found[:, :2] < found[:, 2:]).all() and found.min() > 0 and found.max() < 1
        lower = np.maximum(found[:, None, :2], found[None, :, :2])
        upper = np.minimum(found[:, None, 2:], found[None, :, 2:])
        shared = np.prod(np.clip(upper - lower, 0, None), axis=2)
        assert np.count_nonzero(shared > 1e-6) == len(found)  # each with itself
        tables += int(np.count_nonzero(labels[scores > 0] == TABLE))
    assert tables / PAGES_SEEN == TABLES_A_PAGE == 0.25
