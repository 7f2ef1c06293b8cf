"""The ways in which a request to a Triton server fails, a class each, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from docmill.pipeline.convert.errors import BackendConfigError, BackendError, BackendUnavailableError
from docmill.resources.clients.triton.requests.subject import Subject

__all__ = [
    "DeadStubError",
    "LateAnswerError",
    "LostRegionError",
    "ModelChangedError",
    "ModelFailedError",
    "NotTheContractError",
    "OverloadedError",
    "RefusedRequestError",
    "SharedMemoryError",
    "UnknownModelError",
    "UnreachableServerError",
    "request_error",
    "translated",
]

#: What Triton begins its messages with when a request has no id.
_NO_ID = "[request id: <id_unknown>] "
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
_LOST_REGION = "Unable to find shared memory region"
_DEAD_STUB = ("Stub process", "is not healthy")
_OVERLOAD = ("maximum queue size", "timeout expired")


class UnreachableServerError(BackendUnavailableError):
    """Nobody answers: the server is not there, is starting, or went away with the request."""


class LateAnswerError(UnreachableServerError):
    """No answer within the deadline."""


class OverloadedError(BackendUnavailableError):
    """The server turned the request away: its queue is full, or the request waited too long in it."""


class ModelFailedError(BackendUnavailableError):
    """The model raised an error of its own."""


class DeadStubError(ModelFailedError):
    """The process that runs the model has died; Triton does not start it again, and still calls it ready."""


class ModelChangedError(BackendUnavailableError):
    """The server has other weights behind the model's name than it had when the step began."""


class RefusedRequestError(BackendConfigError):
    """The server refused the request: it would refuse it again."""


class UnknownModelError(RefusedRequestError):
    """The server has no such model, or not that version of it, loaded."""


class NotTheContractError(BackendConfigError):
    """The model's answer is not what a model of its kind gives."""


class SharedMemoryError(BackendConfigError):
    """Shared memory was asked for and cannot be used with this server."""


class LostRegionError(BackendError):
    """The server does not know a region of shared memory (any more): it was started anew."""


def request_error(place: str, subject: Subject, attempts: int, status: str, words: str) -> BackendError:
    """The error for a request about `subject` that ended with gRPC's `status`; `place` names the model."""
    if status in ("NOT_FOUND", "INVALID_ARGUMENT") and _LOST_REGION in words:
        return LostRegionError(words)
    if status in _PERMANENT:
        kind = UnknownModelError if status == "NOT_FOUND" else RefusedRequestError
        return kind(
            f"{place} refused {subject}: {words}; check the model's name and version, "
            "and that it keeps docling's contract"
        )
    tried = f"({attempts} attempts)" if attempts > 1 else "(1 attempt)"
    if status == "DEADLINE_EXCEEDED":
        return LateAnswerError(
            f"{place} gave no answer for {subject} {words} {tried}; raise deadline_s, give the server more "
            "instances, or use fewer workers"
        )
    if status in ("UNAVAILABLE", "RESOURCE_EXHAUSTED") and any(sign in words for sign in _OVERLOAD):
        return OverloadedError(
            f"{place} turned {subject} away: {words} {tried}; give the model more instances or a longer "
            "queue, or use fewer workers; what is finished is kept"
        )
    if status == "UNAVAILABLE":
        return UnreachableServerError(
            f"{place} is not available for {subject}: {words} {tried}; check that the server runs and is "
            "not overloaded; what is finished is kept"
        )
    if all(sign in words for sign in _DEAD_STUB):
        return DeadStubError(
            f"{place} failed on {subject}: {words} {tried}; its process died and Triton does not start it "
            "again: load the model anew, or set `recover: on` to have docmill do it"
        )
    return ModelFailedError(
        f"{place} failed on {subject}: {status} {words} {tried}; see the server's log; load the model anew "
        "or restart the server"
    )


def status_of(error: Any) -> str:
    """gRPC's status of an error of tritonclient's; those that it finds itself have none."""
    return str(error.status() or "INVALID_ARGUMENT").removeprefix("StatusCode.")


@contextmanager
def translated(explain: Callable[[str, str], BackendError]) -> Iterator[None]:
    """Raise what `explain(status, message)` makes of the client's errors."""
    from tritonclient.utils import InferenceServerException

    try:
        yield
    except InferenceServerException as error:
        status = status_of(error)
        words = str(error.message()).removeprefix(_NO_ID).strip() or "no reason given"
        raise explain(status, words.splitlines()[0].rstrip(".")) from error
