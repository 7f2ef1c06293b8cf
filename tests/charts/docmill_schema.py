"""The schema of the values of docmill's chart, whose `settings` are those of docmill.toml.

python -m tests.charts.docmill_schema       # writes that part anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docmill.pipeline.defs.settings_schema import settings_schema

__all__ = ["SCHEMA", "renewed"]

SCHEMA = Path(__file__).parents[2] / "deploy" / "helm" / "docmill" / "values.schema.json"


def renewed() -> str:
    """The schema's text with the settings that docmill has now."""
    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    schema["properties"]["settings"] = settings_schema()
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(renewed(), "utf-8")
