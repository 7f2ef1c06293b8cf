"""What goes to a worker and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["Chunk", "Job"]


class Chunk(msgspec.Struct):
    """What a worker returns: a frame of the pages it did and what there is to say of them."""

    frame: bytes
    record: StageRecord


@dataclass(frozen=True)
class Job:
    """One document as a worker sees it: the file, and where each stage's artifact lies."""

    document: DocumentRef
    stage: str
    fingerprints: Mapping[str, str]
