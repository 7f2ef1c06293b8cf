"""Source files: found under paths and prefixes, and brought to this machine to be read."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

import fsspec

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    DocumentError,
    SourceChangedError,
    SourceMissingError,
    SourceUnreadableError,
)
from docmill.resources.clients.files.document_store import is_store_error
from docmill.resources.clients.files.local_files import below, file_size, reading
from docmill.resources.clients.files.room import is_no_room, no_room
from docmill.resources.clients.files.web_addresses import check_address, is_web, web_name

__all__ = [
    "LeaveOut",
    "SourceCache",
    "SourceFile",
    "UnreadableSource",
    "content_hash",
    "find_sources",
    "readable",
]

_READ_BYTES = 1 << 20
#: Sixteen files are read at once, and s3fs would read 50 MB of each ahead.
_READ_AHEAD = 8 << 20
#: Files up to this size are read whole, so many at once.
_SMALL_BYTES = 4 << 20
_AT_ONCE = 16
_FILE, _S3 = "file://", "s3://"
_PDF = ".pdf"
#: The limit of a reader that is not set otherwise.
_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class SourceFile:
    """A file that may be converted: its address, its size in bytes, and its name below what was asked for.

    A local file's address is its path, or a `file:` URI where the path is not text: manifests are.
    """

    address: str
    size: int
    name: str


@dataclass(frozen=True)
class UnreadableSource:
    """A file or folder among others that cannot be read, and why."""

    name: str
    address: str
    error: DocumentError


#: Told of what cannot be read, so that the others go on.
LeaveOut = Callable[[UnreadableSource], None]


def find_sources(
    places: Iterable[str], options: dict[str, Any] | None = None, leave_out: LeaveOut | None = None
) -> Iterator[SourceFile]:
    """Files at the places given: a file as it is, a folder or prefix with every `.pdf` below it.

    A local file or folder that is there and cannot be read, a pipe or a link that leads nowhere, goes to
    `leave_out`; without it, its `DocumentError` is raised. Raises `SourceMissingError` for a place that does
    not exist, `BackendConfigError` for an address that cannot be understood.
    """
    for place in places:
        if not place:
            raise BackendConfigError("a file or folder is named by an empty text")
        if is_web(place):
            yield _on_the_web(place)
        elif path := _local_path(place):
            yield from _on_this_machine(place, path.expanduser().absolute(), leave_out or _raised)
        else:
            with _reading(place):
                yield from _elsewhere(place, options or {})


def _raised(source: UnreadableSource) -> None:
    raise source.error


def _on_this_machine(place: str, path: Path, leave_out: LeaveOut) -> Iterator[SourceFile]:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceMissingError(f"there is no file or folder at {place}") from error
    except OSError:
        pass  # `file_size` says what is wrong
    found = sorted(below(path, _PDF), key=lambda each: str(each[0])) if path.is_dir() else [(path, None)]
    for each, wrong in found:
        name = readable(each.name if each == path else str(each.relative_to(path)))
        address = _local_address(each)
        try:
            if wrong:
                raise wrong
            yield SourceFile(address, file_size(each), name)
        except DocumentError as why:
            leave_out(UnreadableSource(name, address, why))


def _on_the_web(address: str) -> SourceFile:
    check_address(address)
    return SourceFile(address, 0, web_name(address))


def _elsewhere(place: str, options: dict[str, Any]) -> Iterator[SourceFile]:
    try:
        fs, path = fsspec.core.url_to_fs(place, **options)
    except (ValueError, ImportError) as error:
        raise BackendConfigError(f"cannot read from {place}: {error}") from error
    if fs.isfile(path):
        yield SourceFile(str(fs.unstrip_protocol(path)), int(fs.size(path)), PurePosixPath(path).name)
    elif fs.isdir(path):
        found = fs.find(path, detail=True)
        for name, info in sorted(found.items()):
            if name.lower().endswith(_PDF):
                relative = PurePosixPath(name).relative_to(path)
                yield SourceFile(str(fs.unstrip_protocol(name)), int(info["size"]), str(relative))
    else:
        raise SourceMissingError(f"there is no file or folder at {place}")


@dataclass(frozen=True)
class SourceCache:
    """Source files as local paths. Local files are read where they are; others are copied to `folder`.

    `headers` go with requests for https:// addresses, of which at most `max_bytes` are fetched.
    """

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int = _MAX_BYTES

    def identify(self, address: str) -> str:
        """The document id of a file: the SHA-256 of its bytes.

        Errors as of `local_path`, and `SourceUnreadableError` for a file that may not be read.
        """
        if path := _local_path(address):
            file_size(path)
            with reading(path):
                return content_hash(path)
        return self._fetch(address).stem

    def content_id(self, address: str) -> str:
        """The same without keeping anything: a remote file is read once, piece by piece."""
        if _local_path(address):
            return self.identify(address)
        digest = hashlib.sha256()
        for piece in self._pieces(address):
            digest.update(piece)
        return digest.hexdigest()

    def copied_size(self, content_id: str) -> int:
        """The size of the copy that `identify` made of a file that is elsewhere."""
        return (self.folder / f"{content_id}{_PDF}").stat().st_size

    def exists(self, address: str) -> bool:
        """Whether there is a file. Raises `BackendUnavailableError` when its server does not answer."""
        if path := _local_path(address):
            return path.is_file()
        with _reading(address):
            fs, path_there = fsspec.core.url_to_fs(address, **self.options)
            return bool(fs.isfile(path_there))

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

    def _pieces(self, address: str) -> Iterator[bytes]:
        """The bytes of a file that is elsewhere."""
        if is_web(address):
            from docmill.resources.clients.files.web_files import pieces  # 0.2 s, and few need it

            yield from pieces(address, self.headers, self.max_bytes)
            return
        with _reading(address), _allowed(address), self._stream(address) as source:
            while piece := source.read(_READ_BYTES):
                yield piece

    def _stream(self, address: str) -> BinaryIO:
        fs, path = fsspec.core.url_to_fs(address, **self.options)
        stream: BinaryIO = fs.open(path, "rb", block_size=_READ_AHEAD)
        return stream

    def local_path(self, address: str, content_id: str) -> Path:
        """The local path of the file with these bytes.

        Raises `SourceMissingError`, `SourceChangedError`, or `BackendUnavailableError` when the server that
        holds it does not answer.
        """
        if path := _local_path(address):
            found = self.identify(address)
        else:
            path = self.folder / f"{content_id}.pdf"
            if not path.is_file() or content_hash(path) != content_id:
                path = self._fetch(address)
            found = path.stem
        if found != content_id:
            raise SourceChangedError(f"the file at {address} is not the one that was batched")
        return path

    def unused_since(self, before: datetime) -> list[Path]:
        """Copies of remote files that were neither read nor made since; fetched again when needed."""
        moment = before.timestamp()
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return [p for p in found if p.is_file() and max(p.stat().st_atime, p.stat().st_mtime) < moment]

    def _fetch(self, address: str) -> Path:
        """Copy a remote file to the cache, under the hash of its bytes."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / f".{uuid.uuid4().hex}.partial"
            try:
                with partial.open("wb") as target:
                    for piece in self._pieces(address):
                        target.write(piece)
                return partial.rename(self.folder / f"{content_hash(partial)}{_PDF}")
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            if is_no_room(error):
                raise no_room(f"a copy of {address}", self.folder, error) from error
            raise BackendConfigError(f"cannot write copies of source files: {error}") from error


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


@contextmanager
def _allowed(address: str) -> Iterator[None]:
    """That a server refuses this one file says nothing of the others: its policy, or S3's archive."""
    try:
        yield
    except PermissionError as error:
        raise SourceUnreadableError(f"cannot read {address}: {error}") from error


def _local_path(address: str) -> Path | None:
    """The path that an address means on this machine; None when it lies elsewhere."""
    if address.startswith(_FILE):
        return Path(os.fsdecode(unquote_to_bytes(address.removeprefix(_FILE))))
    return None if "://" in address else Path(address)


def _local_address(path: Path) -> str:
    return str(path) if readable(str(path)) == str(path) else path.as_uri()


def readable(name: str) -> str:
    """The name of a file with bytes that are not UTF-8 shown as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal: the id of a document."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
