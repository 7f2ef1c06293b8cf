"""One call of a server: its answer, and the memory that its inputs are in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.clients.triton.requests.shared_memory import Lease

__all__ = ["Attempt", "output_array"]


class Attempt:
    """A call under way; `arrived` is to be called with its answer, and `call` can be cancelled.

    `heard` is told what the server has answered, or the error that it said instead.
    """

    def __init__(self, lease: Lease | None, heard: Callable[[Any, Exception | None], None]) -> None:
        self._lease = lease
        self._heard = heard
        self._future: Future[Any] = Future()
        self.call: Any = None

    def arrived(self, result: Any, error: Exception | None) -> None:
        """Called by gRPC's thread with the answer."""
        self._heard(result, error)
        if self._future.set_running_or_notify_cancel():
            if error is None:
                self._future.set_result(result)
            else:
                self._future.set_exception(error)

    def answer(self) -> Any:
        """Wait for the server's answer; raises tritonclient's InferenceServerException."""
        try:
            return self._future.result()
        finally:
            self._end()

    def cancel(self) -> None:
        """Nobody wants the answer any more."""
        if self._future.cancel():
            self.call.cancel()
        self._end()

    def _end(self) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            return
        # without an answer the server may still read
        if self._future.done() and not self._future.cancelled() and self._future.exception() is None:
            lease.release()
        else:
            lease.abandon()


def output_array(answer: Any, name: str, place: str) -> NDArray[Any]:
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
