"""Models for the comparison of servers, made for it or of docling's architectures.

One answers at once; one asks two others: the layout of a page, then the structure of its tables, in one call;
one sleeps before it says which of its processes has answered. They are written for Triton's Python backend,
as which Ray Serve runs them too. heron and TableFormer have random weights.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.beside_docling.random_heron import HERON, RandomHeron
from benchmarks.serving.random_tableformer import TABLES, RandomTableFormer
from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.served_digest import CONFIG

__all__ = ["ASLEEP_S", "AT_ONCE", "PAGE", "SLEEPER", "write_docling_models", "write_models"]

AT_ONCE = "answers_at_once"
_AT_ONCE_CONFIG = f"""name: "{AT_ONCE}"
backend: "python"
max_batch_size: 8
input [ {{ name: "image" data_type: TYPE_UINT8 dims: [ 3, 800, 608 ] }} ]
output [ {{ name: "first" data_type: TYPE_UINT8 dims: [ 1 ] }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
"""
_AT_ONCE_CODE = """
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        given = (pb_utils.get_input_tensor_by_name(request, "image").as_numpy() for request in requests)
        return [pb_utils.InferenceResponse([pb_utils.Tensor("first", each[:, 0, 0, :1])]) for each in given]
"""
SLEEPER = "sleeps"
#: As if something else computed: this machine's cores are not what more replicas have to share.
ASLEEP_S = 0.2
_SLEEPER_CONFIG = f"""name: "{SLEEPER}"
backend: "python"
max_batch_size: 1
input [ {{ name: "image" data_type: TYPE_UINT8 dims: [ 16 ] }} ]
output [ {{ name: "process" data_type: TYPE_INT64 dims: [ 1 ] }} ]
"""
_SLEEPER_CODE = f"""
import os
import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        time.sleep({ASLEEP_S})
        said = pb_utils.Tensor("process", np.full((1, 1), os.getpid()))
        return [pb_utils.InferenceResponse([said]) for _ in requests]
"""
PAGE = "page_with_tables"
_CONFIG = f"""name: "{PAGE}"
backend: "python"
max_batch_size: 0
input [
  {{ name: "image" data_type: TYPE_UINT8 dims: [ 1, 3, 800, 608 ] }},
  {{ name: "tables" data_type: TYPE_FP32 dims: [ -1, 3, 488, 488 ] }}
]
output [
  {{ name: "scores" data_type: TYPE_FP32 dims: [ 1, 1000, 10 ] }},
  {{ name: "structure" data_type: TYPE_FP32 dims: [ -1, -1, 50 ] }}
]
instance_group [ {{ kind: KIND_CPU count: 2 }} ]
parameters {{ key: "calls" value {{ string_value: "layout_cdla,slanet_plus" }} }}
"""
_CODE = """
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        image, tables = (pb_utils.get_input_tensor_by_name(request, name) for name in ("image", "tables"))
        scores = run("layout_cdla", "image", image.as_numpy(), "scores")
        structure = run("slanet_plus", "x", tables.as_numpy(), "save_infer_model/scale_1.tmp_0")
        tensors = [pb_utils.Tensor("scores", scores), pb_utils.Tensor("structure", structure)]
        return pb_utils.InferenceResponse(tensors)


def run(model, given, array, wanted):
    answer = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=[wanted],
        inputs=[pb_utils.Tensor(given, array)],
        preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU, 0),
    ).exec()
    if answer.has_error():
        raise RuntimeError(answer.error().message())
    return pb_utils.get_output_tensor_by_name(answer, wanted).as_numpy()
"""


def write_models(repository: Path) -> None:
    """Add those that are made to a repository that has `layout_cdla` and `slanet_plus`."""
    for name, config, code in (
        (AT_ONCE, _AT_ONCE_CONFIG, _AT_ONCE_CODE),
        (PAGE, _CONFIG, _CODE),
        (SLEEPER, _SLEEPER_CONFIG, _SLEEPER_CODE),
    ):
        version = repository / name / "1"
        version.mkdir(parents=True)
        (version.parent / CONFIG).write_text(config)
        (version / "model.py").write_text(code)


def write_docling_models(repository: Path, home: Path, max_tags: int) -> None:
    """Put docling's two into a repository. TableFormer ends each table after so many tags, or before.

    They are exported on first use, which takes minutes, and kept in docmill's home.
    """
    for name, made in (
        (HERON, RandomHeron(home).repository()),
        (TABLES, RandomTableFormer(home).repository()),
    ):
        shutil.rmtree(repository / name, ignore_errors=True)
        shutil.copytree(made / name, repository / name)
    # what is kept may have a limit of somebody else's
    config = (shipped().models / TABLES / CONFIG).read_text("utf-8")
    limit = f'parameters {{ key: "max_tags" value {{ string_value: "{max_tags}" }} }}\n'
    (repository / TABLES / CONFIG).write_text(config + limit, "utf-8")
