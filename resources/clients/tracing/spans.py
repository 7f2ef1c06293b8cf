"""Spans of a trace, as values. Nothing here imports OpenTelemetry, so that workers need none of it.

There is a current span, of this thread or asyncio task; where there is none, nothing is recorded. A process
that exports keeps finished spans by a function. A worker is told the span that its task belongs to, records
what is made within it, and hands that back with the task's result (`recording`, `Span.hand_on`).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = [
    "NO_SPAN",
    "Attributes",
    "Carried",
    "FinishedSpan",
    "Kind",
    "OpenSpan",
    "Span",
    "SpanContext",
    "current_span",
    "entered",
    "failing",
    "recording",
]

Value = str | int | float | Sequence[int]
Attributes = Mapping[str, Value]
Kind = Literal["internal", "client"]
#: A span as another process gets it: its `traceparent`, and the attributes that spans within it have too.
Carried = tuple[str, dict[str, str]]

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
_NONE: Attributes = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class SpanContext:
    """Which span of which trace; both as W3C Trace Context has them, 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str

    @classmethod
    def parsed(cls, traceparent: str) -> SpanContext | None:
        """Of a `traceparent` (https://www.w3.org/TR/trace-context/); None for what is none."""
        found = _TRACEPARENT.fullmatch(traceparent)
        return cls(found[1], found[2]) if found else None

    @property
    def traceparent(self) -> str:
        """As headers carry it, sampled."""
        return f"00-{self.trace_id}-{self.span_id}-01"


@dataclass(frozen=True)
class FinishedSpan:
    """A span that has ended; times are nanoseconds since 1970. With an `error` it went wrong."""

    name: str
    context: SpanContext
    parent_id: str
    kind: Kind
    start_ns: int
    end_ns: int
    attributes: Attributes
    error: str = ""


#: Does with a finished span whatever is to be done.
Keep = Callable[[FinishedSpan], None]


class Span:
    """A span, or by itself nothing, where there is no trace: then nothing is recorded."""

    @property
    def trace_id(self) -> str:
        """The trace's id; empty where there is none."""
        return ""

    @property
    def headers(self) -> dict[str, str]:
        """What tells a server of this span: HTTP headers, or gRPC metadata."""
        return {}

    @property
    def carried(self) -> Carried | None:
        """What tells another process of docmill's."""
        return None

    def child(
        self,
        name: str,
        attributes: Attributes = _NONE,
        kind: Kind = "internal",
        inherited: Mapping[str, str] = _NOTHING,
    ) -> Span:
        """Begin a span within this one; it, and what is within it, have the attributes `inherited`."""
        return self

    def begin_at(self, start_ns: int) -> None:
        """What it stands for began only then, nanoseconds since 1970."""

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""

    def end(self, error: str = "") -> None:
        """End it; only the first time counts."""

    def hand_on(self, spans: Iterable[FinishedSpan]) -> None:
        """Keep what another process has recorded."""


@dataclass
class OpenSpan(Span):
    """A span under way. `inherited` are attributes that it and all spans within it have."""

    name: str
    context: SpanContext
    keep: Keep
    parent_id: str = ""
    kind: Kind = "internal"
    inherited: Mapping[str, str] = field(default_factory=dict)
    attributes: dict[str, Value] = field(default_factory=dict)
    start_ns: int = field(default_factory=time.time_ns)
    _ended: bool = False

    @property
    def trace_id(self) -> str:
        """The trace's id."""
        return self.context.trace_id

    @property
    def headers(self) -> dict[str, str]:
        """What tells a server of this span: HTTP headers, or gRPC metadata."""
        return {"traceparent": self.context.traceparent}

    @property
    def carried(self) -> Carried:
        """What tells another process of docmill's."""
        return self.context.traceparent, dict(self.inherited)

    def child(
        self,
        name: str,
        attributes: Attributes = _NONE,
        kind: Kind = "internal",
        inherited: Mapping[str, str] = _NOTHING,
    ) -> OpenSpan:
        """Begin a span within this one; it, and what is within it, have the attributes `inherited`."""
        context = SpanContext(self.trace_id, secrets.token_hex(8))
        passed_on = {**self.inherited, **inherited}
        return OpenSpan(name, context, self.keep, self.context.span_id, kind, passed_on, dict(attributes))

    def begin_at(self, start_ns: int) -> None:
        """What it stands for began only then, nanoseconds since 1970."""
        self.start_ns = start_ns

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""
        self.attributes.update(attributes)

    def end(self, error: str = "") -> None:
        """End it; only the first time counts."""
        if self._ended:
            return
        self._ended = True
        attributes = {**self.inherited, **self.attributes}
        times = self.start_ns, time.time_ns()
        self.keep(FinishedSpan(self.name, self.context, self.parent_id, self.kind, *times, attributes, error))

    def hand_on(self, spans: Iterable[FinishedSpan]) -> None:
        """Keep what another process has recorded."""
        for span in spans:
            self.keep(span)


NO_SPAN = Span()
_CURRENT: ContextVar[Span] = ContextVar("docmill_span", default=NO_SPAN)


def current_span() -> Span:
    """The span that what happens now belongs to."""
    return _CURRENT.get()


@contextmanager
def entered(span: Span) -> Iterator[Span]:
    """Have `span` be the current one; it is not ended."""
    token = _CURRENT.set(span)
    try:
        yield span
    finally:
        _CURRENT.reset(token)


@contextmanager
def failing(span: Span) -> Iterator[None]:
    """End a span where an error goes through here."""
    try:
        yield
    except BaseException as error:
        span.end(f"{type(error).__name__}: {error}")
        raise


@contextmanager
def recording(carried: Carried | None) -> Iterator[list[FinishedSpan]]:
    """The spans that end in another process's span, which is the current one meanwhile."""
    spans: list[FinishedSpan] = []
    context = SpanContext.parsed(carried[0]) if carried else None
    if carried is None or context is None:
        yield spans
        return
    with entered(OpenSpan("", context, spans.append, inherited=carried[1])):
        yield spans
