"""What goes out to an S3 server: one request for each thing asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.store.delaying_proxy import DelayingProxy
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DelayingProxy]:
    folder = tmp_path_factory.mktemp("proxy")
    with MotoServer() as server, DelayingProxy(int(server.endpoint.rpartition(":")[2]), 0.0, folder) as made:
        server.make_bucket()
        yield made


class Asked:
    """A store behind the proxy, and what it has asked since."""

    def __init__(self, proxy: DelayingProxy, prefix: str) -> None:
        options = {"endpoint_url": f"http://127.0.0.1:{proxy.port}", "key": "test", "secret": "test-secret"}
        self.store = DocumentStore(f"s3://bucket/{prefix}", options)
        self._proxy, self._seen = proxy, len(proxy.requests())

    @property
    def methods(self) -> list[str]:
        found = self._proxy.requests()[self._seen :]
        assert all(request.ours for request in found)
        self._seen += len(found)
        return [
            "LIST" if "list-type" in request.target else request.method.replace("POST", "DELETE")
            for request in found
        ]


@pytest.fixture
def asked(proxy: DelayingProxy, tmp_path: Path) -> Asked:
    return Asked(proxy, tmp_path.name)


def test_what_is_there_takes_a_request_each(asked: Asked) -> None:
    store = asked.store
    store.write("a/x", b"0123456789")
    assert asked.methods == ["PUT"]
    assert store.tail("a/x", 4) == b"6789"
    assert asked.methods == ["GET"]
    assert store.tail("a/x", 100) == b"0123456789"
    assert asked.methods == ["GET"]
    assert store.read("a/x") == b"0123456789"
    assert asked.methods == ["GET"]
    assert store.read("a/x", 2, 5) == b"234"
    assert asked.methods == ["GET"]
    assert store.exists("a/x")
    assert store.version("a/x")
    assert asked.methods == ["HEAD"] * 2
    assert store.list("a") == ["a/x"]
    assert [(each.path, each.size) for each in store.details("a")] == [("a/x", 10)]
    assert asked.methods == ["LIST"] * 2


def test_what_is_not_there_takes_a_request_each(asked: Asked) -> None:
    store = asked.store
    store.write("ab/x", b"1")
    assert asked.methods == ["PUT"]
    for read in (store.read, lambda path: store.tail(path, 9)):
        with pytest.raises(FileNotFoundError):
            read("a")
    assert asked.methods == ["GET"] * 2
    assert not store.exists("a")
    assert store.version("a") is None
    assert asked.methods == ["HEAD"] * 2
    assert store.list("a") == []
    assert list(store.details("a")) == []
    assert asked.methods == ["LIST"] * 2


def test_objects_without_bytes(asked: Asked) -> None:
    asked.store.write("empty", b"")
    assert asked.store.tail("empty", 5) == b""
    assert asked.store.read("empty") == b""


def test_a_conditional_write_is_one_request(asked: Asked) -> None:
    assert asked.store.write_if("x", b"1", None)
    assert not asked.store.write_if("x", b"2", None)
    assert asked.methods == ["PUT"] * 2


def test_many_are_deleted_at_once(asked: Asked) -> None:
    paths = [f"many/{number:03d}" for number in range(40)]
    for path in paths:
        asked.store.write(path, b"x")
    asked.store.delete([*paths, "many/never"])
    assert asked.store.list("many") == []
