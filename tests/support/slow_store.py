"""A store in a folder that takes its time like a server, and counts."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.resources.clients.files.document_store import DocumentStore, StoredObject

__all__ = ["SlowStore"]


@dataclass
class _Count:
    """What has been asked: how often, and how many at once at most; `failing` after so many writes."""

    calls: Counter[str] = field(default_factory=Counter)
    paths: list[tuple[str, str]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    failing: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class SlowStore(DocumentStore):
    """Each call takes `seconds`; `count` is of this process alone."""

    seconds: float = 0.0
    count: _Count = field(default_factory=_Count, compare=False)

    def read(self, path: str, start: int | None = None, stop: int | None = None) -> bytes:
        with self._call("read", path):
            return super().read(path, start, stop)

    def tail(self, path: str, length: int) -> bytes:
        with self._call("tail", path):
            return super().tail(path, length)

    def write_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        with self._call("write", path):
            super().write_stream(path, chunks)

    def list(self, path: str) -> list[str]:
        with self._call("list", path):
            return super().list(path)

    def details(self, path: str) -> Iterator[StoredObject]:
        with self._call("list", path):
            yield from super().details(path)

    @contextmanager
    def _call(self, kind: str, path: str) -> Iterator[None]:
        count = self.count
        with count.lock:
            count.calls[kind] += 1
            count.paths.append((kind, path))
            count.under_way += 1
            count.most = max(count.most, count.under_way)
            broken = kind == "write" and count.failing is not None and count.calls["write"] > count.failing
        try:
            time.sleep(self.seconds)
            if broken:
                raise BackendUnavailableError("the store is away")
            yield
        finally:
            with count.lock:
                count.under_way -= 1
