"""The partitions of docmill's own code location: one key per batch."""

from __future__ import annotations

from docmill.pipeline.defs.names import Names

__all__ = ["BATCHES"]

BATCHES = Names().of("batches")
