"""Files that are put beside a server that may be running."""

from __future__ import annotations

from pathlib import Path

__all__ = ["copy_changed", "write_changed"]


def copy_changed(source: Path, target: Path, mode: int = 0o644) -> None:
    """Copy `source` unless `target` is the same."""
    write_changed(source.read_bytes(), target, mode)


def write_changed(data: bytes, target: Path, mode: int = 0o644) -> None:
    """Write `data` unless `target` holds it already. A running server keeps the file it has open."""
    if target.is_file() and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.new")
    scratch.write_bytes(data)
    scratch.chmod(mode)
    scratch.replace(target)
