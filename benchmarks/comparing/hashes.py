"""A hash of each result of a conversion."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["hashes"]


def hashes(out: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path there."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
