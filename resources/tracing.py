"""Resource `tracing`: where the spans of runs go."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.extras import is_installed, need
from docmill.resources.clients.tracing.collector import is_wanted, traces_address, why_not

if TYPE_CHECKING:
    from docmill.resources.clients.tracing.otlp import OtlpExporter

__all__ = ["Tracing"]

_log = logging.getLogger(__name__)
_MISSING = "OpenTelemetry is asked for and not installed: pip install 'docmill[tracing]'"


class Tracing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the spans of runs go: an OpenTelemetry collector, over OTLP."""

    endpoint: str = Field(
        default="",
        description="Address of a collector that takes OTLP over HTTP, such as http://localhost:4318; else "
        "OpenTelemetry's own variables say it, and without them nothing is traced",
    )

    def exporter(self) -> OtlpExporter | None:
        """Where spans are to go; None where nothing is traced, with a warning where no collector answers.

        Raises `MissingExtraError` where a setting asks for it and OpenTelemetry is not installed. Where only
        the environment does, which may be meant for other programs, that is a warning.
        """
        if not is_wanted(self.endpoint):
            return None
        if self.endpoint:
            need("tracing", "tracing.endpoint")
        elif why := why_not() or ("" if is_installed("tracing") else _MISSING):
            _log.warning("nothing is traced: %s", why)
            return None
        from docmill.resources.clients.tracing.otlp import OtlpExporter  # most runs are not traced

        exporter = OtlpExporter(traces_address(self.endpoint))
        if exporter.answers():
            return exporter
        exporter.close()
        _log.warning("nothing is traced: the collector takes no spans")
        return None
