"""What users set in Dagster's launchpad or in `dagster.yaml`: every resource with its defaults and limits.

Each resource builds the plain objects that do the work (`DocumentStore`, engines, settings); those import no
Dagster, so that worker processes need not either.
"""

from __future__ import annotations

from docmill.resources.configurable.embedded import (
    EmbeddedLayoutConfig,
    EmbeddedOcrConfig,
    EmbeddedTablesConfig,
)
from docmill.resources.configurable.output import Assembly, Exports
from docmill.resources.configurable.places import Inbox, Store
from docmill.resources.configurable.recorded import (
    RecordedLayoutConfig,
    RecordedTablesConfig,
    RecordedTextConfig,
)
from docmill.resources.configurable.running import Alerts, Checks, Pricing, Workers
from docmill.resources.configurable.stages import Layout, Ocr, OcrOffConfig, PdfTextConfig, Reader, Tables
from docmill.resources.configurable.triton import TritonLayoutConfig, TritonOcrConfig, TritonTablesConfig
from docmill.resources.configurable.understanding import Understanding

__all__ = [
    "Alerts",
    "Assembly",
    "Checks",
    "EmbeddedLayoutConfig",
    "EmbeddedOcrConfig",
    "EmbeddedTablesConfig",
    "Exports",
    "Inbox",
    "Layout",
    "Ocr",
    "OcrOffConfig",
    "PdfTextConfig",
    "Pricing",
    "Reader",
    "RecordedLayoutConfig",
    "RecordedTablesConfig",
    "RecordedTextConfig",
    "Store",
    "Tables",
    "TritonLayoutConfig",
    "TritonOcrConfig",
    "TritonTablesConfig",
    "Understanding",
    "Workers",
]
