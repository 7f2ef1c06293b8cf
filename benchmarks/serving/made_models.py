"""Two models for the comparison of servers: one answers at once, and one asks two others.

The latter gets the layout of a page, then the structure of its tables, in one call. Both are written for
Triton's Python backend, as which Ray Serve runs them too.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["AT_ONCE", "PAGE", "write_models"]

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
    """Add them to a repository that has `layout_cdla` and `slanet_plus`."""
    for name, config, code in ((AT_ONCE, _AT_ONCE_CONFIG, _AT_ONCE_CODE), (PAGE, _CONFIG, _CODE)):
        version = repository / name / "1"
        version.mkdir(parents=True)
        (version.parent / "config.pbtxt").write_text(config)
        (version / "model.py").write_text(code)
