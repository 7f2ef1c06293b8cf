"""Files and folders of this machine that cannot be read, each beside others that can."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import NotAFileError, SourceMissingError, SourceUnreadableError
from docmill.pipeline.intake.ingest import find_documents
from docmill.resources.clients.files.local_files import file_size
from docmill.resources.clients.files.sources import SourceCache, UnreadableSource, find_sources

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user to whom permissions mean something."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody gets into, with a good file."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        place.chmod(0o755)
        (place / "good.pdf").write_bytes(b"good")
        yield place


def found(folder: Path, cache: Path) -> tuple[list[str], dict[str, type[Exception]]]:
    left_out: list[UnreadableSource] = []
    documents = list(find_documents([str(folder)], SourceCache(cache), left_out.append))
    return [document.name for document in documents], {each.name: type(each.error) for each in left_out}


def test_what_is_no_file_or_leads_nowhere(folder: Path, tmp_path: Path) -> None:
    (folder / "dead.pdf").symlink_to("nowhere.pdf")
    (folder / "itself.pdf").symlink_to("itself.pdf")
    os.mkfifo(folder / "pipe.pdf")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.pdf"))
        names, errors = found(folder, tmp_path)
    assert names == ["good.pdf"]
    assert errors == {
        "dead.pdf": SourceMissingError,
        "itself.pdf": SourceMissingError,
        "pipe.pdf": NotAFileError,
        "socket.pdf": NotAFileError,
    }


def test_a_file_and_a_folder_that_may_not_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "secret.pdf").write_bytes(b"secret")
    (folder / "secret.pdf").chmod(0)
    (folder / "closed").mkdir(mode=0)
    with unprivileged():
        names, errors = found(folder, tmp_path)
    (folder / "closed").chmod(0o700)
    assert names == ["good.pdf"]
    assert errors == {"secret.pdf": SourceUnreadableError, "closed": SourceUnreadableError}


def test_a_file_that_vanishes_between_listing_and_reading(folder: Path, tmp_path: Path) -> None:
    (folder / "later.pdf").write_bytes(b"later")
    left_out: list[UnreadableSource] = []
    names = []
    for document in find_documents([str(folder)], SourceCache(tmp_path), left_out.append):
        names.append(document.name)
        (folder / "later.pdf").unlink(missing_ok=True)
    assert names == ["good.pdf"]
    assert [(each.name, type(each.error)) for each in left_out] == [("later.pdf", SourceMissingError)]


def test_a_place_that_is_named_and_dead_is_left_out_and_one_that_is_not_there_is_a_mistake(
    folder: Path,
) -> None:
    (folder / "dead.pdf").symlink_to("nowhere.pdf")
    left_out: list[UnreadableSource] = []
    places = [str(folder / "dead.pdf"), str(folder / "good.pdf")]
    assert [each.name for each in find_sources(places, leave_out=left_out.append)] == ["good.pdf"]
    assert [each.name for each in left_out] == ["dead.pdf"]
    with pytest.raises(SourceMissingError, match="is a link to nowhere"):
        list(find_sources(places))
    with pytest.raises(SourceMissingError, match="no file or folder"):
        list(find_sources([str(folder / "typo.pdf")], leave_out=left_out.append))


def test_the_size_of_a_file_and_of_what_is_none(folder: Path) -> None:
    assert file_size(folder / "good.pdf") == 4
    with pytest.raises(SourceMissingError, match="it is a folder"):
        file_size(folder)


def test_folders_that_link_to_each_other_are_read_once(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "again").symlink_to(folder)
    (folder / "in" / "more.pdf").write_bytes(b"more")
    assert [each.name for each in find_sources([str(folder)])] == ["good.pdf", "in/more.pdf"]
