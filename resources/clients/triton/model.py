"""One model of a Triton server: requests under way, their deadlines and retries, and what they cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from docmill.pipeline.convert.errors import BackendConfigError, BackendError, BackendUnavailableError
from docmill.resources.clients.backoff import pause
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.step_meter import ModelMeter
from docmill.resources.clients.metering.tally import Asked, RequestTally, read_tallies
from docmill.resources.clients.metering.told import Told
from docmill.resources.clients.tracing.spans import Attributes, Span, current_span, failing
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.errors import (
    DeadStubError,
    LostRegionError,
    RefusedRequestError,
    UnreachableServerError,
    request_error,
    status_of,
    translated,
)
from docmill.resources.clients.triton.interface import Interface, read_interface
from docmill.resources.clients.triton.requests.attempt import Attempt, output_array
from docmill.resources.clients.triton.requests.breaker import CircuitBreaker
from docmill.resources.clients.triton.requests.recovery import reload_once
from docmill.resources.clients.triton.requests.shared_memory import SharedRegions
from docmill.resources.clients.triton.requests.subject import Subject
from docmill.resources.clients.triton.served import read_served
from docmill.resources.clients.triton.server import TritonServer
from docmill.resources.clients.triton.statistics import StatisticsReader
from docmill.resources.clients.triton.told import ACCOUNT, STEP, read_told
from docmill.resources.clients.window import Window

__all__ = ["Array", "Request", "TritonModel"]

Array = NDArray[Any]
T = TypeVar("T")

_CHECK_S = 5.0
#: It was the client that did not wait.
_GIVEN_UP = ("DEADLINE_EXCEEDED", "CANCELLED")


class TritonModel:
    """One model of a server. Connects when first used; a pickled copy carries the settings only.

    It has so many `inputs` and `outputs`, and may have `optional` further outputs, which are then asked for.
    gRPC does not survive a fork, so each worker process has a connection of its own.
    """

    def __init__(
        self,
        server: TritonServer,
        name: str,
        version: str = "",
        inputs: int = 1,
        outputs: int = 1,
        optional: int = 0,
    ) -> None:
        self._server = server
        self._name = name
        self._version = version
        self._counts = (inputs, outputs, optional)
        self._breaker = CircuitBreaker(server.patience_s)
        #: How many requests its user may have under way.
        self.window = Window(server.in_flight, server.deadline_s)
        self._lock = threading.RLock()
        self._client: Any = None
        self._interface: Interface | None = None
        self._regions: SharedRegions | None = None
        self._tally: RequestTally | None = None
        self._step = ""
        self._inferences = 0

    def __reduce__(self) -> tuple[type[TritonModel], tuple[TritonServer, str, str, int, int, int]]:
        return TritonModel, (self._server, self._name, self._version, *self._counts)

    @property
    def name(self) -> str:
        """The model's name on the server."""
        return self._name

    @property
    def inferences(self) -> int:
        """Items, not requests, that the server has answered for this client."""
        return self._inferences

    def check(self) -> None:
        """Ask once whether the server lives and the model is ready and fits, and leave no connection open.

        Raises `BackendUnavailableError` when nothing answers, `BackendConfigError` for a model that is not
        there or not the one expected.
        """
        with self._visit() as (client, patience):
            self._read(client, patience)
            if not client.is_model_ready(self._name, self._version, client_timeout=patience):
                raise BackendUnavailableError(f"{self._place} is not ready; the server's log says why")

    def served(self) -> dict[str, str]:
        """Ask once what the server has behind the name; see `read_served`. Raises as `check` does."""
        with self._visit() as (client, patience):
            return read_served(client, self._name, self._version, patience)

    def still_served(self) -> dict[str, str]:
        """The same amid requests: through their connection, and as patiently as they are made."""
        read = partial(read_served, self._connected(), self._name, self._version, self._server.deadline_s)
        return self._patiently(lambda: read, Subject())

    def max_batch(self, *, page: int = 0, document: str = "") -> int:
        """The largest batch that one request may carry. Asks the server once."""
        return self._known(Subject.of([page] if page else [], document)).max_batch

    def input_types(self, *, page: int = 0, document: str = "") -> list[str]:
        """Datatypes of the inputs, in order, e.g. FP32. Asks the server once."""
        known = self._known(Subject.of([page] if page else [], document))
        return [tensor.datatype for tensor in known.inputs]

    def tensor_names(self, *, page: int = 0, document: str = "") -> tuple[list[str], list[str]]:
        """Names of the inputs and outputs, in order. Asks the server once."""
        known = self._known(Subject.of([page] if page else [], document))
        return [tensor.name for tensor in known.inputs], [tensor.name for tensor in known.outputs]

    def infer(self, inputs: Sequence[Array], *, page: int = 0, document: str = "") -> list[Array]:
        """The model's outputs, in the order of its metadata, for inputs in that order.

        `page` and `document` are named in errors. Raises as `Request.result` does.
        """
        return self.submit(inputs, Subject.of([page] if page else [], document)).result()

    def submit(self, inputs: Sequence[Array], subject: Subject) -> Request:
        """Send a request and do not wait; whoever submits bounds how many are under way (`window`)."""
        return Request(self, inputs, subject)

    def count_in(self, folder: Path) -> None:
        """Keep count of this process's requests there from now on."""
        self._tally = RequestTally(folder, self._name)
        self._step = folder.name

    def open_meter(self, folder: Path) -> ModelMeter:
        """Begin to measure what the server spends on the requests that processes count there."""
        reader = StatisticsReader(self._server, connect(self._server.url), self._name, self._version)
        return ModelMeter(self._name, reader, partial(read_tallies, folder, self._name))

    def counters(self) -> Counters | None:
        """What the server has counted of the model since it was loaded; None when it does not answer."""
        reader = StatisticsReader(self._server, connect(self._server.url), self._name, self._version)
        try:
            reader.look_up()
            return reader.read()
        finally:
            reader.close()

    @contextmanager
    def _visit(self) -> Iterator[tuple[Any, float]]:
        """A client of its own for few questions, and the seconds for each; no connection stays open."""
        client = connect(self._server.url)
        try:
            patience = min(_CHECK_S, self._server.deadline_s)
            with translated(self._nobody):
                client.is_server_live(client_timeout=patience)
            with translated(self._not_ready):
                yield client, patience
        finally:
            client.close()

    @property
    def _place(self) -> str:
        version = f" version {self._version}" if self._version else ""
        return f"the model {self._name}{version} of the Triton server at {self._server.url}"

    def _known(self, subject: Subject) -> Interface:
        if self._interface is None:
            read = partial(self._read, self._connected(), self._server.deadline_s)
            self._interface = self._patiently(lambda: read, subject)
        return self._interface

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = connect(self._server.url)
            return self._client

    def _shared(self) -> SharedRegions | None:
        if not self._server.wants(self._server.shared_memory):
            return None
        with self._lock:
            if self._regions is None:
                self._regions = SharedRegions(self._connected(), self._server.shared_memory, self._place)
            return self._regions

    def _read(self, client: Any, patience: float) -> Interface:
        return read_interface(client, self._name, self._version, self._counts, self._place, patience)

    def _span(self, subject: Subject) -> Span:
        """Of a request, as OpenTelemetry's conventions for RPC have it."""
        about: Attributes = {
            "rpc.system": "grpc",
            "rpc.method": "inference.GRPCInferenceService/ModelInfer",
            "server.address": self._server.host,
            "server.port": self._server.port,
            "docmill.model": self._name,
            "docmill.pages": subject.pages,
        }
        return current_span().child(f"triton {self._name}", about, "client")

    def _send(self, inputs: Sequence[Array], subject: Subject, span: Span) -> Attempt:
        """Begin one attempt of a request."""
        from tritonclient.grpc import InferInput, InferRequestedOutput

        known = self._known(subject)
        self._check_types(known, inputs)
        # strings have no fixed size in a region
        regions = None if any(array.dtype == object for array in inputs) else self._shared()
        lease = regions.put(inputs) if regions else None
        tensors = []
        for index, (tensor, array) in enumerate(zip(known.inputs, inputs, strict=False)):
            value = InferInput(tensor.name, list(array.shape), tensor.datatype)
            if lease:
                value.set_shared_memory(lease.region.name, array.nbytes, lease.offsets[index])
            else:
                value.set_data_from_numpy(array)
            tensors.append(value)
        items = _items(inputs)
        self._count(Asked(sent=items, open=1))
        attempt = Attempt(lease, partial(self._heard, items, time.monotonic()))
        attempt.call = self._connected().async_infer(
            self._name,
            tensors,
            attempt.arrived,
            model_version=self._version,
            outputs=[InferRequestedOutput(name) for name in self._wanted(known)],
            request_id=span.trace_id,
            client_timeout=self._server.deadline_s,
            headers=span.headers or None,
            parameters={STEP: self._step} if known.tells and self._tally else None,
        )
        return attempt

    def _wanted(self, known: Interface) -> list[str]:
        """The outputs to ask for: what it took too, where somebody counts and the server says it."""
        told = [ACCOUNT] if known.tells and self._tally else []
        return [*(tensor.name for tensor in known.outputs), *told]

    def _check_types(self, known: Interface, inputs: Sequence[Array]) -> None:
        """Before bytes are put where the server would take them for numbers of another kind."""
        from tritonclient.utils import np_to_triton_dtype

        for tensor, array in zip(known.inputs, inputs, strict=False):
            datatype = np_to_triton_dtype(array.dtype)
            if datatype != tensor.datatype:
                raise RefusedRequestError(
                    f"{self._place} was given {datatype} for its input {tensor.name}, expected "
                    f"{tensor.datatype}; check the model's name"
                )

    def _outputs(self, attempt: Attempt, subject: Subject) -> list[Array]:
        """Wait for an attempt's answer."""
        answer = attempt.answer()
        return [output_array(answer, tensor.name, self._place) for tensor in self._known(subject).outputs]

    def _patiently(
        self,
        begin: Callable[[], Callable[[], T]],
        subject: Subject,
        begun: Callable[[], T] | None = None,
        since: float | None = None,
    ) -> T:
        """The answer that `begin` and what it returns give; tried again after failures that may pass.

        `begun` is a first attempt that is under way since `since`.
        """
        first = time.monotonic()
        lost = 0
        for attempt in count(1):
            if self._breaker.is_open:
                raise UnreachableServerError(
                    f"{self._place} is given up for now: it has been silent for "
                    f"{self._server.patience_s:g} s; check that the server runs; what is finished is kept"
                )
            sent = since if since and attempt == 1 else time.monotonic()
            try:
                with translated(partial(self._explain, subject, attempt)):
                    answer = (begun if begun and attempt == 1 else begin())()
            except LostRegionError:
                self._breaker.answered()
                lost += 1
                if self._regions:
                    self._regions.forgotten(again=lost > 1)
                continue
            except UnreachableServerError:
                # the breaker counts from when the request was sent: a silent server has had that time
                if self._breaker.silent(sent) or self._is_late(attempt, first):
                    self._count(Asked(given_up=1))
                    raise
            except DeadStubError:
                self._breaker.answered()
                if not self._server.wants(self._server.recover) or self._is_late(attempt, first):
                    raise
                reload_once(
                    self._connected(), self._server.url, self._name, partial(self._is_dead, begin, subject)
                )
            except BackendUnavailableError:
                self._breaker.answered()
                if self._is_late(attempt, first):
                    raise
            except BackendConfigError:
                self._breaker.answered()
                raise
            else:
                self._breaker.answered()
                return answer
            time.sleep(min(pause(attempt), max(0.0, first + self._server.patience_s - time.monotonic())))
        raise AssertionError("unreachable")

    def _is_late(self, attempt: int, first: float) -> bool:
        return attempt > self._server.retries or time.monotonic() - first > self._server.patience_s

    def _is_dead(self, begin: Callable[[], Callable[[], Any]], subject: Subject) -> bool:
        """Whether the same request still finds the model's process dead."""
        try:
            with translated(partial(self._explain, subject, 1)):
                begin()()
        except DeadStubError:
            return True
        except BackendError:
            return False
        return False

    def _answered(self, items: int) -> None:
        with self._lock:
            self._inferences += items

    def _heard(self, items: int, sent: float, answer: Any, error: Exception | None) -> None:
        """Count what became of a request; one that nobody waited for any longer may be computed yet."""
        self.window.answered(time.monotonic() - sent)
        if error is None:
            self._count(Asked(answered=items, open=-1), read_told(answer))
        elif status_of(error) not in _GIVEN_UP:
            self._count(Asked(refused=items, open=-1, refusals=1))

    def _count(self, asked: Asked, told: Told | None = None) -> None:
        if self._tally:
            self._tally.add(asked, told)

    def _explain(self, subject: Subject, attempts: int, status: str, words: str) -> BackendError:
        if status == "DEADLINE_EXCEEDED":
            words = f"within {self._server.deadline_s:g} s"
        return request_error(self._place, subject, attempts, status, words)

    def _nobody(self, _status: str, words: str) -> BackendError:
        return UnreachableServerError(
            f"no Triton server answers at {self._server.url} ({words}); start one there with "
            "`tritonserver --model-repository=...`, name another one (its gRPC port), "
            "or use the embedded backend"
        )

    def _not_ready(self, status: str, words: str) -> BackendError:
        error = request_error(self._place, Subject(), 1, status, words)
        kind = BackendConfigError if isinstance(error, BackendConfigError) else BackendUnavailableError
        return kind(f"{self._place} is not ready: {words}; check its name, and the server's log")


class Request:
    """A request under way."""

    def __init__(self, model: TritonModel, inputs: Sequence[Array], subject: Subject) -> None:
        self._model = model
        self._inputs = inputs
        self._subject = subject
        self._span = model._span(subject)
        self._attempt: Attempt | None = None
        with failing(self._span):
            self._attempt = model._send(inputs, subject, self._span)
        self._since = time.monotonic()

    def result(self) -> list[Array]:
        """Wait for the model's outputs, in the order of its metadata.

        Raises `BackendUnavailableError` when the server does not answer in spite of retries,
        `BackendConfigError` when it refuses the request.
        """
        attempt, self._attempt = self._attempt, None
        begun = partial(self._model._outputs, attempt, self._subject) if attempt else None
        with failing(self._span):
            outputs = self._model._patiently(self._again, self._subject, begun, self._since)
        self._span.end()
        self._model._answered(_items(self._inputs))
        return outputs

    def cancel(self) -> None:
        """Give it up, unless its result was waited for."""
        if self._attempt:
            self._attempt.cancel()
            self._attempt = None
            self._span.end("nobody waited for it")

    def _again(self) -> Callable[[], list[Array]]:
        attempt = self._model._send(self._inputs, self._subject, self._span)
        return partial(self._model._outputs, attempt, self._subject)


def _items(inputs: Sequence[Array]) -> int:
    """Inferences, as the server counts them."""
    return len(inputs[0]) if inputs and inputs[0].ndim else 1
