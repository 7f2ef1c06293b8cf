"""The `docmill` command: thin over the same Dagster job that the UI runs."""

from __future__ import annotations

from docmill.pipeline.cli.app import main

__all__ = ["main"]
