"""Where traces go, if anywhere: what a setting says, and OpenTelemetry's own variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["is_wanted", "traces_address", "why_not"]

_PATH = "/v1/traces"
_BASE, _EXACT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
#: Where a collector is unless somebody says otherwise.
_USUAL = "http://localhost:4318"


def is_wanted(endpoint: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there are to be traces; `endpoint` is the setting, empty where it says nothing."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if kinds := environment.get("OTEL_TRACES_EXPORTER", ""):
        return "otlp" in {kind.strip() for kind in kinds.split(",")}
    return bool(endpoint or environment.get(_EXACT) or environment.get(_BASE))


def traces_address(endpoint: str, environment: Mapping[str, str] = os.environ) -> str:
    """The address that takes traces."""
    if not endpoint and (exact := environment.get(_EXACT)):
        return exact
    base = endpoint or environment.get(_BASE) or _USUAL
    return f"{base.rstrip('/').removesuffix(_PATH)}{_PATH}"


def why_not(environment: Mapping[str, str] = os.environ) -> str:
    """Why the environment's wish cannot be met; empty where it can."""
    protocol = next((said for name in _PROTOCOLS if (said := environment.get(name))), "http/protobuf")
    return "" if protocol == "http/protobuf" else f"docmill speaks OTLP over HTTP, not {protocol}"
