"""When there are traces, and where they go."""

from __future__ import annotations

import pytest

from docmill.resources.clients.tracing.collector import is_wanted, traces_address, why_not

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    ("endpoint", "environment", "wanted"),
    [
        ("", {}, False),
        ("http://collector:4318", {}, True),
        ("", ENDPOINT, True),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ("", {"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ("", {**ENDPOINT, "OTEL_TRACES_EXPORTER": "console, otlp"}, True),
        ("", {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ("http://collector:4318", {"OTEL_TRACES_EXPORTER": "none"}, False),
        ("http://collector:4318", {"OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_when_runs_are_traced(endpoint: str, environment: dict[str, str], wanted: bool) -> None:
    assert is_wanted(endpoint, environment) is wanted


@pytest.mark.parametrize(
    ("endpoint", "environment", "address"),
    [
        ("http://a:1", ENDPOINT, "http://a:1/v1/traces"),
        ("http://a:1/", {}, "http://a:1/v1/traces"),
        ("http://a:1/v1/traces", {}, "http://a:1/v1/traces"),
        ("", ENDPOINT, "http://collector:4318/v1/traces"),
        ("", {**ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:1/x"}, "http://b:1/x"),
        ("http://a:1", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:1/x"}, "http://a:1/v1/traces"),
        ("", {}, "http://localhost:4318/v1/traces"),
    ],
)
def test_where_traces_go(endpoint: str, environment: dict[str, str], address: str) -> None:
    assert traces_address(endpoint, environment) == address


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ""),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "docmill speaks OTLP over HTTP, not grpc"),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
            "",
        ),
    ],
)
def test_a_protocol_that_is_not_spoken(environment: dict[str, str], why: str) -> None:
    assert why_not(environment) == why
