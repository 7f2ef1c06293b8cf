import pickle

import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.triton.errors import (
    DeadStubError,
    LateAnswerError,
    LostRegionError,
    ModelFailedError,
    OverloadedError,
    RefusedRequestError,
    UnknownModelError,
    UnreachableServerError,
    request_error,
)
from docmill.resources.clients.triton.requests.subject import Subject

SUBJECT = Subject((3,), "report.pdf")


@pytest.mark.parametrize(
    ("status", "words", "kind", "passes"),
    [
        ("UNAVAILABLE", "failed to connect to all addresses", UnreachableServerError, True),
        ("UNAVAILABLE", "Socket closed", UnreachableServerError, True),
        ("UNAVAILABLE", "Exceeds maximum queue size", OverloadedError, True),
        ("UNAVAILABLE", "Request timeout expired", OverloadedError, True),
        ("DEADLINE_EXCEEDED", "within 2 s", LateAnswerError, True),
        ("INTERNAL", "Stub process 'layout_0_0' is not healthy", DeadStubError, True),
        ("INTERNAL", "out of memory", ModelFailedError, True),
        ("INVALID_ARGUMENT", "unexpected shape for input 'x'", RefusedRequestError, False),
        ("NOT_FOUND", "Request for unknown model: 'm' is not found", UnknownModelError, False),
        ("UNAUTHENTICATED", "no token", RefusedRequestError, False),
    ],
)
def test_each_failure_has_a_class_that_says_model_page_document_and_remedy(
    status: str, words: str, kind: type, passes: bool
) -> None:
    error = request_error("the model m of the Triton server at h:1", SUBJECT, 2, status, words)
    assert type(error) is kind
    assert isinstance(error, BackendUnavailableError if passes else BackendConfigError)
    for part in ("model m", "h:1", "page 3 of report.pdf", words, "; "):
        assert part in str(error)
    assert ("2 attempts" in str(error)) == passes
    again = pickle.loads(pickle.dumps(error))  # as it comes out of a worker
    assert (type(again), str(again)) == (kind, str(error))


@pytest.mark.parametrize("status", ["NOT_FOUND", "INVALID_ARGUMENT"])
def test_a_lost_region_is_no_failure_of_the_request(status: str) -> None:
    error = request_error("m", SUBJECT, 1, status, "Unable to find shared memory region: 'x'")
    assert type(error) is LostRegionError
