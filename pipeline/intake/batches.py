"""Documents and batches: content ids, readable keys, manifests, grouping."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

import msgspec

from docmill.resources.clients.files.document_store import DocumentStore

__all__ = [
    "BACKFILL",
    "CONVERT",
    "INBOX",
    "RETRY",
    "BatchLimits",
    "DocumentRef",
    "Manifest",
    "batch_key",
    "group",
    "manifest_keys",
    "read_manifest",
    "write_manifest",
]

#: What makes batches: the command line, the sensor of the inbox, `docmill retry`, `docmill backfill`.
CONVERT, INBOX, RETRY, BACKFILL = "convert", "inbox", "retry", "backfill"

#: Digits of the content hash in a batch's key.
_DIGITS = 6
#: The longest name of results: file systems take 255 bytes, extension included.
_NAME_BYTES = 220


class DocumentRef(msgspec.Struct, frozen=True):
    """A document of a batch: `id` is the SHA-256 of its bytes, `source` where they are.

    `published` is the name of its results, without extension, when it is not simply that of the document:
    others found with it have the same name. `version` names the state of the file at `source` that was read:
    its ETag, or its size and time.
    """

    id: str
    name: str
    source: str
    size: int
    published: str = ""
    version: str = ""

    @property
    def stem(self) -> str:
        """The name of its results: folders and file name without extension.

        What is too long for file systems once an extension is added is cut, and told apart by the id.
        """
        name = PurePosixPath(self.published or PurePosixPath(self.name).with_suffix(""))
        last = name.name.encode()
        if len(last) <= _NAME_BYTES:
            return str(name)
        return str(name.with_name(f"{last[:_NAME_BYTES].decode(errors='ignore')}-{self.id[:_DIGITS]}"))


class Manifest(msgspec.Struct, frozen=True):
    """A batch: the partition `key`, its documents, and what made it."""

    key: str
    created: datetime
    documents: list[DocumentRef]
    origin: str = CONVERT


class BatchLimits(msgspec.Struct, frozen=True):
    """How large a batch may grow; one document is always a batch."""

    documents: int = 64
    bytes: int = 2 << 30


def batch_key(documents: Sequence[DocumentRef], day: date, digits: int = _DIGITS) -> str:
    """A partition key a person can read: `2026-11-23-annual-report-3f2a9c`, `2026-11-23-64docs-9be1d2`.

    The same documents on the same day give the same key, in whatever order.
    """
    digest = hashlib.sha256("\n".join(_ids(documents)).encode()).hexdigest()[:digits]
    what = _slug(PurePosixPath(documents[0].name).stem) if len(documents) == 1 else f"{len(documents)}docs"
    return f"{day.isoformat()}-{what}-{digest}"


def group(documents: Iterable[DocumentRef], limits: BatchLimits) -> Iterator[list[DocumentRef]]:
    """Batches in order of arrival; the same file listed twice is taken once."""
    seen: set[tuple[str, str]] = set()
    batch: list[DocumentRef] = []
    size = 0
    for document in documents:
        if (document.id, document.source) in seen:
            continue
        seen.add((document.id, document.source))
        if batch and (len(batch) >= limits.documents or size + document.size > limits.bytes):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += document.size
    if batch:
        yield batch


def write_manifest(store: DocumentStore, documents: Sequence[DocumentRef], origin: str = CONVERT) -> Manifest:
    """Make a batch of the documents and keep its manifest; the same batch again is the same manifest.

    When two batches of a day begin with the same digits, the later one gets a longer key. So does one of the
    same contents at other places, unless somebody converts them by hand once more: there they are only found
    elsewhere.
    """
    now, ordered, by_hand = datetime.now(UTC), sorted(documents, key=lambda d: d.source), origin == CONVERT
    for digits in range(_DIGITS, 65, 2):
        manifest = Manifest(batch_key(documents, now.date(), digits), now, ordered, origin)
        earlier = _earlier(store, manifest.key)
        if earlier is None:
            break
        # what somebody converts by hand is no batch of an inbox, whatever is in it
        if (earlier.origin == CONVERT) is not by_hand:
            continue
        if earlier.documents == ordered:
            return earlier
        if by_hand and _ids(earlier.documents) == _ids(documents):  # then their files have moved
            break
    store.write(_path(manifest.key), msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def read_manifest(store: DocumentStore, key: str) -> Manifest:
    """The manifest of a partition. FileNotFoundError when the store has none."""
    return msgspec.json.decode(store.read(_path(key)), type=Manifest)


def manifest_keys(store: DocumentStore) -> list[str]:
    """The keys of all batches, in order of their days."""
    return [PurePosixPath(path).stem for path in store.list("batches")]


def _earlier(store: DocumentStore, key: str) -> Manifest | None:
    try:
        return read_manifest(store, key)
    except FileNotFoundError:
        return None


def _ids(documents: Sequence[DocumentRef]) -> list[str]:
    return sorted(document.id for document in documents)


def _path(key: str) -> str:
    return f"batches/{key}.json"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "document"
