"""Files that are put beside a server that may be running."""

from __future__ import annotations

from pathlib import Path

__all__ = ["copy_changed", "write_changed", "write_whole"]


def copy_changed(source: Path, target: Path, mode: int = 0o644) -> None:
    """Copy `source` unless `target` is the same."""
    write_changed(source.read_bytes(), target, mode)


def write_changed(data: bytes, target: Path, mode: int = 0o644) -> None:
    """Write `data` unless `target` holds it already."""
    if not target.is_file() or target.read_bytes() != data:
        write_whole(data, target, mode)


def write_whole(data: bytes, target: Path, mode: int = 0o644) -> None:
    """Write `data` whole or not at all. A running server keeps the file it has open."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.new")
    scratch.write_bytes(data)
    scratch.chmod(mode)
    scratch.replace(target)
