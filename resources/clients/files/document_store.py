"""Where artifacts live: any fsspec file system, a local folder by default, with whole-object writes only."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from filelock import lock_descriptor
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.files import s3_requests
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.room import is_no_room, no_room
from docmill.resources.home import default_home

__all__ = ["DocumentStore", "StoredObject", "default_store", "is_store_error"]

_PARTIAL = ".partial"
#: A folder is locked for a look and a rename.
_LOCK_POLL_S = 0.002
#: Trying again does not help against these.
_MISUSE = (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)


def default_store() -> str:
    """Where the store is by default: $DOCMILL_STORE, else `store` in docmill's own folder."""
    return os.environ.get("DOCMILL_STORE") or str(default_home() / "store")


@dataclass(frozen=True)
class StoredObject:
    """An object as listed: its relative path, its size in bytes, and when it was written."""

    path: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class DocumentStore:
    """A tree of objects under `url` (`/data/store`, `s3://bucket/prefix`, ...).

    Objects appear whole or not at all: local files are written beside their place and renamed, S3 objects
    are put. Paths are relative to `url` and use `/`. Errors of the file system other than a missing object
    are raised as `BackendUnavailableError`, `NoRoomError` among them, or `BackendConfigError` when it is not
    allowed what was tried; they call the tree what it is to people, `what`.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict)
    what: str = "the store"

    @cached_property
    def _root(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            # other processes write too, so what a folder held before is no guide
            options = {"use_listings_cache": False, **self.options}
            fs, root = fsspec.core.url_to_fs(self.url, **options)
        except (ValueError, ImportError) as error:
            raise BackendConfigError(f"cannot use {self.what} {self.url}: {error}") from error
        return fs, root.rstrip("/")

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay behind when a store is sent to a worker."""
        return {"url": self.url, "options": self.options, "what": self.what}

    @property
    def is_local(self) -> bool:
        """True when objects are plain files on this machine."""
        return isinstance(self._root[0], LocalFileSystem)

    @property
    def _is_s3(self) -> bool:
        return "s3" in self._root[0].protocol

    def full_path(self, path: str) -> str:
        """The address of an object, for people and logs."""
        fs, root = self._root
        return str(fs.unstrip_protocol(f"{root}/{path}")) if not self.is_local else f"{root}/{path}"

    def has_bucket(self) -> bool:
        """Whether the bucket is there that the tree is in; True for what has none, or does not say."""
        with self._errors(""):
            return s3_requests.has_bucket(self._root[0], self._root[1]) if self._is_s3 else True

    def exists(self, path: str) -> bool:
        """Whether the object is there."""
        with self._errors(path):
            fs, place = self._root[0], self._at(path)
            return s3_requests.version(fs, place) is not None if self._is_s3 else bool(fs.exists(place))

    def read(self, path: str, start: int | None = None, stop: int | None = None) -> bytes:
        """The object's bytes, or a range of them; `start` may be negative. FileNotFoundError if missing."""
        with self._errors(path):
            fs, place = self._root[0], self._at(path)
            if self._is_s3 and start is None and stop is None:
                return s3_requests.whole(fs, place)
            data: bytes = fs.cat_file(place, start=start, end=stop)
            return data

    def tail(self, path: str, length: int) -> bytes:
        """The last `length` bytes, or the whole object when it is shorter. FileNotFoundError if missing."""
        with self._errors(path):
            fs, place = self._root[0], self._at(path)
            if self._is_s3:
                return s3_requests.tail(fs, place, length)
            data: bytes = fs.cat_file(place, start=-length)
            return data

    def write(self, path: str, data: bytes) -> None:
        """Put one whole object."""
        self.write_stream(path, (data,))

    def write_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        """Put one whole object piece by piece; it appears only when the last piece is written."""
        with self._errors(path), self._whole(path) as target:
            for chunk in chunks:
                target.write(chunk)

    def version(self, path: str) -> str | None:
        """What names the object's bytes as they are (S3: its ETag); None when it is not there."""
        with self._errors(path):
            fs, place = self._root[0], self._at(path)
            if self.is_local:
                return _local_version(Path(place))
            if self._is_s3:
                return s3_requests.version(fs, place)
            try:
                info = fs.info(place)
            except FileNotFoundError:
                return None
            return str(info.get("ETag") or fs.ukey(place))

    def write_if(self, path: str, data: bytes, version: str | None) -> bool:
        """Put one whole object if it still has this `version`; None: if it is not there. False if not.

        Bytes that were there before are the same version again: whoever counts on it writes other bytes.

        Exact on local disks and on S3 servers that know conditional requests (AWS, MinIO, SeaweedFS); other
        file systems are asked first, and a write in between is lost.
        """
        with self._errors(path):
            fs = self._root[0]
            if self.is_local:
                return self._write_local_if(Path(self._at(path)), data, version)
            if self._is_s3:
                return s3_requests.put_if(fs, self._at(path), data, version)
            if self.version(path) != version:
                return False
            self.write(path, data)
            return True

    def details(self, path: str) -> Iterator[StoredObject]:
        """All objects below `path`, sorted, with their sizes and times."""
        for name, info in self._below(path):
            yield StoredObject(name, int(info["size"]), _modified(info))

    def unfinished(self) -> Iterator[StoredObject]:
        """What writers that were killed left on a local disk; S3 servers keep theirs to themselves."""
        root = Path(self._root[1])
        for path in root.rglob(f"*{_PARTIAL}") if self.is_local else ():
            state = path.stat()
            modified = datetime.fromtimestamp(state.st_mtime, UTC)
            yield StoredObject(path.relative_to(root).as_posix(), state.st_size, modified)

    def list(self, path: str) -> list[str]:
        """Relative paths of all objects below `path`, sorted; none when there is no such folder."""
        return [name for name, _ in self._below(path)]

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects; those already gone are no error."""
        for _ in at_once(self._delete, paths):
            pass

    def _delete(self, path: str) -> None:
        with self._errors(path), suppress(FileNotFoundError):
            self._root[0].rm_file(self._at(path))

    def _below(self, path: str) -> Iterable[tuple[str, dict[str, Any]]]:
        """What lies below `path`, sorted: relative paths, and what the file system says of each."""
        with self._errors(path):
            (fs, root), folder = self._root, self._at(path).rstrip("/")
            try:
                found = s3_requests.listing(fs, folder) if self._is_s3 else fs.find(folder, detail=True)
            except FileNotFoundError:
                return ()
        return sorted(
            (
                (str(name)[len(root) + 1 :], info)
                for name, info in found.items()
                if not name.endswith(_PARTIAL)
            ),
            key=lambda each: each[0],
        )

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
                raise BackendConfigError(f"{self.what} {self.url} cannot be written: {error}") from error
            return
        final = Path(place)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(final)
        try:
            with partial.open("wb") as target:
                yield target
            with _locked(final.parent):
                partial.replace(final)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _write_local_if(self, final: Path, data: bytes, version: str | None) -> bool:
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(final)
        try:
            partial.write_bytes(data)
            with _locked(final.parent):
                if _local_version(final) != version:
                    return False
                partial.replace(final)
                return True
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            if not is_store_error(error):
                raise
            if is_no_room(error):
                raise no_room(self.what, self.full_path(path), error) from error
            message = f"{self.what} failed at {self.full_path(path)}: {error}"
            if isinstance(error, _MISUSE) or getattr(error, "errno", None) == errno.EROFS:
                raise BackendConfigError(message) from error
            raise BackendUnavailableError(message) from error


def _partial(final: Path) -> Path:
    """A name beside it for what is being written; file systems take 255 bytes."""
    begin = os.fsdecode(os.fsencode(final.name)[:150])
    return final.with_name(f".{begin}.{uuid.uuid4().hex[:8]}{_PARTIAL}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Between a look at a file's version and its replacement nobody else replaces it.

    The lock is on the folder itself, so that no lock file is left; systems which cannot do that go without.
    """
    with ExitStack() as held:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            held.callback(os.close, descriptor)
            lock_descriptor(descriptor, poll_interval=_LOCK_POLL_S)
        yield


def _local_version(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _modified(info: dict[str, Any]) -> datetime:
    value = info.get("LastModified") or info.get("mtime") or 0.0
    return value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)


def is_store_error(error: Exception) -> bool:
    """Whether the file system raised it; the S3 client's errors are not all `OSError`s."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("botocore", "aiohttp")
