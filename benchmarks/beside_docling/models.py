"""Layout models under docling's contract, as repositories: heron's network, and one that answers at once.

Neither finds a table: stock docling has no remote model for tables, so there would be work for one side only.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.beside_docling.random_heron import HERON
from docmill.pipeline.convert.layout.detectors.heron import LABELS
from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.served_digest import CONFIG, drop_digest, write_digest

__all__ = ["write_at_once", "write_heron"]

#: Regions of a page, one below the other: a heading, and text.
_BANDS = 14
_QUERIES = 300
_AT_ONCE = f"""
import numpy as np
import triton_python_backend_utils as pb_utils

TOPS, ZEROS = np.arange({_BANDS}) / {_BANDS}, np.zeros({_BANDS})
BOXES = np.zeros(({_QUERIES}, 4), np.float32)
BOXES[:{_BANDS}] = np.stack([ZEROS + 0.03, TOPS + 0.002, ZEROS + 0.97, TOPS + {0.95 / _BANDS}], axis=1)
LABELS = np.full({_QUERIES}, {LABELS.index("text")}, np.int64)
LABELS[0] = {LABELS.index("section_header")}
SCORES = np.zeros({_QUERIES}, np.float32)
SCORES[:{_BANDS}] = 0.9


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        sizes = pb_utils.get_input_tensor_by_name(request, "orig_target_sizes").as_numpy()
        outputs = {{
            "labels": np.tile(LABELS, (len(sizes), 1)),
            "boxes": (BOXES * np.tile(sizes, 2)[:, None]).astype(np.float32),
            "scores": np.tile(SCORES, (len(sizes), 1)),
        }}
        return pb_utils.InferenceResponse([pb_utils.Tensor(*item) for item in outputs.items()])
"""


def write_at_once(repository: Path) -> None:
    """A model that finds the same regions on every page, and computes nothing."""
    version = _configured(repository, "python") / "1"
    version.mkdir()
    (version / "model.py").write_text(_AT_ONCE)
    write_digest(version.parent)


def write_heron(repository: Path, made: Path) -> None:
    """heron's network of a repository, which calls tables text."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    version = _configured(repository, "onnxruntime") / "1"
    version.mkdir()
    model = onnx.load(made / HERON / "1" / "model.onnx")
    graph = model.graph
    [source] = [node for node in graph.node if "labels" in node.output]
    source.output[list(source.output).index("labels")] = "all_labels"
    names, tables = [], [LABELS.index(each) for each in ("table", "document_index")]
    for label in tables:
        graph.initializer.append(numpy_helper.from_array(_int64(label), f"label_{label}"))
        graph.node.append(helper.make_node("Equal", ["all_labels", f"label_{label}"], [f"is_{label}"]))
        names.append(f"is_{label}")
    graph.initializer.append(numpy_helper.from_array(_int64(LABELS.index("text")), "label_text"))
    graph.node.append(helper.make_node("Or", names, ["is_table"]))
    graph.node.append(helper.make_node("Where", ["is_table", "label_text", "all_labels"], ["labels"]))
    kept = [output for output in graph.output if output.type.tensor_type.elem_type == TensorProto.INT64]
    if [output.name for output in kept] != ["labels"]:
        raise ValueError(f"{made}: not heron's contract")
    onnx.save(model, version / "model.onnx")
    write_digest(version.parent)


def _configured(repository: Path, backend: str) -> Path:
    """The model's folder, with the configuration that docmill ships for heron."""
    model = repository / HERON
    model.mkdir(parents=True)
    config = (shipped().models / HERON / CONFIG).read_text("utf-8")
    (model / CONFIG).write_text(
        re.sub(r'^backend: "[a-z]+"', f'backend: "{backend}"', config, flags=re.MULTILINE)
    )
    drop_digest(model)
    return model


def _int64(value: int) -> NDArray[np.int64]:
    return np.array(value, np.int64)
