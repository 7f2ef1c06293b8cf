"""A store in a folder that tells what is asked of it, and waits or fails where a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["WatchedStore"]


@dataclass
class _Seen:
    """What this process has asked, as `(kind, path)`; how many calls there were at once at most."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self, kind: str) -> list[str]:
        return [path for asked, path in self.calls if asked == kind]


@dataclass(frozen=True)
class WatchedStore(DocumentStore):
    """`before(kind, path)` is called in each call: `read`, `tail`, `write` or `list`."""

    before: Callable[[str, str], None] = lambda kind, path: None
    seen: _Seen = field(default_factory=_Seen, compare=False)

    def read(self, path: str, start: int | None = None, stop: int | None = None) -> bytes:
        with self._call("read", path):
            return super().read(path, start, stop)

    def tail(self, path: str, length: int) -> bytes:
        with self._call("tail", path):
            return super().tail(path, length)

    def write_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        with self._call("write", path):
            super().write_stream(path, chunks)

    def write_if(self, path: str, data: bytes, version: str | None) -> bool:
        with self._call("write", path):
            return super().write_if(path, data, version)

    def list(self, path: str) -> list[str]:
        with self._call("list", path):
            return super().list(path)

    @contextmanager
    def _call(self, kind: str, path: str) -> Iterator[None]:
        seen = self.seen
        with seen.lock:
            seen.calls.append((kind, path))
            seen.under_way += 1
            seen.most = max(seen.most, seen.under_way)
        try:
            self.before(kind, path)
            yield
        finally:
            with seen.lock:
                seen.under_way -= 1
