"""The folder of everything that docmill makes on a machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["default_home"]


def default_home() -> Path:
    """docmill's own folder: $DOCMILL_HOME, where `~` is the user's, else ~/.docmill."""
    return Path(os.environ.get("DOCMILL_HOME") or "~/.docmill").expanduser()
