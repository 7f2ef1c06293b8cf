"""Files on this machine: what lies below a folder, and why something there cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docmill.pipeline.convert.errors import (
    DocumentError,
    NotAFileError,
    SourceMissingError,
    SourceUnreadableError,
)

__all__ = ["below", "file_size", "reading"]

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def below(folder: Path, ending: str) -> Iterator[tuple[Path, DocumentError | None]]:
    """Everything below a folder whose name ends so, in whatever case; and folders that cannot be listed.

    These come with the error that says why. Links to folders are followed, each folder once.
    """
    waiting = [folder]
    seen: set[tuple[int, int]] = set()
    while waiting:
        here = waiting.pop()
        try:
            state = here.stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            with os.scandir(here) as listed:
                entries = list(listed)
        except OSError as error:
            yield here, _error(here, error)
            continue
        for entry in entries:
            if _is_folder(entry):
                waiting.append(Path(entry.path))
            elif entry.name.lower().endswith(ending):
                yield Path(entry.path), None


def file_size(path: Path) -> int:
    """The size of a file in bytes. Raises the `DocumentError` that says why it cannot be read."""
    with reading(path):
        state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise SourceMissingError(f"there is no file at {path} any more: it is a folder")
    if not stat.S_ISREG(state.st_mode):
        kind = _KINDS.get(stat.S_IFMT(state.st_mode), "no file")
        raise NotAFileError(f"{path} is {kind}")
    return state.st_size


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Errors of the file system become `DocumentError`s of the file that is read."""
    try:
        yield
    except OSError as error:
        raise _error(path, error) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _error(path: Path, error: OSError) -> DocumentError:
    if error.errno == errno.ENOENT:
        if path.is_symlink():
            return SourceMissingError(f"{path} is a link to {path.readlink()}, where there is nothing")
        return SourceMissingError(f"there is no file at {path} any more")
    if error.errno == errno.ELOOP:
        return SourceMissingError(f"{path} is a link that leads to itself")
    what = "folder" if path.is_dir() else "file"
    return SourceUnreadableError(f"the {what} {path} cannot be read: {error.strerror or error}")
