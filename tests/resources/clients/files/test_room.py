"""A disk that is full; here the process's limit on the size of files stands in for it."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError, NoRoomError
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.room import is_no_room
from docmill.resources.clients.files.sources import SourceCache
from tests.support.file_server import FileServer

LIMIT = 1 << 16


@contextmanager
def full() -> Iterator[None]:
    """No file may grow beyond `LIMIT` bytes: writing more fails in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_half_written_is_not_there(tmp_path: Path) -> None:
    store = DocumentStore(str(tmp_path / "store"), what="the output")
    store.write("a/old.json", b"before")
    large = bytes(2 * LIMIT)
    with full():
        for path in ("a/old.json", "a/new.json"):
            with pytest.raises(NoRoomError, match=rf"no room for the output at .*{path}.*Make room"):
                store.write(path, large)
        with pytest.raises(NoRoomError):
            store.write_if("a/new.json", large, None)
    assert store.list("a") == ["a/old.json"]
    assert store.read("a/old.json") == b"before"
    assert [each.name for each in (tmp_path / "store" / "a").iterdir()] == ["old.json"]


def test_a_copy_of_a_source_that_has_no_room(tmp_path: Path) -> None:
    with (
        FileServer({"/a.pdf": bytes(2 * LIMIT)}) as server,
        full(),
        pytest.raises(NoRoomError, match="no room for a copy"),
    ):
        SourceCache(tmp_path).identify(f"{server.address}/a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_it_is_told_from_other_errors_and_passes() -> None:
    assert [is_no_room(OSError(code, "")) for code in (errno.ENOSPC, errno.EDQUOT)] == [True, True]
    assert not is_no_room(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    assert issubclass(NoRoomError, BackendUnavailableError)
