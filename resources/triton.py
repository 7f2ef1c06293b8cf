"""A model on a Triton Inference Server, over gRPC: deadlines, retries and errors that say what to do."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.convert.errors import BackendConfigError, BackendError, BackendUnavailableError

__all__ = ["Array", "TritonModel", "TritonServer"]

Array = NDArray[Any]
T = TypeVar("T")

_URL = re.compile(r"(dns:///)?(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):\d{1,5}")
#: What Triton begins its messages with when a request has no id.
_NO_ID = "[request id: <id_unknown>] "
_CHECK_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8.0
#: What the request or the set-up is to blame for: the same request would fail again.
_PERMANENT = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "UNIMPLEMENTED",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
    }
)
_CHANNEL = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # gRPC's own pauses between attempts to connect grow to two minutes: longer than a server's restart
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # a name with several addresses is several servers
    ("grpc.lb_policy_name", "round_robin"),
)


@dataclass(frozen=True)
class TritonServer:
    """Where the server is and how long to bear with it.

    `deadline_s` limits one request. `retries` are made after a request that another attempt may save, and
    none later than two deadlines after the first.
    """

    url: str = "localhost:8001"
    deadline_s: float = 30.0
    retries: int = 6

    def __post_init__(self) -> None:
        """Raise `BackendConfigError` for what is no host and port."""
        if not _URL.fullmatch(self.url):
            raise BackendConfigError(
                f"{self.url!r} is no address of a Triton server: give host:port of its gRPC service, "
                "such as localhost:8001"
            )


@dataclass(frozen=True)
class _Tensor:
    name: str
    datatype: str  # as Triton writes it: FP32, INT64, ...


@dataclass(frozen=True)
class _Interface:
    """A model's tensors, in the order of its metadata, and the largest batch of one request."""

    inputs: tuple[_Tensor, ...]
    outputs: tuple[_Tensor, ...]
    max_batch: int


class TritonModel:
    """One model of a server. Connects when first used; a pickled copy carries the settings only.

    gRPC does not survive a fork, so each worker process has a connection of its own.
    """

    def __init__(
        self, server: TritonServer, name: str, version: str = "", inputs: int = 1, outputs: int = 1
    ) -> None:
        self._server = server
        self._name = name
        self._version = version
        self._counts = (inputs, outputs)
        self._client: Any = None
        self._interface: _Interface | None = None

    def __reduce__(self) -> tuple[type[TritonModel], tuple[TritonServer, str, str, int, int]]:
        return TritonModel, (self._server, self._name, self._version, *self._counts)

    def check(self) -> None:
        """Ask once whether the server lives and the model is ready and fits, and leave no connection open.

        Raises `BackendUnavailableError` when nothing answers, `BackendConfigError` for a model that is not
        there or not the one expected.
        """
        client = _connect(self._server.url)
        try:
            patience = min(_CHECK_S, self._server.deadline_s)
            with _translated(self._nobody):
                client.is_server_live(client_timeout=patience)
            with _translated(self._not_ready):
                self._read_interface(client, patience)
                if not client.is_model_ready(self._name, self._version, client_timeout=patience):
                    raise BackendUnavailableError(f"{self._place} is not ready; the server's log says why")
        finally:
            client.close()

    def max_batch(self, *, page: int) -> int:
        """The largest batch that one request may carry. Asks the server once."""
        return self._known(page).max_batch

    def input_types(self, *, page: int) -> list[str]:
        """Datatypes of the inputs, in order, e.g. FP32. Asks the server once."""
        return [tensor.datatype for tensor in self._known(page).inputs]

    def infer(self, inputs: Sequence[Array], *, page: int) -> list[Array]:
        """The model's outputs, in the order of its metadata, for inputs in that order.

        `page` is named in errors. Raises `BackendUnavailableError` when the server does not answer in spite
        of retries, `BackendConfigError` when it refuses the request.
        """
        known = self._known(page)

        def request() -> list[Array]:
            from tritonclient.grpc import InferInput, InferRequestedOutput

            tensors = []
            for tensor, array in zip(known.inputs, inputs, strict=False):
                value = InferInput(tensor.name, list(array.shape), tensor.datatype)
                value.set_data_from_numpy(array)
                tensors.append(value)
            wanted = [InferRequestedOutput(tensor.name) for tensor in known.outputs]
            answer = self._connected().infer(
                self._name,
                tensors,
                model_version=self._version,
                outputs=wanted,
                client_timeout=self._server.deadline_s,
            )
            return [_array(answer, tensor.name, self._place) for tensor in known.outputs]

        return self._patiently(request, page)

    @property
    def _place(self) -> str:
        version = f" version {self._version}" if self._version else ""
        return f"the model {self._name}{version} of the Triton server at {self._server.url}"

    def _known(self, page: int) -> _Interface:
        if self._interface is None:
            self._interface = self._patiently(
                lambda: self._read_interface(self._connected(), self._server.deadline_s), page
            )
        return self._interface

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _connect(self._server.url)
        return self._client

    def _read_interface(self, client: Any, patience: float) -> _Interface:
        metadata = client.get_model_metadata(self._name, self._version, client_timeout=patience)
        config = client.get_model_config(self._name, self._version, client_timeout=patience).config
        found = tuple(_Tensor(t.name, t.datatype) for t in metadata.inputs)
        given = tuple(_Tensor(t.name, t.datatype) for t in metadata.outputs)
        inputs, outputs = self._counts
        if len(found) != inputs or len(given) < outputs:
            raise BackendConfigError(
                f"{self._place} has {len(found)} inputs and {len(given)} outputs instead of {inputs} and "
                f"{outputs}: it is another kind of model; check the model's name"
            )
        return _Interface(found, given[:outputs], max(1, config.max_batch_size))

    def _patiently(self, request: Callable[[], T], page: int) -> T:
        """The request's answer, tried again after failures that may pass: exponential pauses, full jitter."""
        started = time.monotonic()
        for attempt in count(1):
            try:
                with _translated(partial(self._failure, page, attempt)):
                    return request()
            except BackendUnavailableError:
                late = time.monotonic() - started > 2 * self._server.deadline_s
                if attempt > self._server.retries or late:
                    raise
            pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (attempt - 1))
            time.sleep(random.uniform(0.0, pause))
        raise AssertionError("unreachable")

    def _failure(self, page: int, attempts: int, status: str, words: str) -> BackendError:
        if status in _PERMANENT:
            return BackendConfigError(
                f"{self._place} refused page {page}: {words}; check the model's name and version, "
                "and that it keeps docling's contract"
            )
        if status == "DEADLINE_EXCEEDED":
            what = f"gave no answer for page {page} within {self._server.deadline_s:g} s"
            remedy = "raise deadline_s, give the server more instances, or use fewer workers"
        elif status == "UNAVAILABLE":
            what = f"is not available for page {page}: {words}"
            remedy = "check that the server runs and is not overloaded; what is finished is kept"
        else:
            what = f"failed on page {page}: {status} {words}"
            remedy = "see the server's log; load the model anew or restart the server"
        return BackendUnavailableError(f"{self._place} {what} ({_times(attempts)}); {remedy}")

    def _nobody(self, _status: str, words: str) -> BackendError:
        return BackendUnavailableError(
            f"no Triton server answers at {self._server.url} ({words}); start one there with "
            "`tritonserver --model-repository=...`, name another one (its gRPC port), "
            "or use the embedded backend"
        )

    def _not_ready(self, status: str, words: str) -> BackendError:
        kind = BackendConfigError if status in _PERMANENT else BackendUnavailableError
        return kind(f"{self._place} is not ready: {words}; check its name, and the server's log")


def _connect(url: str) -> Any:
    from tritonclient.grpc import InferenceServerClient  # half a second, and no use to other backends

    return InferenceServerClient(url, channel_args=list(_CHANNEL))


def _array(answer: Any, name: str, place: str) -> Array:
    """One output; a server whose Python has the wrong NumPy announces a shape and sends no bytes."""
    try:
        array = answer.as_numpy(name)
    except ValueError as error:
        raise BackendConfigError(
            f"{place} sent an output {name} that does not fill its shape ({error}); "
            "check the Python environment of its backend"
        ) from error
    if array is None:
        raise BackendConfigError(f"{place} sent no output {name}")
    return np.asarray(array)


@contextmanager
def _translated(explain: Callable[[str, str], BackendError]) -> Iterator[None]:
    """Raise what `explain(status, message)` makes of the client's errors."""
    from tritonclient.utils import InferenceServerException

    try:
        yield
    except InferenceServerException as error:
        status = str(error.status() or "INVALID_ARGUMENT").removeprefix("StatusCode.")
        words = str(error.message()).removeprefix(_NO_ID).strip() or "no reason given"
        raise explain(status, words.splitlines()[0].rstrip(".")) from error


def _times(attempts: int) -> str:
    return f"{attempts} attempts" if attempts > 1 else "1 attempt"
