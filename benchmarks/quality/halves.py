"""Two halves of a corpus: one to look at while rules are written, and one that is only scored.

A document belongs to its half by its name alone, so it stays there when a corpus grows.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

__all__ = ["Half", "half_of"]


class Half(StrEnum):
    """Which documents."""

    DEVELOPMENT = "development"
    CHECK = "check"
    ALL = "all"

    def has(self, name: str) -> bool:
        """Whether the document with that stem is one of these."""
        return self is Half.ALL or self is half_of(name)


def half_of(name: str) -> Half:
    """The half of a document: the development half when the SHA-256 of its stem is even."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Half.DEVELOPMENT if int(digest, 16) % 2 == 0 else Half.CHECK
