"""Tensors of the protocol's messages, and arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2
from tritonclient.utils import (
    deserialize_bytes_tensor,
    np_to_triton_dtype,
    serialize_byte_tensor,
    triton_to_np_dtype,
)

from docmill_ray.refusal import RefusedError

__all__ = ["Array", "addressee", "arrays_of", "from_bytes", "response", "to_bytes"]

Array = NDArray[Any]

#: Where a tensor's values are that does not come as raw bytes.
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
#: The tag of the first field of a request, its model's name.
_NAME_TAG = 0x0A


def addressee(request: bytes) -> str:
    """The model's name of a written `ModelInferRequest`, without parsing what follows it.

    Raises `RefusedError` for what is no such message.
    """
    if request[:1] == bytes([_NAME_TAG]) and len(request) > 1 and request[1] < 0x80:
        return request[2 : 2 + request[1]].decode("utf-8", "replace")
    return str(parsed(request).model_name)


def parsed(request: bytes) -> Any:
    """The message. Raises `RefusedError`."""
    from google.protobuf.message import DecodeError

    try:
        return service_pb2.ModelInferRequest.FromString(request)
    except DecodeError as error:
        raise RefusedError("INVALID_ARGUMENT", f"this is no request: {error}") from error


def arrays_of(request: Any) -> dict[str, Array]:
    """The inputs of a `ModelInferRequest`, most of them views of its bytes. Raises `RefusedError`."""
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise RefusedError("INVALID_ARGUMENT", f"{len(request.inputs)} inputs, and {len(raw)} raw contents")
    arrays = {}
    for index, tensor in enumerate(request.inputs):
        if raw:
            array = from_bytes(tensor.name, tensor.datatype, raw[index])
        else:
            values = getattr(tensor.contents, _CONTENTS.get(tensor.datatype, "bytes_contents"))
            array = np.array(values, triton_to_np_dtype(tensor.datatype))
        arrays[tensor.name] = shaped(tensor.name, array, tensor.shape)
    return arrays


def from_bytes(name: str, datatype: str, data: bytes) -> Array:
    """A flat array. Raises `RefusedError`."""
    dtype = triton_to_np_dtype(datatype)
    if dtype is None:
        raise RefusedError("INVALID_ARGUMENT", f"{name}: there is no datatype {datatype!r}")
    try:
        if dtype == np.object_:
            strings: Array = deserialize_bytes_tensor(data)
            return strings
        return np.frombuffer(data, dtype)
    except Exception as error:  # struct's, NumPy's: whatever does not fit
        raise RefusedError("INVALID_ARGUMENT", f"{name}: {error}") from error


def to_bytes(array: Array) -> bytes:
    """An array as raw contents."""
    if array.dtype == np.object_:
        return b"".join(serialize_byte_tensor(array).flat) if array.size else b""
    return array.tobytes()


def shaped(name: str, array: Array, shape: Iterable[int]) -> Array:
    """A flat array in its shape. Raises `RefusedError`."""
    wanted = tuple(shape)
    if min(wanted, default=0) < 0 or array.size != int(np.prod(wanted)):
        raise RefusedError("INVALID_ARGUMENT", f"{name}: {array.size} elements for shape {list(wanted)}")
    return array.reshape(wanted)


def response(name: str, version: str, request_id: str, outputs: Iterable[tuple[str, Array]]) -> bytes:
    """A written `ModelInferResponse`."""
    message = service_pb2.ModelInferResponse(model_name=name, model_version=version, id=request_id)
    for output, array in outputs:
        message.outputs.add(name=output, datatype=np_to_triton_dtype(array.dtype), shape=array.shape)
        message.raw_output_contents.append(to_bytes(array))
    written: bytes = message.SerializeToString()
    return written
