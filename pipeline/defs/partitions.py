"""The partitions of every asset: one key per batch."""

from __future__ import annotations

import dagster as dg

__all__ = ["BATCHES", "batches"]

BATCHES = "batches"
batches = dg.DynamicPartitionsDefinition(name=BATCHES)
