"""What a code server wants its warm parent to import; it stands in an environment variable."""

from __future__ import annotations

import os
import sys

import msgspec

__all__ = ["IMAGE", "WarmImage", "is_wanted", "take", "want"]

#: Is set in code servers whose runs start warm, and in no process that they start.
IMAGE = "_DOCMILL_WARM_IMAGE"


class WarmImage(msgspec.Struct, frozen=True):
    """These modules besides what every run needs, found along this path."""

    modules: list[str]
    path: list[str]


def want(modules: list[str]) -> None:
    """Say what to import, along the path of this process."""
    os.environ[IMAGE] = msgspec.json.encode(WarmImage(modules, sys.path)).decode()


def is_wanted() -> bool:
    """Whether this process has said so."""
    return IMAGE in os.environ


def take() -> WarmImage:
    """What is wanted of this process; those that come of it will not know."""
    return msgspec.json.decode(os.environ.pop(IMAGE), type=WarmImage)
