"""The alphabet of the text recogniser, which its graph keeps in its metadata."""

from __future__ import annotations

from pathlib import Path

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["read_alphabet"]


def read_alphabet(recogniser: Path) -> str:
    """A character a line, of the ONNX graph `recogniser`. Raises `BackendConfigError` for another graph."""
    import onnx  # settings get here, and seldom have an alphabet to read

    entries = onnx.load(recogniser, load_external_data=False).metadata_props
    for entry in entries:
        if entry.key == "character":
            return str(entry.value)
    raise BackendConfigError(f"{recogniser} is no text recogniser: its metadata has no alphabet")
