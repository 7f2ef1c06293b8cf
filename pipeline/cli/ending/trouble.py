"""What is wrong with a disk or a database, in one line, where a library raised what it found."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator

__all__ = ["trouble"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_DATABASE_FULL = ("disk is full", "disk i/o error")
_DATABASE_FORBIDDEN = ("readonly database", "unable to open database file", "attempt to write a readonly")


def trouble(error: BaseException) -> str | None:
    """What to tell people of an error, or of what it came of; None where it is another one."""
    for each in _causes(error):
        if isinstance(each, sqlite3.OperationalError):
            words = str(each).lower()
            where = os.environ.get("DAGSTER_HOME", "")
            if any(part in words for part in _DATABASE_FULL):
                return (
                    f"there is no room for Dagster's database in {where}: {each}. Make room there, or name "
                    "another place by $DOCMILL_HOME; the same command goes on where it was"
                )
            if any(part in words for part in _DATABASE_FORBIDDEN):
                return (
                    f"cannot write Dagster's database in {where}: {each}. Make it writable, or name another "
                    "place by $DOCMILL_HOME or $DAGSTER_HOME"
                )
        elif isinstance(each, OSError) and each.errno in _FULL | _FORBIDDEN and each.filename:
            remedy = "Make room there" if each.errno in _FULL else "Make it writable"
            return (
                f"cannot write {os.fsdecode(each.filename)}: {each.strerror}. {remedy}, or name another; "
                "$DOCMILL_HOME holds docmill's store and Dagster's database"
            )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from or during."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
