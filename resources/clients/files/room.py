"""Disks that are full: told from other errors, and what to do about them."""

from __future__ import annotations

import errno
import os

from docmill.pipeline.convert.errors import NoRoomError

__all__ = ["is_no_room", "no_room"]

#: The disk, the user's quota, or the process's limit on the size of files (RLIMIT_FSIZE).
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_no_room(error: BaseException) -> bool:
    """Whether something could not be written for want of room."""
    return isinstance(error, OSError) and error.errno in _FULL


def no_room(what: str, place: str | os.PathLike[str], error: BaseException) -> NoRoomError:
    """The error that says so of what stands at a place."""
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return NoRoomError(
        f"there is no room for {what} at {os.fspath(place)}: {why}. Make room there, or name another place; "
        "what is finished is kept, and the same command goes on from it"
    )
