"""Small networks that keep the contracts of docling's.

They are not docling's models and know nothing of documents: what they answer follows from the picture alone,
so that two clients that send the same picture get the same answer, and two that do not, do not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from docmill.pipeline.convert.layout.detectors.heron import LABELS

__all__ = ["write_heron", "write_tableformer"]

_BANDS = 20
_QUERIES = 300

_TABLEFORMER = '''
"""Three columns and 3 to 6 rows, after the picture's contrast; the first row is a header."""

import numpy as np
import triton_python_backend_utils as pb_utils

FULL, END_OF_ROW, HEADER, END = 5, 9, 10, 3
COLUMNS = 3


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        images = pb_utils.get_input_tensor_by_name(request, "images").as_numpy()
        rows = [3 + int(10 * float(image.std())) % 4 for image in images]
        tags = np.zeros((len(images), 6 * (COLUMNS + 1) + 1), np.int32)
        boxes = np.zeros((len(images), 6 * COLUMNS, 4), np.float32)
        for index, count in enumerate(rows):
            row = [FULL] * COLUMNS + [END_OF_ROW]
            said = [HEADER] * COLUMNS + [END_OF_ROW] + row * (count - 1) + [END]
            tags[index, : len(said)] = said
            across, down = np.meshgrid(np.arange(COLUMNS) / COLUMNS, np.arange(count) / count)
            corners = [across, down, across + 1 / COLUMNS, down + 1 / count]
            boxes[index, : count * COLUMNS] = np.stack(corners, axis=2).reshape(-1, 4)
        outputs = {
            "tag_ids": tags,
            "tag_len": np.array([count * (COLUMNS + 1) + 1 for count in rows], np.int32),
            "boxes": boxes,
            "box_len": np.array([count * COLUMNS for count in rows], np.int32),
            "classes": np.full(boxes.shape[:2], 2, np.int32),
        }
        return pb_utils.InferenceResponse([pb_utils.Tensor(*item) for item in outputs.items()])
'''


def write_tableformer(model: Path) -> None:
    """The served model `tableformer` as a stand-in, in its folder."""
    version = model / "1"
    version.mkdir(parents=True, exist_ok=True)
    (version / "model.py").write_text(_TABLEFORMER)


def write_heron(model: Path) -> None:
    """heron's stand-in: a band of text where the page's upper half has ink, and a table in the lower half.

    The more ink, the surer, and the narrower the box; the darkest bands are headings.
    """
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 640, 640]),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["N", 2]),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, ["N", _QUERIES]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", _QUERIES, 4]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", _QUERIES]),
    ]
    half, height = _BANDS // 2, 640 // _BANDS
    places = np.zeros((1, _QUERIES, 4), np.float32)
    for band in range(half):
        places[0, band] = (0.05, band / _BANDS + 0.002, 0.95, (band + 1) / _BANDS - 0.002)
    places[0, half] = (0.04, 0.5, 0.96, 0.98)
    bands_only = np.zeros((1, _QUERIES), bool)
    bands_only[0, :half] = True
    constants = {
        "one": np.array(1, np.float32),
        "flat": np.array([-1, _BANDS], np.int64),
        "start": np.array([0], np.int64),
        "middle": np.array([half], np.int64),
        "stop": np.array([_BANDS], np.int64),
        "columns": np.array([1], np.int64),
        "rest": np.zeros((1, _QUERIES - half - 1), np.float32),
        "sure": np.where(np.arange(_QUERIES) == half, 60, 15)[None].astype(np.float32),
        "least": np.array(0, np.float32),
        "most": np.array(0.95, np.float32),
        "last": np.array([2], np.int64),
        "narrower": np.array([0, 0, -0.5, 0], np.float32),
        "places": places,
        "dark": np.array(0.08, np.float32),
        "bands_only": bands_only,
        "heading": np.array(LABELS.index("section_header"), np.int64),
        "plain": np.where(bands_only, LABELS.index("text"), LABELS.index("table")).astype(np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["one", "grey"], ["ink"]),
        helper.make_node(
            "AveragePool", ["ink"], ["pooled"], kernel_shape=[height, 640], strides=[height, 640]
        ),
        helper.make_node("Reshape", ["pooled", "flat"], ["bands"]),
        helper.make_node("Slice", ["bands", "start", "middle", "columns"], ["upper"]),
        helper.make_node("Slice", ["bands", "middle", "stop", "columns"], ["lower"]),
        helper.make_node("ReduceMean", ["lower"], ["table"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["table", "rest"], ["none"]),
        helper.make_node("Concat", ["upper", "table", "none"], ["found"], axis=1),
        helper.make_node("Mul", ["found", "sure"], ["certain"]),
        helper.make_node("Clip", ["certain", "least", "most"], ["scores"]),
        helper.make_node("Unsqueeze", ["found", "last"], ["column"]),
        helper.make_node("Mul", ["column", "narrower"], ["shrunk"]),
        helper.make_node("Add", ["places", "shrunk"], ["fractions"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["size", "size"], ["corners"], axis=1),
        helper.make_node("Unsqueeze", ["corners", "columns"], ["factors"]),
        helper.make_node("Mul", ["fractions", "factors"], ["boxes"]),
        helper.make_node("Greater", ["found", "dark"], ["very_dark"]),
        helper.make_node("And", ["very_dark", "bands_only"], ["is_heading"]),
        helper.make_node("Where", ["is_heading", "heading", "plain"], ["labels"]),
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "heron", inputs, outputs, tensors)
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(made, full_check=True)
    (model / "1").mkdir(parents=True, exist_ok=True)
    onnx.save(made, model / "1" / "model.onnx")
