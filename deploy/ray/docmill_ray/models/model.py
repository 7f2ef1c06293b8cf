"""A model on Ray Serve: a `TritonPythonModel` with its requests joined, and its counts in the books."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray import serve
from ray.serve.handle import DeploymentHandle

from docmill_ray import tensors
from docmill_ray.models import backend_utils
from docmill_ray.models.backend_utils import InferenceRequest, InferenceResponse, Tensor
from docmill_ray.models.books import books
from docmill_ray.models.counts import Counts
from docmill_ray.models.joiner import Joiner
from docmill_ray.models.loading import limits, loaded, parameters_of
from docmill_ray.models.served import Served
from docmill_ray.ray_internals import stay_at_home
from docmill_ray.refusal import Refusal, RefusedError
from docmill_ray.tensors import Array

__all__ = ["Model"]

#: Counts are told this long after a batch, with those of further ones.
_TELL_S = 0.05
_NANO = 1e9


@dataclass(frozen=True)
class _Asked:
    """A request, as the model's code takes it."""

    request: InferenceRequest
    items: int


@serve.deployment
class Model:
    """One replica of a model."""

    def __init__(self, served: Served, others: Mapping[str, DeploymentHandle], threads: int) -> None:
        stay_at_home()
        # the second before onnxruntime is imported, or it looks its maker's server up
        os.environ |= {"DOCMILL_TRITON_THREADS": str(threads), "ORT_DISABLE_TELEMETRY": "1"}
        self._served, self._others = served, others
        self._loop: asyncio.AbstractEventLoop | None = None
        InferenceRequest.call = staticmethod(self._call)
        self._model = loaded(served, bool(ray.get_gpu_ids()))
        self._joiner: Joiner[_Asked, InferenceResponse] = Joiner(self._execute, limits(served, self._model))
        self._counts, self._refused, self._books = Counts(), 0, books()
        self._replica = f"{os.getpid()}-{time.time_ns()}"
        self._telling: asyncio.TimerHandle | None = None

    async def ready(self) -> bool:
        """Whether somebody is here."""
        return True

    async def infer(self, request: bytes) -> bytes | Refusal:
        """The answer to a written `ModelInferRequest`, written."""
        message = tensors.parsed(request)
        try:
            wanted = [output.name for output in message.outputs] or self._served.outputs
            arrays = tensors.arrays_of(message)
            answer = await self._answer(
                arrays, wanted, message.model_version, message.id, parameters_of(message)
            )
        except RefusedError as refused:
            return refused.refusal
        return tensors.response(self._served.name, self._served.version, message.id, answer)

    async def compute(self, arrays: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array] | Refusal:
        """What another model asks."""
        try:
            return dict(await self._answer(arrays, wanted, "", "", {}))
        except RefusedError as refused:
            return refused.refusal

    async def _answer(
        self,
        arrays: Mapping[str, Array],
        wanted: Sequence[str],
        version: str,
        request_id: str,
        parameters: Mapping[str, str | int | bool],
    ) -> list[tuple[str, Array]]:
        self._loop = asyncio.get_running_loop()
        try:
            items = self._served.check(arrays, wanted, version)
            given = [Tensor(name, array) for name, array in arrays.items()]
            request = InferenceRequest(
                self._served.name, wanted, given, request_id=request_id, parameters=parameters
            )
            kind = tuple(sorted((name, array.shape[1:]) for name, array in arrays.items()))
            response = await self._joiner.answer(_Asked(request, items), items, kind)
            if error := response.error():
                raise RefusedError(error.code(), error.message())
        except RefusedError:
            self._refused += 1
            raise
        finally:
            self._tell_soon()
        found = {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
        return [(name, self._served.reshaped(name, found[name])) for name in wanted if name in found]

    def _execute(self, asked: Sequence[_Asked], waits: Sequence[float]) -> Sequence[InferenceResponse]:
        """In the model's thread."""
        began = time.perf_counter_ns()
        try:
            responses: Sequence[InferenceResponse] = self._model.execute([each.request for each in asked])
        except Exception as error:
            raise RefusedError("INTERNAL", f"{type(error).__name__}: {error}") from error
        taken = time.perf_counter_ns() - began
        good = [response.error() is None for response in responses]
        items = [each.items for each in asked]
        self._counts.requests += sum(good)
        self._counts.items += sum(count for count, is_good in zip(items, good, strict=True) if is_good)
        self._counts.queue_ns += round(sum(waits) * _NANO)
        self._counts.executed(sum(items), taken)
        return responses

    def _tell_soon(self) -> None:
        if self._telling is None and self._loop:
            self._telling = self._loop.call_later(_TELL_S, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self._counts.failures = self._refused + self._joiner.dropped
        # a copy: the model's thread may be counting
        counts = replace(self._counts, batches=dict(self._counts.batches))
        self._books.tell.remote(self._served.name, self._replica, counts)

    def _call(self, model: str, arrays: Mapping[str, Array], wanted: Sequence[str]) -> InferenceResponse:
        """Another model's answer, in this model's thread."""
        if model not in self._others or not self._loop:
            return InferenceResponse(
                error=backend_utils.TritonError(f"{model} is not among what {self._served.name} calls")
            )

        async def ask() -> Any:
            return await self._others[model].compute.remote(dict(arrays), list(wanted))

        answer = asyncio.run_coroutine_threadsafe(ask(), self._loop).result()
        if isinstance(answer, Refusal):
            return InferenceResponse(error=backend_utils.TritonError(answer.words, answer.status))
        return InferenceResponse([Tensor(name, array) for name, array in answer.items()])
