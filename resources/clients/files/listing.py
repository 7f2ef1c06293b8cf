"""What lies below a folder or prefix, in order, from any point on: for corpora too large to list at once.

Order is by the parts of the path below the place (a local folder's), or by the key (S3's): either way the
same from one look to the next, so that the last name seen says where to go on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError, SourceMissingError
from docmill.resources.clients.files.document_store import is_store_error
from docmill.resources.clients.files.sources import readable

__all__ = ["Listing", "SourceObject"]

_PAGE_KEYS = 1000


@dataclass(frozen=True)
class SourceObject:
    """A file as listed: `name` is its path below the place, `version` names its state without reading it.

    `arrived` is when it may have got there at the latest: a local file that is moved in with its folder keeps
    its own times, the folder does not.
    """

    name: str
    address: str
    size: int
    version: str
    arrived: datetime
    #: False when the name is not valid text; `name` and `address` then show it with escapes.
    nameable: bool = True


@dataclass(frozen=True)
class Listing:
    """A local folder, `s3://bucket/prefix`, or a place on another fsspec file system."""

    place: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether files can be seen while they are being written."""
        return "://" not in self.place

    @property
    def is_by_key(self) -> bool:
        """Whether the server finds what follows a name without going through what is before it."""
        return self.place.startswith("s3://")

    def after(self, name: str) -> Iterator[SourceObject]:
        """The files after this name, in order; all of them after an empty one.

        Raises `SourceMissingError` when the folder does not exist, `BackendUnavailableError` when the server
        does not answer.
        """
        try:
            if self.is_local:
                root = Path(self.place).expanduser().absolute()
                yield from _walk(root, (), tuple(name.split("/")) if name else (), 0.0)
            elif self.is_by_key:
                yield from self._keys(name)
            else:
                yield from self._found(name)
        except FileNotFoundError as error:
            raise SourceMissingError(f"there is no inbox at {self.place}") from error
        except Exception as error:
            if not is_store_error(error):
                raise
            raise BackendUnavailableError(f"cannot list the inbox {self.place}: {error}") from error

    def _keys(self, name: str) -> Iterator[SourceObject]:
        fs, path = self._open()
        bucket, _, prefix = path.rstrip("/").partition("/")
        prefix = f"{prefix}/" if prefix else ""
        after = prefix + name
        while True:
            page = fs.call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=_PAGE_KEYS
            )
            contents = page.get("Contents", [])
            for each in contents:
                key = str(each["Key"])
                if not key.endswith("/"):
                    address = f"s3://{bucket}/{key}"
                    arrived = each["LastModified"]
                    # with the time: a file that is put back as it was is seen too
                    version = f"{str(each['ETag']).strip(chr(34))}-{arrived.timestamp():.0f}"
                    yield SourceObject(key[len(prefix) :], address, int(each["Size"]), version, arrived)
            if not page.get("IsTruncated") or not contents:
                return
            after = str(contents[-1]["Key"])

    def _found(self, name: str) -> Iterator[SourceObject]:
        fs, root = self._open()
        for path, info in sorted(fs.find(root, detail=True).items()):
            below = str(path)[len(root.rstrip("/")) + 1 :]
            if below > name:
                modified = fs.modified(path) if hasattr(fs, "modified") else datetime.now(UTC)
                size = int(info["size"])
                version = str(info.get("etag") or info.get("ETag") or f"{modified.timestamp():.6f}-{size}")
                yield SourceObject(below, str(fs.unstrip_protocol(path)), size, version, modified)

    def _open(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            options = {"use_listings_cache": False, **self.options}
            fs, path = fsspec.core.url_to_fs(self.place, **options)
        except (ValueError, ImportError) as error:
            raise BackendConfigError(f"cannot read from the inbox {self.place}: {error}") from error
        return fs, str(path)


def _walk(
    folder: Path, above: tuple[str, ...], after: tuple[str, ...], moved: float
) -> Iterator[SourceObject]:
    """Files below a folder, folders in order among files; whole folders before `after` are passed over."""
    with os.scandir(folder) as found:
        entries = sorted(((readable(entry.name), entry) for entry in found), key=lambda pair: pair[0])
    first = after[0] if after else ""
    for name, entry in entries:
        if name < first:
            continue
        rest = after[1:] if name == first else ()
        parts = (*above, name)
        try:
            if entry.is_dir(follow_symlinks=False):
                changed = max(moved, entry.stat(follow_symlinks=False).st_ctime)
                yield from _walk(Path(entry.path), parts, rest, changed)
            elif entry.is_file() and (name != first or rest):
                yield _local(entry, parts, moved)
        except FileNotFoundError:  # moved away meanwhile
            continue


def _local(entry: os.DirEntry[str], parts: tuple[str, ...], moved: float) -> SourceObject:
    state = entry.stat()
    arrived = max(state.st_mtime, state.st_ctime, moved)
    version = f"{state.st_mtime_ns:x}-{state.st_size:x}"
    return SourceObject(
        "/".join(parts),
        readable(entry.path),
        state.st_size,
        version,
        datetime.fromtimestamp(arrived, UTC),
        nameable=readable(entry.path) == entry.path,
    )
