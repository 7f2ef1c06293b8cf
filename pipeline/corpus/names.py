"""Whose results stand under a name in an output: another document's are not replaced.

The store keeps, for each name below each output, the document and the file that it went to. Beside that, what
stands there is a document's if it is byte for byte one of its exports, or a DoclingDocument that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from docmill.pipeline.convert.options import FORMATS
from docmill.pipeline.corpus.publish import OUTPUT
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.intake.ingest import told_apart
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["apart_from_others", "take_names"]

_FOLDER = "published"
_JSON = FORMATS["json"]
#: docling's hash of a document is a number of 64 bits.
_HASH_DIGITS = 16


class _Owner(msgspec.Struct, frozen=True):
    """Whose a name is: a document's, and so its file's when that has changed."""

    document: str
    source: str


class _Origin(msgspec.Struct):
    binary_hash: int


class _Made(msgspec.Struct):
    """As much of a DoclingDocument as says what it was made of."""

    origin: _Origin


def apart_from_others(store: DocumentStore, documents: Sequence[DocumentRef], out: str) -> list[DocumentRef]:
    """The documents; those whose name has another document's results below `out` get their id in it."""
    target = DocumentStore(out, what=OUTPUT)

    def own(document: DocumentRef) -> DocumentRef:
        return told_apart(document) if _is_taken(store, target, document) else document

    return list(at_once(own, documents))


def take_names(store: DocumentStore, documents: Iterable[DocumentRef], out: str) -> None:
    """Note that these documents' results go below `out` under the names that they have."""

    def note(document: DocumentRef) -> None:
        owner = _Owner(document.id, document.source)
        if _owner(store, out, document.stem) != owner:
            store.write(_path(out, document.stem), msgspec.json.encode(owner))

    for _ in at_once(note, documents):
        pass


def _is_taken(store: DocumentStore, target: DocumentStore, document: DocumentRef) -> bool:
    owner = _owner(store, target.url, document.stem)
    if owner and (owner.document == document.id or owner.source == document.source):
        return False
    there = [extension for extension in FORMATS.values() if target.exists(f"{document.stem}.{extension}")]
    if not there:
        return False
    return owner is not None or not _is_made_of(store, target, document, there)


def _is_made_of(
    store: DocumentStore, target: DocumentStore, document: DocumentRef, extensions: Sequence[str]
) -> bool:
    """Whether what stands there is this document's, made by an earlier run or out of another store."""
    if _JSON in extensions and _is_json_of(target.read(f"{document.stem}.{_JSON}"), document.id):
        return True
    made = store.list(f"documents/{document.id[:2]}/{document.id}/exports")
    for extension in extensions:
        there = target.read(f"{document.stem}.{extension}")
        if any(path.endswith(f"/document.{extension}") and store.read(path) == there for path in made):
            return True
    return False


def _is_json_of(data: bytes, id_: str) -> bool:
    """Whether it is a DoclingDocument that says of itself that it comes of this document."""
    try:
        return msgspec.json.decode(data, type=_Made).origin.binary_hash == int(id_[:_HASH_DIGITS], 16)
    except (msgspec.DecodeError, ValueError):
        return False


def _owner(store: DocumentStore, out: str, name: str) -> _Owner | None:
    try:
        return msgspec.json.decode(store.read(_path(out, name)), type=_Owner)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _path(out: str, name: str) -> str:
    place, under = (
        hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest() for text in (out, name)
    )
    return f"{_FOLDER}/{place[:16]}/{under[:32]}.json"
