"""What is compared of a document: named pieces, as bytes that are equal when nothing has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

__all__ = ["Piece", "Pieces"]


class Piece(NamedTuple):
    """Which piece: of a stage (or of what stands beside the stages) a page, its record, a file."""

    stage: str
    part: str


Pieces: TypeAlias = Mapping[Piece, bytes]
