"""The protocol over HTTP: JSON, and tensors in it or behind it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import numpy as np
from aiohttp import web
from google.protobuf import json_format
from tritonclient.grpc import service_pb2 as messages
from tritonclient.utils import triton_to_np_dtype

from docmill_ray.models.served import Served
from docmill_ray.refusal import Refusal, RefusedError
from docmill_ray.tensors import from_bytes, shaped, to_bytes

__all__ = ["NAME", "Answering", "request_of", "response_of", "web_side"]

NAME = "docmill-ray"
#: The length of a body's JSON, where binary tensors follow.
_LENGTH = "Inference-Header-Content-Length"
_STATUS = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "UNAVAILABLE": 503, "UNIMPLEMENTED": 501}
_LARGEST = 2**31 - 1


class Answering(Protocol):
    """Who answers."""

    async def infer(self, request: bytes) -> bytes | Refusal:
        """A written `ModelInferRequest`."""

    def known(self, name: str, version: str = "") -> Served:
        """A model."""

    async def ready(self, name: str, version: str = "") -> bool:
        """Whether a model answers."""

    async def all_ready(self) -> bool:
        """Whether all do."""

    def metadata(self, name: str, version: str) -> Any:
        """A model's metadata."""

    async def statistics(self, name: str, version: str) -> Any:
        """What a model, or all, have done."""


def web_side(door: Answering) -> web.Application:
    """The routes."""
    app = web.Application(client_max_size=_LARGEST)
    model = "/v2/models/{name}"
    for path in (model, f"{model}/versions/{{version}}"):
        app.router.add_get(path, _telling(lambda name, version: _shown(door.metadata(name, version))))
        app.router.add_get(
            f"{path}/config", _telling(lambda name, version: _shown(door.known(name, version).config))
        )
        app.router.add_get(f"{path}/stats", _stats(door))
        app.router.add_get(f"{path}/ready", _ready(lambda name, version: door.ready(name, version)))
        app.router.add_post(f"{path}/infer", _infer(door))
    app.router.add_get("/v2/models/stats", _stats(door))
    app.router.add_get("/v2/health/live", _ready(lambda *_: _yes()))
    app.router.add_get("/v2/health/ready", _ready(lambda *_: door.all_ready()))
    # what Ray's operator for Kubernetes asks
    app.router.add_get("/-/healthz", _ready(lambda *_: _yes()))
    app.router.add_get(
        "/v2",
        _telling(
            lambda *_: {"name": NAME, "version": "2", "extensions": ["binary_tensor_data", "statistics"]}
        ),
    )
    return app


def request_of(name: str, version: str, body: bytes, length: str | None) -> tuple[bytes, dict[str, Any]]:
    """A body as a written `ModelInferRequest`, and its JSON. Raises `RefusedError`."""
    try:
        size = int(length) if length else len(body)
        head = json.loads(body[:size])
        message = messages.ModelInferRequest(model_name=name, model_version=version, id=head.get("id", ""))
        at = size
        for tensor in head["inputs"]:
            datatype, shape = tensor["datatype"], [int(each) for each in tensor["shape"]]
            count = tensor.get("parameters", {}).get("binary_data_size")
            if count is None:
                data = to_bytes(_of_json(tensor["name"], datatype, tensor["data"]))
            else:
                data, at = body[at : at + count], at + count
            shaped(tensor["name"], from_bytes(tensor["name"], datatype, data), shape)
            message.inputs.add(name=tensor["name"], datatype=datatype, shape=shape)
            message.raw_input_contents.append(data)
        for output in head.get("outputs", []):
            message.outputs.add(name=output["name"])
        for key, value in head.get("parameters", {}).items():
            if isinstance(value, str):
                message.parameters[key].string_param = value
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RefusedError("INVALID_ARGUMENT", f"this is no request: {error!r}") from error
    written: bytes = message.SerializeToString()
    return written, head


def response_of(answer: bytes, head: Mapping[str, Any]) -> tuple[bytes, str | None]:
    """A written `ModelInferResponse` as a body, and the length of its JSON where binary tensors follow."""
    message = messages.ModelInferResponse.FromString(answer)
    everything = head.get("parameters", {}).get("binary_data_output", False)
    asked = {each["name"]: each.get("parameters", {}) for each in head.get("outputs", [])}
    outputs, behind = [], []
    for tensor, data in zip(message.outputs, message.raw_output_contents, strict=True):
        said = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        if asked.get(tensor.name, {}).get("binary_data", everything):
            behind.append(data)
            said["parameters"] = {"binary_data_size": len(data)}
        else:
            array = from_bytes(tensor.name, tensor.datatype, data)
            said["data"] = [each.decode() if isinstance(each, bytes) else each for each in array.tolist()]
        outputs.append(said)
    shown = {"model_name": message.model_name, "model_version": message.model_version, "outputs": outputs}
    text = json.dumps(shown | ({"id": message.id} if message.id else {})).encode()
    return text + b"".join(behind), str(len(text)) if behind else None


def _of_json(name: str, datatype: str, data: Any) -> Any:
    dtype = triton_to_np_dtype(datatype)
    if dtype is None:
        raise RefusedError("INVALID_ARGUMENT", f"{name}: there is no datatype {datatype!r}")
    if dtype == np.object_:
        return np.array([str(each).encode() for each in np.ravel(np.array(data, object))], np.object_)
    return np.array(data, dtype).ravel()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _infer(door: Answering) -> Handler:
    async def infer(request: web.Request) -> web.StreamResponse:
        name, version = _model(request)
        try:
            written, head = request_of(name, version, await request.read(), request.headers.get(_LENGTH))
        except RefusedError as refused:
            return _refused(refused.refusal)
        answer = await door.infer(written)
        if isinstance(answer, Refusal):
            return _refused(answer)
        body, length = response_of(answer, head)
        if length is None:
            return web.Response(body=body, content_type="application/json")
        return web.Response(body=body, content_type="application/octet-stream", headers={_LENGTH: length})

    return infer


def _stats(door: Answering) -> Handler:
    async def stats(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(_shown(await door.statistics(*_model(request))))
        except RefusedError as refused:
            return _refused(refused.refusal)

    return stats


def _telling(tell: Callable[[str, str], Any]) -> Handler:
    async def told(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(tell(*_model(request)))
        except RefusedError as refused:
            return _refused(refused.refusal)

    return told


def _ready(ask: Callable[[str, str], Awaitable[bool]]) -> Handler:
    async def ready(request: web.Request) -> web.StreamResponse:
        return web.Response(status=200 if await ask(*_model(request)) else 400)

    return ready


async def _yes() -> bool:
    return True


def _model(request: web.Request) -> tuple[str, str]:
    return request.match_info.get("name", ""), request.match_info.get("version", "")


def _refused(refusal: Refusal) -> web.Response:
    return web.json_response({"error": refusal.words}, status=_STATUS.get(refusal.status, 500))


def _shown(message: Any) -> Any:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
