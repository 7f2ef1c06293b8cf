"""`python -m benchmarks.gpu.pipeline.door`: a model behind the KServe v2 protocol, without Triton.

What docmill's client asks, over gRPC, at loopback alone. Requests that wait are the model's next batch. The
parts are those of docmill on Ray Serve that need no Ray. It is for measuring alone.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
from tritonclient.grpc import service_pb2 as messages

_ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(_ROOT / "deploy" / "ray")]

from docmill_ray import tensors
from docmill_ray.models.backend_utils import InferenceRequest, InferenceResponse, Tensor
from docmill_ray.models.counts import Counts, statistics
from docmill_ray.models.joiner import Joiner, Limits
from docmill_ray.models.loading import limits, loaded, parameters_of
from docmill_ray.models.served import Served, read_repository
from docmill_ray.refusal import RefusedError

__all__ = ["Door", "main"]

_SERVICE = "inference.GRPCInferenceService"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_READY = "ready at "
#: A request and its items.
_Job = tuple[InferenceRequest, int]
_COUNTING = threading.Lock()


class _Instance:
    """One of the model, in a thread of its own, with the requests that wait for it."""

    def __init__(self, model: Any, batch: Limits, counts: Counts) -> None:
        self._model, self._counts = model, counts
        self._joiner: Joiner[_Job, InferenceResponse] = Joiner(self._execute, batch)
        #: Items that wait or are computed.
        self.items = 0

    async def answer(self, job: _Job) -> InferenceResponse:
        """The answer to a request."""
        self.items += job[1]
        try:
            return await self._joiner.answer(job, job[1])
        finally:
            self.items -= job[1]

    def _execute(self, jobs: Sequence[_Job], waits: Sequence[float]) -> Sequence[InferenceResponse]:
        """In the thread."""
        began = time.perf_counter_ns()
        responses: Sequence[InferenceResponse] = self._model.execute([request for request, _ in jobs])
        items, taken = sum(count for _, count in jobs), time.perf_counter_ns() - began
        with _COUNTING:
            self._counts.executed(items, taken)
            self._counts.items += items
            self._counts.requests += len(jobs)
            self._counts.queue_ns += round(sum(waits) * 1e9)
        return responses


class Door:
    """A model, in one instance or several, and what it has done.

    With two, one is given its batch while the other's is computed.
    """

    def __init__(self, served: Served, models: Sequence[Any]) -> None:
        self._served = served
        self._counts = Counts()
        self._instances = [_Instance(model, limits(served, model), self._counts) for model in models]

    def handlers(self) -> Any:
        """For a server; what is not here, gRPC answers with UNIMPLEMENTED."""
        served = self._served
        version = served.version
        answers: dict[str, tuple[Any, Callable[[Any], Any]]] = {
            "ServerLive": (messages.ServerLiveRequest, lambda _: messages.ServerLiveResponse(live=True)),
            "ServerReady": (messages.ServerReadyRequest, lambda _: messages.ServerReadyResponse(ready=True)),
            "ServerMetadata": (
                messages.ServerMetadataRequest,
                lambda _: messages.ServerMetadataResponse(name="docmill's door", version="1"),
            ),
            "ModelReady": (
                messages.ModelReadyRequest,
                lambda asked: messages.ModelReadyResponse(ready=asked.name == served.name),
            ),
            "ModelMetadata": (messages.ModelMetadataRequest, lambda asked: self._known(asked).metadata()),
            "ModelConfig": (
                messages.ModelConfigRequest,
                lambda asked: messages.ModelConfigResponse(config=self._known(asked).config),
            ),
            "ModelStatistics": (
                messages.ModelStatisticsRequest,
                lambda asked: statistics(self._known(asked).name, version, [self._counts]),
            ),
        }
        found = {
            name: grpc.unary_unary_rpc_method_handler(
                _refusing(_later(answer)), kind.FromString, lambda message: message.SerializeToString()
            )
            for name, (kind, answer) in answers.items()
        }
        found["ModelInfer"] = grpc.unary_unary_rpc_method_handler(_refusing(self._infer))
        return grpc.method_handlers_generic_handler(_SERVICE, found)

    def _known(self, asked: Any) -> Served:
        if asked.name != self._served.name:
            raise RefusedError("NOT_FOUND", f"Request for unknown model: '{asked.name}' is not found")
        return self._served

    async def _infer(self, request: bytes) -> bytes:
        message, served = tensors.parsed(request), self._served
        if message.model_name != served.name:
            raise RefusedError("NOT_FOUND", f"Request for unknown model: '{message.model_name}' is not found")
        wanted = [output.name for output in message.outputs] or served.outputs
        arrays = tensors.arrays_of(message)
        items = served.check(arrays, wanted, message.model_version)
        given = [Tensor(name, array) for name, array in arrays.items()]
        asked = InferenceRequest(served.name, wanted, given, None, message.id, parameters_of(message))
        response = await min(self._instances, key=lambda instance: instance.items).answer((asked, items))
        if error := response.error():
            raise RefusedError(error.code(), error.message())
        found = {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
        answer = [(name, served.reshaped(name, found[name])) for name in wanted if name in found]
        return tensors.response(served.name, served.version, message.id, answer)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; it says where it is ready, and goes on until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.pipeline.door", description=__doc__)
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], required=True)
    options = parser.parse_args(arguments)
    [served] = read_repository(options.repository, [options.model])
    models = [loaded(served, options.device == "cuda") for _ in range(served.instances)]
    asyncio.run(_open(Door(served, models)))
    return 0


async def _open(door: Door) -> None:
    server = grpc.aio.server(options=_UNLIMITED)
    server.add_generic_rpc_handlers((door.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"{_READY}127.0.0.1:{port}", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await server.stop(1.0)


def _later(answer: Callable[[Any], Any]) -> Callable[[Any], Awaitable[Any]]:
    async def answered(asked: Any) -> Any:
        return answer(asked)

    return answered


def _refusing(answer: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answered(asked: Any, context: Any) -> Any:
        try:
            return await answer(asked)
        except RefusedError as refused:
            status = getattr(grpc.StatusCode, refused.refusal.status)
            await context.abort(status, refused.refusal.words)

    return answered


if __name__ == "__main__":
    sys.exit(main())
