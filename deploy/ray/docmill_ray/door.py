"""What clients talk to: gRPC and HTTP of the KServe v2 protocol, in replicas that share their ports.

Ray Serve's own proxies listen at all interfaces, and take a page through one more process. Written requests
go to the model as they came, and its written answer back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from aiohttp import web
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle
from tritonclient.grpc import service_pb2 as messages

from docmill_ray.models.books import books
from docmill_ray.models.counts import statistics
from docmill_ray.models.served import Served
from docmill_ray.ray_internals import stay_at_home
from docmill_ray.refusal import Refusal, RefusedError
from docmill_ray.tensors import addressee
from docmill_ray.web_side import NAME, web_side

__all__ = ["Address", "Door"]

_SERVICE = "inference.GRPCInferenceService"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_READY_S = 2.0
#: Twice what replicas wait until they tell the books.
_TOLD_S = 0.1


@dataclass(frozen=True)
class Address:
    """Where to listen, the seconds for requests in flight at the end, and those of a connection; 0: any."""

    host: str
    http_port: int
    grpc_port: int
    grace_s: float
    connection_age_s: float

    @property
    def options(self) -> list[tuple[str, int]]:
        """Of gRPC's server."""
        ages = {"grpc.max_connection_age_ms": self.connection_age_s} if self.connection_age_s else {}
        if ages:
            ages["grpc.max_connection_age_grace_ms"] = self.grace_s
        return [*_UNLIMITED, *((name, round(1000 * seconds)) for name, seconds in ages.items())]


@serve.deployment
class Door:
    """One replica. Models that are `asleep` may have no replica: requests wake them, questions must not."""

    def __init__(
        self,
        models: Mapping[str, DeploymentHandle],
        served: Mapping[str, Served],
        address: Address,
        asleep: frozenset[str],
    ) -> None:
        stay_at_home()
        self._models, self._served, self._address = models, served, address
        self._asleep = asleep
        self._books = books()
        self._grpc: Any = None
        self._web: web.AppRunner | None = None
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def check_health(self) -> None:
        """Raises what kept it from listening."""
        await self._opening

    async def __del__(self) -> None:
        """Ray Serve calls this when the replica is to go: nothing new, and what is under way is finished."""
        if self._grpc:
            await self._grpc.stop(self._address.grace_s)
        if self._web:
            await self._web.cleanup()

    async def _open(self) -> None:
        address = self._address
        self._grpc = grpc.aio.server(options=address.options)
        self._grpc.add_generic_rpc_handlers((self._handlers(),))
        if not self._grpc.add_insecure_port(f"{address.host}:{address.grpc_port}"):
            raise RuntimeError(f"{address.host}:{address.grpc_port} is taken")
        self._web = web.AppRunner(web_side(self), access_log=None, shutdown_timeout=address.grace_s)
        await self._web.setup()
        await web.TCPSite(self._web, address.host, address.http_port, reuse_port=True).start()
        await self._grpc.start()

    # what both protocols share

    async def infer(self, request: bytes) -> bytes | Refusal:
        """The answer to a written `ModelInferRequest`, written."""
        try:
            name = addressee(request)
            handle = self._models[self.known(name).name]
        except RefusedError as refused:
            return refused.refusal
        response = handle.infer.remote(request)
        try:
            answer: bytes | Refusal = await response
            return answer
        except asyncio.CancelledError:
            response.cancel()
            raise
        except BackPressureError as error:
            return Refusal("UNAVAILABLE", f"Exceeds maximum queue size: {error}")
        except RayTaskError as error:
            return Refusal("INTERNAL", _first_line(error))
        except (RayError, DeploymentUnavailableError, grpc.aio.AioRpcError) as error:
            return Refusal("UNAVAILABLE", f"a replica of {name} went away: {_first_line(error)}")

    def known(self, name: str, version: str = "") -> Served:
        """A model. Raises `RefusedError`."""
        served = self._served.get(name)
        if served is None or version not in ("", served.version):
            which = f"'{name}' version {version}" if version else f"'{name}'"
            raise RefusedError("NOT_FOUND", f"Request for unknown model: {which} is not found")
        return served

    async def ready(self, name: str, version: str = "") -> bool:
        """Whether a model answers."""
        try:
            handle = self._models[self.known(name, version).name]
            if name in self._asleep:
                return True
            async with asyncio.timeout(_READY_S):
                return bool(await handle.ready.remote())
        except (RefusedError, TimeoutError, RayError, DeploymentUnavailableError, grpc.aio.AioRpcError):
            return False

    async def all_ready(self) -> bool:
        """Whether all do."""
        return all(await asyncio.gather(*(self.ready(name) for name in self._models)))

    def metadata(self, name: str, version: str) -> Any:
        """A model's `ModelMetadataResponse`. Raises `RefusedError`."""
        return self.known(name, version).metadata()

    async def statistics(self, name: str, version: str) -> Any:
        """`ModelStatisticsResponse` of a model, or of all. Raises `RefusedError`."""
        await asyncio.sleep(_TOLD_S)  # so that what was answered before is in the books
        answer = messages.ModelStatisticsResponse()
        for each in [name] if name else list(self._served):
            served = self.known(each, version)
            counts = await self._books.read.remote(each)
            answer.MergeFrom(statistics(each, served.version, counts))
        return answer

    # gRPC

    def _handlers(self) -> Any:
        """What is not here, gRPC answers with UNIMPLEMENTED."""

        async def live(_: Any) -> Any:
            return messages.ServerLiveResponse(live=True)

        async def ready(_: Any) -> Any:
            return messages.ServerReadyResponse(ready=await self.all_ready())

        async def server(_: Any) -> Any:
            return messages.ServerMetadataResponse(name=NAME, version="2", extensions=["statistics"])

        async def model_ready(asked: Any) -> Any:
            return messages.ModelReadyResponse(ready=await self.ready(asked.name, asked.version))

        async def metadata(asked: Any) -> Any:
            return self.metadata(asked.name, asked.version)

        async def config(asked: Any) -> Any:
            return messages.ModelConfigResponse(config=self.known(asked.name, asked.version).config)

        async def counted(asked: Any) -> Any:
            return await self.statistics(asked.name, asked.version)

        async def index(_: Any) -> Any:
            answer = messages.RepositoryIndexResponse()
            for name, served in self._served.items():
                answer.models.add(name=name, version=served.version, state="READY")
            return answer

        methods: dict[str, tuple[Any, Callable[[Any], Awaitable[Any]]]] = {
            "ServerLive": (messages.ServerLiveRequest, live),
            "ServerReady": (messages.ServerReadyRequest, ready),
            "ServerMetadata": (messages.ServerMetadataRequest, server),
            "ModelReady": (messages.ModelReadyRequest, model_ready),
            "ModelMetadata": (messages.ModelMetadataRequest, metadata),
            "ModelConfig": (messages.ModelConfigRequest, config),
            "ModelStatistics": (messages.ModelStatisticsRequest, counted),
            "RepositoryIndex": (messages.RepositoryIndexRequest, index),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                _refusing(answer), kind.FromString, lambda message: message.SerializeToString()
            )
            for name, (kind, answer) in methods.items()
        }
        handlers["ModelInfer"] = grpc.unary_unary_rpc_method_handler(self._infer)
        return grpc.method_handlers_generic_handler(_SERVICE, handlers)

    async def _infer(self, request: bytes, context: Any) -> bytes:
        answer = await self.infer(request)
        if isinstance(answer, Refusal):
            await _refuse(context, answer)
        return answer  # type: ignore[return-value]  # a refusal has raised


def _refusing(answer: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answered(request: Any, context: Any) -> Any:
        try:
            return await answer(request)
        except RefusedError as refused:
            await _refuse(context, refused.refusal)

    return answered


async def _refuse(context: Any, refusal: Refusal) -> None:
    await context.abort(getattr(grpc.StatusCode, refusal.status), refusal.words)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
