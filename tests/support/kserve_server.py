"""A small server that speaks Triton's protocol over real gRPC, with models that are Python functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import (
    deserialize_bytes_tensor,
    np_to_triton_dtype,
    serialize_byte_tensor,
    triton_to_np_dtype,
)


@dataclass
class Model:
    """`answer` maps the inputs to the outputs; `failures` are the statuses of the first requests."""

    inputs: Sequence[tuple[str, str]]
    outputs: Sequence[tuple[str, str]]
    answer: Callable[[list[np.ndarray]], list[np.ndarray]]
    max_batch: int = 8
    failures: list[grpc.StatusCode] = field(default_factory=list)
    seconds: float = 0.0
    empty: bool = False  # announces its outputs and sends no bytes, as with a NumPy that Triton cannot read
    requests: list[list[np.ndarray]] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)  # of each request, as gRPC has it
    request_ids: list[str] = field(default_factory=list)
    wanted: list[list[str]] = field(default_factory=list)  # the outputs that each request asks for
    given: list[dict[str, str]] = field(default_factory=list)  # the parameters of each request
    inferences: int = 0  # what its statistics say
    device_ns: int = 0
    parameters: dict[str, str] = field(default_factory=dict)  # of its configuration
    versions: Sequence[str] = ("1",)
    steps: Sequence[str] = ()  # of an ensemble


class KServeServer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # it has no types
    """Use as a context manager; `port` 0 takes any that is free."""

    def __init__(self, models: dict[str, Model], port: int = 0) -> None:
        self.models = models
        self._server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self, self._server)
        self.url = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"

    def __enter__(self) -> KServeServer:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()

    def ServerLive(  # noqa: N802 - the protocol's names
        self, request: service_pb2.ServerLiveRequest, context: grpc.ServicerContext
    ) -> service_pb2.ServerLiveResponse:
        return service_pb2.ServerLiveResponse(live=True)

    def ModelReady(  # noqa: N802
        self, request: service_pb2.ModelReadyRequest, context: grpc.ServicerContext
    ) -> service_pb2.ModelReadyResponse:
        return service_pb2.ModelReadyResponse(ready=request.name in self.models)

    def ModelMetadata(  # noqa: N802
        self, request: service_pb2.ModelMetadataRequest, context: grpc.ServicerContext
    ) -> service_pb2.ModelMetadataResponse:
        model = self._model(request.name, context)
        response = service_pb2.ModelMetadataResponse(name=request.name, versions=model.versions)
        for tensors, into in ((model.inputs, response.inputs), (model.outputs, response.outputs)):
            for name, datatype in tensors:
                into.add(name=name, datatype=datatype, shape=[-1])
        return response

    def ModelConfig(  # noqa: N802
        self, request: service_pb2.ModelConfigRequest, context: grpc.ServicerContext
    ) -> service_pb2.ModelConfigResponse:
        model = self._model(request.name, context)
        response = service_pb2.ModelConfigResponse()
        response.config.max_batch_size = model.max_batch
        for key, value in model.parameters.items():
            response.config.parameters[key].string_value = value
        for step in model.steps:
            response.config.ensemble_scheduling.step.add(model_name=step, model_version=-1)
        return response

    def ModelStatistics(  # noqa: N802
        self, request: service_pb2.ModelStatisticsRequest, context: grpc.ServicerContext
    ) -> service_pb2.ModelStatisticsResponse:
        model = self._model(request.name, context)
        response = service_pb2.ModelStatisticsResponse()
        stats = response.model_stats.add(name=request.name)
        stats.inference_count = stats.execution_count = model.inferences
        stats.inference_stats.success.count = model.inferences
        stats.batch_stats.add(batch_size=1).compute_infer.ns = model.device_ns
        return response

    def ModelInfer(  # noqa: N802
        self, request: service_pb2.ModelInferRequest, context: grpc.ServicerContext
    ) -> service_pb2.ModelInferResponse:
        model = self._model(request.model_name, context)
        arrays = {
            tensor.name: _read(raw, tensor.datatype).reshape(tensor.shape)
            for tensor, raw in zip(request.inputs, request.raw_input_contents, strict=True)
        }
        inputs = [arrays[name] for name, _ in model.inputs]
        model.requests.append(inputs)
        model.metadata.append({key: str(value) for key, value in context.invocation_metadata()})
        model.request_ids.append(request.id)
        model.wanted.append([output.name for output in request.outputs])
        model.given.append({key: value.string_param for key, value in request.parameters.items()})
        time.sleep(model.seconds)
        if model.failures:
            context.abort(model.failures.pop(0), "[request id: <id_unknown>] told to fail")
        if inputs[0].shape[0] > max(1, model.max_batch):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "batch too large")
        response = service_pb2.ModelInferResponse(model_name=request.model_name)
        for (name, _), array in zip(model.outputs, model.answer(inputs), strict=True):
            response.outputs.add(name=name, datatype=np_to_triton_dtype(array.dtype), shape=array.shape)
            response.raw_output_contents.append(b"" if model.empty else _written(array))
        return response

    def _model(self, name: str, context: grpc.ServicerContext) -> Model:
        if name not in self.models:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{name}' is not found")
        return self.models[name]


def _read(raw: bytes, datatype: str) -> np.ndarray:
    if datatype == "BYTES":
        strings: np.ndarray = deserialize_bytes_tensor(raw)
        return strings
    return np.frombuffer(raw, triton_to_np_dtype(datatype))


def _written(array: np.ndarray) -> bytes:
    if array.dtype == np.object_:
        return b"".join(serialize_byte_tensor(array).flat)
    return array.tobytes()
