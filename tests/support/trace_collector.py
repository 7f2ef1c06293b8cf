"""A collector of traces: takes OTLP over HTTP as OpenTelemetry's do, and remembers the spans."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support.loopback import LoopbackServer, Quiet

__all__ = ["Collected", "TraceCollector"]


@dataclass(frozen=True)
class Collected:
    """A span as it arrived; ids in hexadecimal digits, times in nanoseconds since 1970."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    failed: bool
    message: str
    service: str


class TraceCollector(LoopbackServer):
    """Use as a context manager; `status` is what it answers with."""

    def __init__(self) -> None:
        self.spans: list[Collected] = []
        self.status = 200
        self.paths: list[str] = []
        collector = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                collector.paths.append(self.path)
                if collector.status == 200:
                    collector.spans += _spans(_request(body, self.headers["Content-Type"]))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(collector.status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        super().__init__(Handler)

    @property
    def url(self) -> str:
        return self.root

    @property
    def address(self) -> str:
        """What takes traces."""
        return f"{self.url}/v1/traces"

    def named(self, name: str) -> list[Collected]:
        """The spans of that name, by when they began."""
        return sorted((span for span in self.spans if span.name == name), key=lambda span: span.start_ns)

    def lineage(self, span: Collected) -> list[str]:
        """The names of a span and of those that it is within, from the outermost on."""
        [*outer] = (each for each in self.spans if each.span_id == span.parent_id)
        return [*(self.lineage(outer[0]) if outer else []), span.name]


def _request(body: bytes, kind: str) -> ExportTraceServiceRequest:
    """Of protobuf, or of JSON, which Triton sends: there the bytes of ids are hexadecimal digits."""
    request = ExportTraceServiceRequest()
    if "json" not in kind:
        request.ParseFromString(body)
        return request
    said = json.loads(body)
    for resource in said["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in {"traceId", "spanId", "parentSpanId"} & span.keys():
                    span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    json_format.ParseDict(said, request, ignore_unknown_fields=True)
    return request


def _spans(request: ExportTraceServiceRequest) -> Iterator[Collected]:
    for resource in request.resource_spans:
        service = _attributes(resource.resource.attributes).get("service.name", "")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Collected(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    kind=span.kind,
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    attributes=_attributes(span.attributes),
                    failed=span.status.code == 2,
                    message=span.status.message,
                    service=service,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None
