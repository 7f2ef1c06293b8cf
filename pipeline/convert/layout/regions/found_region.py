"""A region that stands for more than its text: a picture, a table or an index."""

from __future__ import annotations

from dataclasses import dataclass

from docmill.pipeline.convert.types import Box

__all__ = ["Found"]


@dataclass(frozen=True, slots=True)
class Found:
    """One such region: `label` and `source` are a Cluster's."""

    label: str
    box: Box
    score: float
    source: str
