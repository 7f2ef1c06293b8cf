"""Where artifacts live: any fsspec file system, a local folder by default, with whole-object writes only."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from pipeline.convert.errors import BackendConfigError, BackendUnavailableError

__all__ = ["DocumentStore", "default_home", "is_store_error"]

_PARTIAL = ".partial"
#: Trying again does not help against these.
_MISUSE = (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)


def default_home() -> Path:
    """docmill's own folder: $DOCMILL_HOME, else ~/.docmill."""
    return Path(os.environ.get("DOCMILL_HOME") or Path.home() / ".docmill")


@dataclass(frozen=True)
class DocumentStore:
    """A tree of objects under `url` (`/data/store`, `s3://bucket/prefix`, ...).

    Objects appear whole or not at all: local files are written beside their place and renamed, S3 objects
    are put. Paths are relative to `url` and use `/`. Errors of the file system other than a missing object
    are raised as `BackendUnavailableError`, or `BackendConfigError` when it is not allowed what was tried.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def _root(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            # other processes write too, so what a folder held before is no guide
            options = {"use_listings_cache": False, **self.options}
            fs, root = fsspec.core.url_to_fs(self.url, **options)
        except (ValueError, ImportError) as error:
            raise BackendConfigError(f"cannot use the store {self.url}: {error}") from error
        return fs, root.rstrip("/")

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay behind when a store is sent to a worker."""
        return {"url": self.url, "options": self.options}

    @property
    def is_local(self) -> bool:
        """True when objects are plain files on this machine."""
        return isinstance(self._root[0], LocalFileSystem)

    def full_path(self, path: str) -> str:
        """The address of an object, for people and logs."""
        fs, root = self._root
        return str(fs.unstrip_protocol(f"{root}/{path}")) if not self.is_local else f"{root}/{path}"

    def exists(self, path: str) -> bool:
        """Whether the object is there."""
        with self._errors(path):
            return bool(self._root[0].exists(self._at(path)))

    def read(self, path: str, start: int | None = None, stop: int | None = None) -> bytes:
        """The object's bytes, or a range of them; `start` may be negative. FileNotFoundError if missing."""
        with self._errors(path):
            data: bytes = self._root[0].cat_file(self._at(path), start=start, end=stop)
            return data

    def tail(self, path: str, length: int) -> bytes:
        """The last `length` bytes, or the whole object when it is shorter. FileNotFoundError if missing."""
        with self._errors(path):
            fs, place = self._root[0], self._at(path)
            size = int(fs.size(place))
            data: bytes = fs.cat_file(place, start=max(0, size - length), end=size)
            return data

    def write(self, path: str, data: bytes) -> None:
        """Put one whole object."""
        self.write_stream(path, (data,))

    def write_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        """Put one whole object piece by piece; it appears only when the last piece is written."""
        with self._errors(path), self._whole(path) as target:
            for chunk in chunks:
                target.write(chunk)

    def list(self, path: str) -> list[str]:
        """Relative paths of all objects below `path`, sorted; none when there is no such folder."""
        with self._errors(path):
            fs, root = self._root
            try:
                found = fs.find(self._at(path))
            except FileNotFoundError:
                return []
            return sorted(str(name)[len(root) + 1 :] for name in found if not name.endswith(_PARTIAL))

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects; those already gone are no error."""
        fs = self._root[0]
        for path in paths:
            with self._errors(path):
                try:
                    fs.rm_file(self._at(path))
                except FileNotFoundError:
                    continue

    def _at(self, path: str) -> str:
        return f"{self._root[1]}/{path}"

    @contextmanager
    def _whole(self, path: str) -> Iterator[BinaryIO]:
        fs, place = self._root[0], self._at(path)
        if not self.is_local:
            target = fs.open(place, "wb")
            try:
                yield target
            except BaseException:
                if isinstance(target, AbstractBufferedFile):
                    target.discard()  # aborts a multipart upload
                    target.closed = True  # or it is uploaded when it is forgotten
                raise
            try:
                target.close()
            except FileNotFoundError as error:
                raise BackendConfigError(f"the store {self.url} cannot be written: {error}") from error
            return
        final = Path(place)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = final.with_name(f".{final.name[:150]}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
        try:
            with partial.open("wb") as target:
                yield target
            partial.replace(final)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            if not is_store_error(error):
                raise
            message = f"the store failed at {self.full_path(path)}: {error}"
            if isinstance(error, _MISUSE):
                raise BackendConfigError(message) from error
            raise BackendUnavailableError(message) from error


def is_store_error(error: Exception) -> bool:
    """Whether the file system raised it; the S3 client's errors are not all `OSError`s."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("botocore", "aiohttp")
