"""`triton_python_backend_utils`, as far as docmill's models use it: they run here as they do in Triton.

`model.py` puts this module under that name before it loads a model's code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tritonclient.utils import triton_to_np_dtype

from docmill_ray.tensors import Array

__all__ = [
    "TRITONSERVER_MEMORY_CPU",
    "InferenceRequest",
    "InferenceResponse",
    "Logger",
    "PreferredMemory",
    "Tensor",
    "TritonError",
    "get_input_tensor_by_name",
    "get_output_tensor_by_name",
    "triton_string_to_numpy",
]

TRITONSERVER_MEMORY_CPU = 0
_LOG = logging.getLogger("ray.serve")


class Tensor:
    """An array with a name."""

    def __init__(self, name: str, array: Array) -> None:
        self._name, self._array = name, array

    def name(self) -> str:
        """Its name."""
        return self._name

    def as_numpy(self) -> Array:
        """The array."""
        return self._array


class TritonError:
    """Why a request has no tensors."""

    UNKNOWN, INTERNAL, NOT_FOUND, INVALID_ARG, UNAVAILABLE, UNSUPPORTED, ALREADY_EXISTS, CANCELLED = (
        "UNKNOWN",
        "INTERNAL",
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "UNAVAILABLE",
        "UNIMPLEMENTED",
        "ALREADY_EXISTS",
        "CANCELLED",
    )

    def __init__(self, message: str, code: str = INTERNAL) -> None:
        self._message, self._code = message, code

    def message(self) -> str:
        """In words."""
        return self._message

    def code(self) -> str:
        """One of those above, which are gRPC's names."""
        return self._code


class InferenceResponse:
    """Tensors, or an error."""

    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        self._tensors, self._error = list(output_tensors), error

    def output_tensors(self) -> list[Tensor]:
        """The tensors."""
        return self._tensors

    def has_error(self) -> bool:
        """Whether there are none."""
        return self._error is not None

    def error(self) -> TritonError | None:
        """The error."""
        return self._error


@dataclass(frozen=True)
class PreferredMemory:
    """Where a called model's outputs are wanted; here there is one memory."""

    kind: int
    device: int


Call = Callable[[str, Mapping[str, Array], Sequence[str]], InferenceResponse]


class InferenceRequest:
    """A client's request; made by a model, one of its own to another model."""

    #: How models of this process call another one. Set by `model.py`.
    call: ClassVar[Call]

    def __init__(
        self,
        model_name: str,
        requested_output_names: Sequence[str],
        inputs: Sequence[Tensor],
        preferred_memory: PreferredMemory | None = None,
        request_id: str = "",
        parameters: Mapping[str, str | int | bool] | None = None,
    ) -> None:
        self._model, self._wanted, self._id = model_name, list(requested_output_names), request_id
        self._inputs = {tensor.name(): tensor for tensor in inputs}
        self._parameters = dict(parameters or {})

    def inputs(self) -> list[Tensor]:
        """The input tensors."""
        return list(self._inputs.values())

    def requested_output_names(self) -> list[str]:
        """The outputs that are wanted."""
        return self._wanted

    def request_id(self) -> str:
        """What the client calls it."""
        return self._id

    def parameters(self) -> str:
        """The parameters, as JSON."""
        return json.dumps(self._parameters)

    def exec(self) -> InferenceResponse:
        """Have the other model compute, and wait."""
        arrays = {name: tensor.as_numpy() for name, tensor in self._inputs.items()}
        return InferenceRequest.call(self._model, arrays, self._wanted)


class Logger:
    """The replica's log."""

    log_info = staticmethod(_LOG.info)
    log_warn = staticmethod(_LOG.warning)
    log_error = staticmethod(_LOG.error)


def get_input_tensor_by_name(request: InferenceRequest, name: str) -> Tensor | None:
    """An input of a request."""
    return next((tensor for tensor in request.inputs() if tensor.name() == name), None)


def get_output_tensor_by_name(response: InferenceResponse, name: str) -> Tensor | None:
    """An output of a response."""
    return next((tensor for tensor in response.output_tensors() if tensor.name() == name), None)


def triton_string_to_numpy(name: str) -> Any:
    """NumPy's type for TYPE_FP32 and the like."""
    kind = name.removeprefix("TYPE_")
    return np.object_ if kind == "STRING" else triton_to_np_dtype(kind)
