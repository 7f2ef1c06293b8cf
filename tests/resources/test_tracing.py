"""When runs are traced, and what becomes of a wish that cannot be met."""

from __future__ import annotations

import logging
import sys

import pytest

from docmill.pipeline.convert.errors import MissingExtraError
from docmill.resources.tracing import Tracing


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)


def test_by_default_nothing_is_traced() -> None:
    assert Tracing().exporter() is None


def test_a_setting_without_opentelemetry_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    with pytest.raises(MissingExtraError, match=r"tracing.endpoint needs .*'docmill\[tracing\]'"):
        Tracing(endpoint="http://collector:4318").exporter()


@pytest.mark.parametrize(
    ("missing", "protocol", "why"),
    [("opentelemetry.sdk", "", "docmill[tracing]"), ("", "grpc", "OTLP over HTTP, not grpc")],
)
def test_a_variable_that_may_be_meant_for_others_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missing: str, protocol: str, why: str
) -> None:
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    if protocol:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING):
        assert Tracing().exporter() is None
    assert why in caplog.text


def test_a_collector_that_is_away_costs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert Tracing(endpoint="http://127.0.0.1:9").exporter() is None
    assert "nothing is traced" in caplog.text
