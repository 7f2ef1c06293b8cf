"""What a layout model of random weights is made to answer: pages as papers have them.

The network is computed in full, and every answer is one of a few pages, chosen by the picture. With what
random weights find, each page would have some of every region all over it, and a dozen tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["BRIGHTNESSES", "PAGES_SEEN", "TABLES_A_PAGE", "Answers", "answers", "scripted"]

QUERIES = 300
#: Steps of a picture's mean brightness; each of them has one of the pages.
BRIGHTNESSES = 4096
_CAPTION, _LIST_ITEM, _FOOTER, _HEADER, _PICTURE, _HEADING, _TABLE, _TEXT, _TITLE = 0, 3, 4, 5, 6, 7, 8, 9, 10
#: Left column and right column, as fractions of the page.
_COLUMNS = ((0.08, 0.49), (0.51, 0.92))
#: The parts of a column from top to bottom: label and height.
_PLAIN = ((_HEADING, 0.03), (_TEXT, 0.2), (_TEXT, 0.17), (_HEADING, 0.03), (_TEXT, 0.21), (_TEXT, 0.2))
_LISTED = ((_TEXT, 0.24), (_LIST_ITEM, 0.05), (_LIST_ITEM, 0.05), (_LIST_ITEM, 0.05), (_TEXT, 0.45))
_PICTURED = ((_PICTURE, 0.24), (_CAPTION, 0.05), (_TEXT, 0.3), (_HEADING, 0.03), (_TEXT, 0.22))
_TABLED = ((_TEXT, 0.22), (_CAPTION, 0.04), (_TABLE, 0.26), (_TEXT, 0.32))
_FIRST = ((_TITLE, 0.06), (_TEXT, 0.08), (_HEADING, 0.03), (_TEXT, 0.35), (_TEXT, 0.32))
_PAGES = (
    (_FIRST, _PLAIN),
    (_PLAIN, _PLAIN),
    (_PLAIN, _PICTURED),
    (_TABLED, _PLAIN),
    (_LISTED, _PLAIN),
    (_PLAIN, _PLAIN),
    (_PICTURED, _LISTED),
    (_PLAIN, _TABLED),
)
PAGES_SEEN = len(_PAGES)
TABLES_A_PAGE = sum(label == _TABLE for page in _PAGES for column in page for label, _ in column) / PAGES_SEEN
_SCORE, _TOP, _BOTTOM = 0.95, 0.07, 0.93


@dataclass(frozen=True)
class Answers:
    """Of every page: labels [K, 300], boxes [K, 300, 4] as fractions of the page, scores [K, 300]."""

    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]


def answers() -> Answers:
    """All pages."""
    labels = np.full((PAGES_SEEN, QUERIES), _TEXT, np.int64)
    boxes = np.zeros((PAGES_SEEN, QUERIES, 4), np.float32)
    scores = np.zeros((PAGES_SEEN, QUERIES), np.float32)
    for page, columns in enumerate(_PAGES):
        found = [(_HEADER, (0.08, 0.03, 0.92, 0.06)), (_FOOTER, (0.08, 0.94, 0.92, 0.97))]
        for (left, right), parts in zip(_COLUMNS, columns, strict=True):
            top, gap = _TOP, (_BOTTOM - _TOP - sum(height for _, height in parts)) / len(parts)
            for label, height in parts:
                found.append((label, (left, top, right, top + height)))
                top += height + gap
        for row, (label, box) in enumerate(found):
            labels[page, row], boxes[page, row], scores[page, row] = label, box, _SCORE
    return Answers(labels, boxes, scores)


def scripted(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a graph under heron's contract that answers so."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph, pages = changed.graph, answers()
    images, sizes = (value.name for value in graph.input)
    names = [value.name for value in graph.output]
    for node in graph.node:
        node.output[:] = [f"{name}_found" if name in names else name for name in node.output]
        node.input[:] = [f"{name}_found" if name in names else name for name in node.input]
    bytes_each = graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
    steps = BRIGHTNESSES / 255 if bytes_each else BRIGHTNESSES
    constants = {
        "seen_steps": np.array(steps, np.float32),
        "seen_pages": np.array(PAGES_SEEN, np.int64),
        "seen_impossible": np.array(2, np.float32),
        "seen_labels": pages.labels,
        "seen_boxes": pages.boxes,
        "seen_scores": pages.scores,
        "seen_last": np.array([2], np.int64),
        "seen_middle": np.array([1], np.int64),
        "seen_twice": np.array([1, 1, 2], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    label, box, score = names
    node = helper.make_node
    graph.node.extend(
        [
            node("Cast", [images], ["seen_float"], to=TensorProto.FLOAT),
            node("ReduceMean", ["seen_float"], ["seen_mean"], axes=[1, 2, 3], keepdims=0),
            node("Mul", ["seen_mean", "seen_steps"], ["seen_brightness"]),
            node("Cast", ["seen_brightness"], ["seen_step"], to=TensorProto.INT64),
            node("Mod", ["seen_step", "seen_pages"], ["seen_page"]),
            # no score is above 1, and no optimiser knows
            node("Greater", [f"{score}_found", "seen_impossible"], ["seen_never"]),
            node("Unsqueeze", ["seen_never", "seen_last"], ["seen_never_box"]),
            node("Gather", ["seen_labels", "seen_page"], ["seen_label"]),
            node("Gather", ["seen_scores", "seen_page"], ["seen_score"]),
            node("Gather", ["seen_boxes", "seen_page"], ["seen_fractions"]),
            node("Cast", [sizes], ["seen_sizes"], to=TensorProto.FLOAT),
            node("Unsqueeze", ["seen_sizes", "seen_middle"], ["seen_row"]),
            node("Tile", ["seen_row", "seen_twice"], ["seen_sides"]),
            node("Mul", ["seen_fractions", "seen_sides"], ["seen_box"]),
            node("Where", ["seen_never", f"{label}_found", "seen_label"], [label]),
            node("Where", ["seen_never_box", f"{box}_found", "seen_box"], [box]),
            node("Where", ["seen_never", f"{score}_found", "seen_score"], [score]),
        ]
    )
    onnx.checker.check_model(changed)
    return changed
