"""The store on a local disk and on an S3 server: whole objects or none."""

from __future__ import annotations

import gc
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer

_PART = 6 << 20  # S3 uploads larger objects in parts of at least 5 MB


@pytest.fixture(scope="module")
def s3_server() -> Iterator[dict[str, Any]]:
    """fsspec options of a real S3 server, in this process, with a bucket `bucket`."""
    with MotoServer() as server:
        yield server.options


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    if request.param == "local":
        return DocumentStore(str(tmp_path / "store"))
    return DocumentStore(f"s3://bucket/{tmp_path.name}", request.getfixturevalue("s3_server"))


def test_objects_are_written_and_read(store: DocumentStore) -> None:
    assert not store.exists("a/b.json")
    store.write("a/b.json", b"hello")
    assert store.exists("a/b.json")
    assert store.read("a/b.json") == b"hello"
    store.write("a/b.json", b"other")
    assert store.read("a/b.json") == b"other"
    store.write("empty", b"")
    assert store.read("empty") == b""


@pytest.mark.parametrize("letter", ["x", "長"])
def test_names_as_long_as_file_systems_take(tmp_path: Path, letter: str) -> None:
    store, name = DocumentStore(str(tmp_path)), letter * (255 // len(letter.encode()))
    store.write(name, b"1")
    assert store.write_if(name, b"2", store.version(name))
    assert store.list("") == [name]


def test_ranges_and_tails(store: DocumentStore) -> None:
    store.write("x", b"0123456789")
    assert store.read("x", 2, 5) == b"234"
    assert store.read("x", -3) == b"789"
    assert store.tail("x", 4) == b"6789"
    assert store.tail("x", 100) == b"0123456789"


def test_what_another_process_wrote_is_seen(store: DocumentStore) -> None:
    other = DocumentStore(store.url, {**store.options, "skip_instance_cache": True})
    store.write("a/x", b"short")
    assert store.list("a") == ["a/x"]
    other.write("a/x", b"a longer one")
    other.write("a/y", b"new")
    assert store.tail("a/x", 6) == b"er one"
    assert store.read("a/y") == b"new"
    assert store.list("a") == ["a/x", "a/y"]
    other.delete(["a/x"])
    assert not store.exists("a/x")


def test_missing_objects(store: DocumentStore) -> None:
    for read in (store.read, lambda path: store.tail(path, 10)):
        with pytest.raises(FileNotFoundError):
            read("nope")
    assert store.list("nope") == []
    store.delete(["nope", "nope/either"])


def test_lists_are_sorted_and_relative(store: DocumentStore) -> None:
    for path in ("b/2", "b/1", "b/deep/er/3", "bb/4"):
        store.write(path, b"x")
    assert store.list("b") == ["b/1", "b/2", "b/deep/er/3"]
    store.delete(["b/1", "b/deep/er/3"])
    assert store.list("b") == ["b/2"]


@pytest.mark.parametrize("chunks", [1, 3])
def test_streams_are_put_whole(store: DocumentStore, chunks: int) -> None:
    def pieces() -> Iterator[bytes]:
        for n in range(chunks):
            assert not store.exists("big")
            yield bytes([n]) * _PART

    store.write_stream("big", pieces())
    assert store.tail("big", 3) == bytes([chunks - 1]) * 3
    assert len(store.read("big")) == chunks * _PART


@pytest.mark.parametrize("before", [0, 2])
def test_a_stream_that_breaks_leaves_nothing(
    store: DocumentStore, before: int, capfd: pytest.CaptureFixture[str]
) -> None:
    store.write("kept", b"old")

    def pieces() -> Iterator[bytes]:
        yield b"first"
        for _ in range(before):
            yield bytes(_PART)
        raise RuntimeError("stop")

    for path in ("kept", "new/one"):
        with pytest.raises(RuntimeError, match="stop"):
            store.write_stream(path, pieces())
    gc.collect()
    assert store.list("") == ["kept"]
    assert store.read("kept") == b"old"
    assert "Traceback" not in capfd.readouterr().err


def test_readers_never_see_half_an_object(store: DocumentStore) -> None:
    contents = [bytes([n]) * 300_000 for n in range(8)]
    store.write("x", contents[0])
    seen: set[bytes] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(store.read("x"))

    reader = threading.Thread(target=look)
    reader.start()
    for content in contents * 3:
        store.write("x", content)
    stop.set()
    reader.join()
    assert seen <= set(contents)


def test_a_store_can_be_sent_to_a_worker(store: DocumentStore) -> None:
    store.write("x", b"1")
    again = pickle.loads(pickle.dumps(store))
    assert again == store
    assert again.read("x") == b"1"


def test_conditional_writes(store: DocumentStore) -> None:
    assert store.version("x") is None
    assert not store.write_if("x", b"1", "something")
    assert store.write_if("x", b"1", None)
    assert not store.write_if("x", b"2", None)
    version = store.version("x")
    store.write("x", b"other")
    assert not store.write_if("x", b"2", version)
    assert store.read("x") == b"other"
    assert store.write_if("x", b"2", store.version("x"))
    assert store.list("") == ["x"]


def test_a_counter_that_many_raise_loses_no_step(store: DocumentStore) -> None:
    store.write("n", b"0")

    def raise_it() -> None:
        for _ in range(5):
            while True:
                version = store.version("n")
                if store.write_if("n", str(int(store.read("n")) + 1).encode(), version):
                    break

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read("n") == b"20"


def test_details(store: DocumentStore) -> None:
    store.write("a/1", b"123")
    store.write("a/b/2", b"")
    assert [(each.path, each.size) for each in store.details("a")] == [("a/1", 3), ("a/b/2", 0)]
    assert list(store.details("nope")) == []


# --- local ---


def test_a_local_store_leaves_no_other_files(tmp_path: Path) -> None:
    store = DocumentStore(str(tmp_path))
    store.write("a/" + "n" * 240, b"x")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["n" * 240]
    assert store.is_local
    assert store.full_path("a/b") == f"{tmp_path}/a/b"


def test_what_a_killed_writer_left_is_not_listed(tmp_path: Path) -> None:
    store = DocumentStore(str(tmp_path))
    store.write("a/x", b"1")
    (tmp_path / "a" / ".x.0123abcd.partial").write_bytes(b"1")
    assert store.list("a") == ["a/x"]


def test_places_that_cannot_be_written_are_misuse(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BackendConfigError, match="file"):
        DocumentStore(str(tmp_path / "file")).write("a/b", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackendConfigError):
        DocumentStore(str(tmp_path)).write("folder", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_disk_that_fails_is_unavailable(tmp_path: Path) -> None:
    store = DocumentStore(str(tmp_path))

    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise OSError(28, "No space left on device")

    with pytest.raises(BackendUnavailableError, match="No space left"):
        store.write_stream("a", pieces())


@pytest.mark.parametrize("url", ["gopher://host/x", "nosuch+protocol://x"])
def test_a_store_of_an_unknown_kind(url: str) -> None:
    with pytest.raises(BackendConfigError, match="cannot use the store"):
        DocumentStore(url).read("x")


# --- S3 ---


def test_a_bucket_that_does_not_exist_is_misuse(s3_server: dict[str, Any]) -> None:
    store = DocumentStore("s3://no-such-bucket/x", s3_server)
    with pytest.raises(BackendConfigError, match="no-such-bucket"):
        store.write("a", b"x")
    assert store.full_path("a/b") == "s3://no-such-bucket/x/a/b"
    assert not store.is_local


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    retries = {"retries": {"max_attempts": 0}, "connect_timeout": 1}
    options = {"endpoint_url": "http://127.0.0.1:9", "key": "a", "secret": "b", "config_kwargs": retries}
    store = DocumentStore("s3://bucket/x", options)
    for call in (lambda: store.read("a"), lambda: store.write("a", b"x"), lambda: store.list("a")):
        with pytest.raises(BackendUnavailableError, match="s3://bucket/x/a"):
            call()
