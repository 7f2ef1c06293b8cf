"""What users set in Dagster's launchpad or in `dagster.yaml`: every resource with its defaults and limits.

Each resource builds the plain objects that do the work (`DocumentStore`, engines, settings); those import no
Dagster, so that worker processes need not either.
"""

from __future__ import annotations

from resources.configurable.embedded import EmbeddedLayoutConfig, EmbeddedOcrConfig, EmbeddedTablesConfig
from resources.configurable.output import Assembly, Exports
from resources.configurable.places import Inbox, Store
from resources.configurable.recorded import RecordedLayoutConfig, RecordedTablesConfig, RecordedTextConfig
from resources.configurable.running import Alerts, Checks, Pricing, Workers
from resources.configurable.stages import Layout, Ocr, OcrOffConfig, PdfTextConfig, Reader, Tables
from resources.configurable.triton import TritonLayoutConfig, TritonOcrConfig, TritonTablesConfig
from resources.configurable.understanding import Understanding

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
