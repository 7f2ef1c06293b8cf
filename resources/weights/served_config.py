"""Configurations of models in a model repository: those that nobody changed follow what docmill ships."""

from __future__ import annotations

import hashlib
from pathlib import Path

from docmill.resources.weights.copies import write_changed
from docmill.resources.weights.served_digest import CONFIG, without_digest

__all__ = ["put_config"]

#: Beside a configuration: the SHA-256 of the shipped one that it was copied from.
_COPIED = ".config.pbtxt.shipped"


def put_config(shipped: Path, model: Path) -> None:
    """Copy a shipped configuration to a model's folder, unless one is there that docmill did not copy so.

    Digests do not count. Raises `OSError`.
    """
    config, note = model / CONFIG, model / _COPIED
    wanted = without_digest(shipped.read_text("utf-8"))
    if config.exists():
        has = _sha256(without_digest(config.read_text("utf-8")))
        copied = note.read_text("utf-8") if note.exists() else ""
        if has not in (copied, _sha256(wanted)):
            return
        changed = has != _sha256(wanted)
    else:
        changed, copied = True, ""
        model.mkdir(parents=True, exist_ok=True)
    if changed:
        write_changed(wanted.encode(), config)
    # after the configuration: broken off between the two, it is found to be the shipped one
    if copied != _sha256(wanted):
        note.write_text(_sha256(wanted), "utf-8")


def _sha256(config: str) -> str:
    return hashlib.sha256(config.rstrip("\n").encode()).hexdigest()
