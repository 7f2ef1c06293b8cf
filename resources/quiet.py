"""What keeps libraries from talking to their makers: documents are nobody else's business."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["QUIET", "hush"]

#: Environment variables of a program that stays for itself.
#:
#: ONNX Runtime since 1.32 looks its maker's server up, sends the machine's kind and a lasting number to it,
#: and writes to the user's cache and the temporary folder. Only this variable stops that, and only when it is
#: set before the import: its API comes too late (Privacy.md in the package).
QUIET: Mapping[str, str] = MappingProxyType({"ORT_DISABLE_TELEMETRY": "1"})


def hush() -> None:
    """Set `QUIET` for this process; before onnxruntime is imported."""
    os.environ.update(QUIET)
