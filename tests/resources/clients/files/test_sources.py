"""Source files on local disks and elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import fsspec
import pytest

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    SourceChangedError,
    SourceMissingError,
    SourceUnreadableError,
)
from docmill.pipeline.intake.ingest import find_documents
from docmill.resources.clients.files.sources import SourceCache, UnreadableSource, content_hash, find_sources
from tests.support.s3 import MotoServer

ODD_NAMES = ["a b.pdf", "[1].pdf", "per%20cent.pdf", "a::b.pdf", "q?#.pdf", "été.pdf", "~.pdf", "*.pdf"]


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """Files that are not local."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    fs.pipe({"/in/a.pdf": b"A", "/in/deep/b.PDF": b"B", "/in/c.txt": b"C"})
    yield fs
    fs.store.clear()


@pytest.fixture
def cache(tmp_path: Path) -> SourceCache:
    return SourceCache(tmp_path / "cache")


def test_a_folder_gives_its_pdfs_sorted_with_their_folders(tmp_path: Path) -> None:
    for name in ("z.pdf", "a.PDF", "deep/er/m.pdf", "n.txt", "pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    found = list(find_sources([str(tmp_path)]))
    assert [(f.name, f.address, f.size) for f in found] == [
        (name, str(tmp_path / name), 5) for name in ("a.PDF", "deep/er/m.pdf", "z.pdf")
    ]
    assert [f.name for f in find_sources([f"{tmp_path}/"])] == [f.name for f in found]


def test_a_file_is_taken_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scan").write_bytes(b"123")
    monkeypatch.chdir(tmp_path)
    [file] = find_sources(["scan"])
    assert (file.name, file.address, file.size) == ("scan", str(tmp_path / "scan"), 3)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [f.address for f in find_sources(["~/scan"])] == [file.address]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(tmp_path: Path, cache: SourceCache, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(name.encode())
    for place in (tmp_path / "in", tmp_path / "in" / name):
        [file] = find_sources([str(place)])
        assert file.name == name
        assert cache.identify(file.address) == sha256(name.encode()).hexdigest()


def test_a_name_that_is_no_text_is_shown_escaped_and_found_again(tmp_path: Path, cache: SourceCache) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sum\xe9 100%.pdf"))
    odd.write_bytes(b"1")
    for place in (tmp_path, odd):
        [file] = find_sources([str(place)])
        assert file.name == r"r\xe9sum\xe9 100%.pdf"
        assert file.address.isascii()
        identity = cache.identify(file.address)
        assert identity == sha256(b"1").hexdigest()
        assert cache.content_id(file.address) == identity
        assert cache.local_path(file.address, identity) == odd
    assert [again.address for again in find_sources([file.address])] == [file.address]


def test_places_that_do_not_exist(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    for place in (str(tmp_path / "nope"), "memory://nope", str(tmp_path / "*.pdf")):
        with pytest.raises(SourceMissingError, match="there is no file or folder"):
            list(find_sources([place]))


def test_an_address_that_cannot_be_understood() -> None:
    with pytest.raises(BackendConfigError, match="gopher"):
        list(find_sources(["gopher://host/a.pdf"]))


def test_remote_folders(memory: fsspec.AbstractFileSystem) -> None:
    found = list(find_sources(["memory://in"]))
    assert [(f.name, f.address, f.size) for f in found] == [
        ("a.pdf", "memory:///in/a.pdf", 1),
        ("deep/b.PDF", "memory:///in/deep/b.PDF", 1),
    ]


def test_local_files_are_read_where_they_are(tmp_path: Path, cache: SourceCache) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"A")
    assert cache.identify(str(path)) == content_hash(path)
    assert cache.local_path(str(path), content_hash(path)) == path
    assert not cache.folder.exists()


def test_a_changed_file_is_another_document(tmp_path: Path, cache: SourceCache) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"A")
    id_ = content_hash(path)
    assert id_ == sha256(b"A").hexdigest()
    path.write_bytes(b"B")
    with pytest.raises(SourceChangedError, match="not the one that was batched"):
        cache.local_path(str(path), id_)


def test_a_file_that_has_gone(tmp_path: Path, cache: SourceCache, memory: fsspec.AbstractFileSystem) -> None:
    for address in (str(tmp_path / "a.pdf"), str(tmp_path), "memory:///in/nope.pdf"):
        with pytest.raises(SourceMissingError, match="any more"):
            cache.local_path(address, "0" * 64)


def test_remote_files_are_copied_once(cache: SourceCache, memory: fsspec.AbstractFileSystem) -> None:
    id_ = cache.identify("memory:///in/a.pdf")
    assert id_ == sha256(b"A").hexdigest()
    path = cache.local_path("memory:///in/a.pdf", id_)
    assert (path.parent, path.read_bytes()) == (cache.folder, b"A")
    memory.rm("/in/a.pdf")
    assert cache.local_path("memory:///in/a.pdf", id_) == path
    path.write_bytes(b"damaged")
    with pytest.raises(SourceMissingError):
        cache.local_path("memory:///in/a.pdf", id_)


def test_a_changed_remote_file(cache: SourceCache, memory: fsspec.AbstractFileSystem) -> None:
    id_ = sha256(b"A").hexdigest()
    memory.pipe("/in/a.pdf", b"other")
    with pytest.raises(SourceChangedError):
        cache.local_path("memory:///in/a.pdf", id_)
    assert {path.stem for path in cache.folder.iterdir()} == {sha256(b"other").hexdigest()}
    memory.pipe("/in/a.pdf", b"A")
    assert cache.local_path("memory:///in/a.pdf", id_).read_bytes() == b"A"


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    retries = {"retries": {"max_attempts": 0}, "connect_timeout": 1}
    options = {"endpoint_url": "http://127.0.0.1:9", "key": "a", "secret": "b", "config_kwargs": retries}
    cache = SourceCache(tmp_path, options)
    with pytest.raises(BackendUnavailableError, match="s3://bucket/a"):
        cache.identify("s3://bucket/a.pdf")
    with pytest.raises(BackendUnavailableError):
        list(find_sources(["s3://bucket/in"], options))


def test_small_files_on_s3_are_read_together_and_the_others_left_to_be_read_alone(tmp_path: Path) -> None:
    with MotoServer() as server:
        names = ["a.pdf", "*[b]?.pdf", "c#d e.pdf", "gone.pdf", "grown.pdf", "empty.pdf", "large.pdf"]
        store = server.store(tmp_path.name)
        for name in names:
            store.write(name, name.encode())
        store.write("empty.pdf", b"")
        store.write("large.pdf", bytes(5 << 20))
        files = {file.address: file.size for file in find_sources([store.url], server.options)}
        store.delete(["gone.pdf"])
        store.write("grown.pdf", b"more than there was")
        cache = SourceCache(tmp_path / "cache", server.options)
        ids = cache.small_content_ids(files)
        assert ids == {f"{store.url}/{n}": sha256(n.encode()).hexdigest() for n in names[:3]}
        for name in ("empty.pdf", "large.pdf"):
            address = f"{store.url}/{name}"
            assert cache.content_id(address) == sha256(store.read(name)).hexdigest()
        with pytest.raises(SourceMissingError):
            cache.content_id(f"{store.url}/gone.pdf")
    assert cache.small_content_ids({str(tmp_path / "local.pdf"): 3}) == {}


def test_one_object_that_may_not_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    with MotoServer() as server:
        store = server.store(tmp_path.name)
        for name in ("a.pdf", "z.pdf"):
            store.write(name, name.encode())
        s3 = fsspec.filesystem("s3", **server.options)
        archived = f"{store.url}/m.pdf"
        s3.pipe_file(archived.removeprefix("s3://"), b"in the archive", StorageClass="GLACIER")
        cache = SourceCache(tmp_path / "cache", server.options)
        left_out: list[UnreadableSource] = []
        found = list(find_documents([store.url], cache, left_out.append))
    assert [document.name for document in found] == ["a.pdf", "z.pdf"]
    assert [source.address for source in left_out] == [archived]
    assert isinstance(left_out[0].error, SourceUnreadableError)
