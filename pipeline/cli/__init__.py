"""The `docmill` command: thin over the same Dagster job that the UI runs."""

from __future__ import annotations

from pipeline.cli.app import main

__all__ = ["main"]
