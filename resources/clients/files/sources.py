"""Source files: found under paths and prefixes, and brought to this machine to be read."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

import fsspec
from fsspec.implementations.local import LocalFileSystem

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    SourceChangedError,
    SourceMissingError,
)
from docmill.resources.clients.files.document_store import is_store_error

__all__ = ["SourceCache", "SourceFile", "content_hash", "find_sources", "readable"]

_READ_BYTES = 1 << 20
#: Sixteen files are read at once, and s3fs would read 50 MB of each ahead.
_READ_AHEAD = 8 << 20
#: Files up to this size are read whole, so many at once.
_SMALL_BYTES = 4 << 20
_AT_ONCE = 16
_FILE, _S3 = "file://", "s3://"


@dataclass(frozen=True)
class SourceFile:
    """A file that may be converted: its address, its size in bytes, and its name below what was asked for.

    A local file's address is its path, or a `file:` URI where the path is not text: manifests are.
    """

    address: str
    size: int
    name: str


def find_sources(places: Iterable[str], options: dict[str, Any] | None = None) -> Iterator[SourceFile]:
    """Files at the places given: a file as it is, a folder or prefix with every `.pdf` below it.

    Raises `SourceMissingError` for a place that does not exist, `BackendConfigError` for an address that
    cannot be understood.
    """
    for place in places:
        with _reading(place):
            yield from _found(place, options or {})


def _found(place: str, options: dict[str, Any]) -> Iterator[SourceFile]:
    fs, path = _open_place(place, options)
    if fs.isfile(path):
        yield SourceFile(_address(fs, path), int(fs.size(path)), readable(PurePosixPath(path).name))
    elif fs.isdir(path):
        found = fs.find(path, detail=True)
        for name, info in sorted(found.items()):
            if name.lower().endswith(".pdf"):
                below = PurePosixPath(name).relative_to(path)
                yield SourceFile(_address(fs, name), int(info["size"]), readable(str(below)))
    else:
        raise SourceMissingError(f"there is no file or folder at {place}")


@dataclass(frozen=True)
class SourceCache:
    """Source files as local paths. Local files are read where they are; others are copied to `folder`."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)

    def identify(self, address: str) -> str:
        """The document id of a file: the SHA-256 of its bytes. Errors as of `local_path`."""
        if path := _local_path(address):
            with _reading(address):
                return content_hash(_existing(path, address))
        return self._fetch(address).stem

    def content_id(self, address: str) -> str:
        """The same without keeping anything: a remote file is read once, piece by piece."""
        if _local_path(address):
            return self.identify(address)
        digest = hashlib.sha256()
        with _reading(address), self._stream(address) as source:
            while piece := source.read(_READ_BYTES):
                digest.update(piece)
        return digest.hexdigest()

    def small_content_ids(self, files: Mapping[str, int]) -> dict[str, str]:
        """The ids of small files on S3 by address, given their sizes: a request each, all under way at once.

        Other files are left out, and those that are not as they were listed: `content_id` says what is wrong.
        """
        small = {a: size for a, size in files.items() if a.startswith(_S3) and 0 < size <= _SMALL_BYTES}
        if not small:
            return {}
        # a byte more than there should be shows which have grown
        ends = [size + 1 for size in small.values()]
        fs = fsspec.filesystem("s3", **self.options)
        read = fs.cat_ranges(list(small), [0] * len(small), ends, batch_size=_AT_ONCE, on_error="return")
        return {
            address: hashlib.sha256(data).hexdigest()
            for (address, size), data in zip(small.items(), read, strict=True)
            if isinstance(data, bytes) and len(data) == size
        }

    def _stream(self, address: str) -> BinaryIO:
        fs, path = fsspec.core.url_to_fs(address, **self.options)
        stream: BinaryIO = fs.open(path, "rb", block_size=_READ_AHEAD)
        return stream

    def local_path(self, address: str, content_id: str) -> Path:
        """The local path of the file with these bytes.

        Raises `SourceMissingError`, `SourceChangedError`, or `BackendUnavailableError` when the server that
        holds it does not answer.
        """
        if local := _local_path(address):
            path = _existing(local, address)
        else:
            path = self.folder / f"{content_id}.pdf"
            if not path.is_file() or content_hash(path) != content_id:
                path = self._fetch(address)
        if content_hash(path) != content_id:
            raise SourceChangedError(f"the file at {address} is not the one that was batched")
        return path

    def unused_since(self, before: datetime) -> list[Path]:
        """Copies of remote files that were neither read nor made since; fetched again when needed."""
        moment = before.timestamp()
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return [p for p in found if p.is_file() and max(p.stat().st_atime, p.stat().st_mtime) < moment]

    def _fetch(self, address: str) -> Path:
        """Copy a remote file to the cache, under the hash of its bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{uuid.uuid4().hex}.partial"
        try:
            with (
                _reading(address),
                fsspec.open(address, "rb", **self.options) as source,
                partial.open("wb") as target,
            ):
                shutil.copyfileobj(source, target, _READ_BYTES)
            return partial.rename(self.folder / f"{content_hash(partial)}.pdf")
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _reading(address: str) -> Iterator[None]:
    """Errors of the file system are raised as docmill's own."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceMissingError(f"there is no file at {address} any more") from error
    except Exception as error:
        if not is_store_error(error):
            raise
        raise BackendUnavailableError(f"cannot read {address}: {error}") from error


def _existing(path: Path, address: str) -> Path:
    if not path.is_file():
        raise SourceMissingError(f"there is no file at {address} any more")
    return path


def _open_place(place: str, options: dict[str, Any]) -> tuple[fsspec.AbstractFileSystem, str]:
    if path := _local_path(place):
        return LocalFileSystem(), str(path.expanduser().absolute())
    try:
        fs, path = fsspec.core.url_to_fs(place, **options)
    except (ValueError, ImportError) as error:
        raise BackendConfigError(f"cannot read from {place}: {error}") from error
    return fs, path


def _local_path(address: str) -> Path | None:
    """The path that an address means on this machine; None when it lies elsewhere."""
    if address.startswith(_FILE):
        return Path(os.fsdecode(unquote_to_bytes(address.removeprefix(_FILE))))
    return None if "://" in address else Path(address)


def _address(fs: fsspec.AbstractFileSystem, path: str) -> str:
    if not isinstance(fs, LocalFileSystem):
        return str(fs.unstrip_protocol(path))
    return path if readable(path) == path else Path(path).as_uri()


def readable(name: str) -> str:
    """The name of a file with bytes that are not UTF-8 shown as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal: the id of a document."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
