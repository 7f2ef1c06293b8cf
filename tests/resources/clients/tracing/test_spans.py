"""Spans as values: who is within whom, what they carry, and that nothing is recorded where there is none."""

from __future__ import annotations

import pickle
import threading

import pytest

from docmill.resources.clients.tracing.spans import (
    NO_SPAN,
    FinishedSpan,
    OpenSpan,
    SpanContext,
    current_span,
    entered,
    failing,
    recording,
)

CONTEXT = SpanContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


def test_a_traceparent_is_read_as_it_is_written() -> None:
    """The example of the standard."""
    assert CONTEXT.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert SpanContext.parsed(CONTEXT.traceparent) == CONTEXT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)
def test_what_is_no_traceparent(text: str) -> None:
    assert SpanContext.parsed(text) is None


def test_spans_within_a_span_have_its_trace_and_what_it_passes_on() -> None:
    kept: list[FinishedSpan] = []
    outer = OpenSpan("outer", CONTEXT, kept.append, inherited={"a": "1"})
    inner = outer.child("inner", {"own": 1}, inherited={"b": "2"})
    inner.child("innermost", kind="client").end("went wrong")
    inner.end()
    inner.end("it has ended")
    innermost, middle = kept
    assert (innermost.parent_id, innermost.kind, innermost.error) == (
        middle.context.span_id,
        "client",
        "went wrong",
    )
    assert (middle.parent_id, middle.error) == (CONTEXT.span_id, "")
    assert middle.attributes == {"a": "1", "b": "2", "own": 1}
    assert innermost.attributes == {"a": "1", "b": "2"}
    assert middle.start_ns <= innermost.start_ns <= innermost.end_ns <= middle.end_ns


def test_another_process_records_within_the_span_that_it_is_told() -> None:
    kept: list[FinishedSpan] = []
    span = OpenSpan("chunk", CONTEXT, kept.append, inherited={"a": "1"})
    with recording(pickle.loads(pickle.dumps(span.carried))) as spans:
        current_span().child("request").end()
    assert current_span() is NO_SPAN
    span.hand_on(pickle.loads(pickle.dumps(spans)))
    [request] = kept
    assert (request.context.trace_id, request.parent_id) == (CONTEXT.trace_id, CONTEXT.span_id)
    assert request.attributes == {"a": "1"}


def test_where_there_is_no_span_nothing_is_recorded() -> None:
    assert current_span() is NO_SPAN
    child = NO_SPAN.child("request")
    child.end()
    assert (child.trace_id, child.headers, child.carried) == ("", {}, None)
    with recording(child.carried) as spans:
        assert current_span() is NO_SPAN
    assert spans == []


def test_the_current_span_is_a_thread_s_own() -> None:
    seen = []
    with entered(OpenSpan("outer", CONTEXT, print)):
        thread = threading.Thread(target=lambda: seen.append(current_span()))
        thread.start()
        thread.join()
    assert seen == [NO_SPAN]


def test_an_error_ends_a_span() -> None:
    kept: list[FinishedSpan] = []
    with pytest.raises(ValueError, match="odd"), failing(OpenSpan("outer", CONTEXT, kept.append)):
        raise ValueError("odd")
    assert [each.error for each in kept] == ["ValueError: odd"]
