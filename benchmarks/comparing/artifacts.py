"""The artifacts that a conversion left in its store, in a form that two commits share.

Fingerprints are left out: artifacts belong together by document and stage. Pages are the bytes of their JSON
lines. Of a record, times and lost workers are left out, and a field that a commit does not write yet has its
default.
Of `metadata.json`, times, versions, fingerprints and names of modules are left out. All other files count
byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.comparing.errors import ArtifactLayoutError
from benchmarks.comparing.pieces import Piece, Pieces
from docmill.pipeline.stages.results.frames import decode_pages, read_index
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.runner import LOST_WORKERS

__all__ = ["comparable_metadata", "comparable_record", "document_folders", "read_pieces"]

_ARTIFACT, _PARTS = ".json.zst", ".parts"
_TIMES = ("seconds", "cpu_seconds", "device_seconds", "page_seconds")
_OF_THE_COMMIT = (*_TIMES, "made_with", "fingerprints")
_MODULE = re.compile(rb"(?<![\w.])(?:docmill\.)?(?:pipeline|resources)(?:\.\w+)+(?::\w+)?")


def document_folders(home: Path) -> dict[str, Path]:
    """The folder of each document in the store below docmill's home, by content id."""
    return {folder.name: folder for folder in (home / "store" / "documents").glob("*/*")}


def read_pieces(folder: Path) -> Pieces:
    """All pieces of one document's folder. `ArtifactLayoutError` when a piece is there twice, or damaged."""
    found: dict[Piece, bytes] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for piece, content in _pieces(path, *path.relative_to(folder).parts):
            if piece in found:
                raise ArtifactLayoutError(f"{folder}: {piece.stage}, {piece.part} is there twice")
            found[piece] = content
    return found


def _pieces(path: Path, stage: str, *rest: str) -> Iterator[tuple[Piece, bytes]]:
    match rest:
        case (file,) if file.endswith(_ARTIFACT):
            yield from _artifact(path, stage, file.removesuffix(_ARTIFACT))
        case (folder, *inner) if folder.endswith(_PARTS):
            # that it was left is what matters
            yield Piece(stage, f"left: {'/'.join(inner)}"), b""
        case (_, "metadata.json"):
            yield Piece(stage, "metadata.json"), comparable_metadata(path.read_bytes())
        case (_, *inner) if inner:
            yield Piece(stage, "/".join(inner)), path.read_bytes()
        case _:
            raise ArtifactLayoutError(f"{path} is neither an artifact nor a file beside one")


def _artifact(path: Path, stage: str, fingerprint: str) -> Iterator[tuple[Piece, bytes]]:
    data = path.read_bytes()
    try:
        index = read_index(lambda length: data[-length:])
        for frame in index.frames:
            lines = decode_pages(data[frame.start : frame.stop], msgspec.Raw)
            for number, line in zip(frame.pages, lines, strict=True):
                yield Piece(stage, f"page {number}"), bytes(line)
    except ValueError as error:
        raise ArtifactLayoutError(f"{path}: {error}") from error
    yield Piece(stage, "record"), comparable_record(index.meta, fingerprint)


def comparable_record(meta: Mapping[str, Any], fingerprint: str) -> bytes:
    """A `StageRecord` as JSON with sorted keys; `fingerprint` is that of its artifact, which paths hold."""
    record = _defaults(StageRecord) | dict(meta)
    record["counts"] = {name: n for name, n in record["counts"].items() if name != LOST_WORKERS}
    record["issues"] = [_defaults(PageIssue) | issue for issue in record["issues"]]
    encoded = _encoded(record, _TIMES)
    return encoded.replace(fingerprint.encode(), b"FINGERPRINT") if fingerprint else encoded


def comparable_metadata(data: bytes) -> bytes:
    """A document's `metadata.json` with sorted keys."""
    metadata = msgspec.json.decode(data, type=dict[str, Any])
    if "engines" in metadata:
        engines = msgspec.json.encode(metadata["engines"])
        metadata["engines"] = msgspec.Raw(_MODULE.sub(b"MODULE", engines))
    return _encoded(metadata, _OF_THE_COMMIT)


def _encoded(values: Mapping[str, Any], left_out: tuple[str, ...]) -> bytes:
    kept = {name: value for name, value in values.items() if name not in left_out}
    return msgspec.json.encode(kept, order="deterministic")


def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    found = {}
    for field in msgspec.structs.fields(kind):
        if field.default_factory is not msgspec.NODEFAULT:
            found[field.encode_name] = field.default_factory()
        elif field.default is not msgspec.NODEFAULT:
            found[field.encode_name] = field.default
    return found
