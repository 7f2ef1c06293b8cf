"""Which artifact is where: one object per document, stage and fingerprint of what made it.

    documents/3f/3f2a9c.../layout/8c1d02e5b7a94f10.json.zst      the finished stage
    documents/3f/3f2a9c.../layout/8c1d02e5b7a94f10.parts/...     page chunks of a stage that is under way
    documents/3f/3f2a9c.../documents/5b0c.../document.json       files for people, beside the record
    batches/2026-11-23-64docs-9be1d2.json                        a batch manifest

A retry, a re-run or another batch with the same file finds finished work under the same name; a change of a
stage's settings or model changes its fingerprint and those of all stages that follow, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import msgspec

from docmill.pipeline.stages.results.frames import (
    Frame,
    FrameIndex,
    decode_pages,
    index_frame,
    read_index,
    read_tail,
)
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["ArtifactStore", "Piece", "chunk_artifact", "fingerprint"]

T = TypeVar("T")
#: A page chunk: its path in the store, or its pages' numbers and their frame.
Piece: TypeAlias = str | tuple[list[int], bytes]

#: Page chunks that are read ahead of where they are joined: enough to keep a store busy, few to hold.
_AHEAD = 4


def fingerprint(stage: str, settings: Mapping[str, Any], upstream: Sequence[str]) -> str:
    """16 hex digits that name what a stage was made with: its settings and its inputs' fingerprints."""
    payload = msgspec.json.encode([stage, dict(settings), list(upstream)], order="deterministic")
    return hashlib.sha256(payload).hexdigest()[:16]


def chunk_artifact(frame: bytes, record: StageRecord) -> bytes:
    """A complete artifact of one frame, which holds `record.pages` (or is empty), and its index."""
    frames = [Frame(record.pages, 0, len(frame))] if frame else []
    return frame + index_frame(FrameIndex(frames=frames, meta=msgspec.to_builtins(record)))


@dataclass(frozen=True)
class ArtifactStore:
    """Artifacts of all documents in a store."""

    store: DocumentStore

    def path(self, document: str, stage: str, print_: str) -> str:
        """Where the finished artifact of a stage lies."""
        return f"{self.folder(document, stage, print_)}.json.zst"

    def folder(self, document: str, stage: str, print_: str) -> str:
        """The folder of a stage's loose files (document.json, document.md, ...)."""
        return f"documents/{document[:2]}/{document}/{stage}/{print_}"

    def record(self, document: str, stage: str, print_: str) -> StageRecord | None:
        """The record of a finished stage; None when it is not finished or its artifact is damaged."""
        return self._record(self.path(document, stage, print_))

    def part_pages(self, part: Piece, kind: type[T]) -> Iterator[T]:
        """All pages of one page chunk."""
        for _, frame in self._frames(part):
            yield from decode_pages(frame, kind)

    def pages(
        self, document: str, stage: str, print_: str, kind: type[T], numbers: Sequence[int] | None = None
    ) -> Iterator[tuple[int, T]]:
        """Pages of an artifact with their numbers: all of them, or those asked for that it holds."""
        path = self.path(document, stage, print_)
        end = read_tail(lambda length: self.store.tail(path, length))
        wanted = None if numbers is None else set(numbers)
        for frame in end.index.frames if wanted is None else end.index.holding(wanted):
            data = end.frame(frame) or self.store.read(path, frame.start, frame.stop)
            yield from _frame_pages(data, frame, kind, wanted)

    def write(self, print_: str, frame: bytes, record: StageRecord) -> StageRecord:
        """Finish a stage with the one frame that its pages need, or none; returns the record that stands.

        Runs that do the same document at once may come to different ends: a page timed out in one of them.
        The better end stands, whoever wrote it and in whatever order.
        """
        path = self.path(record.document, record.stage, print_)
        data = chunk_artifact(frame, record)
        if record.final:
            self.store.write(path, data)
            return record
        return self._write_unless_better(path, data, record)

    def write_part(self, print_: str, frame: bytes, record: StageRecord) -> str:
        """Keep a page chunk of an unfinished stage; returns its path."""
        name = f"{record.pages[0]:06d}-{record.pages[-1]:06d}.json.zst"
        path = f"{self._parts_folder(record.document, record.stage, print_)}/{name}"
        self.store.write(path, chunk_artifact(frame, record))
        return path

    def parts(self, document: str, stage: str, print_: str) -> dict[str, StageRecord]:
        """Page chunks that an interrupted run left, by path.

        Damaged ones are left out, and so are those whose pages others hold: runs may cut pages differently.
        """
        found: dict[str, StageRecord] = {}
        covered: set[int] = set()
        paths = self.store.list(self._parts_folder(document, stage, print_))
        for path, record in zip(paths, at_once(self._record, paths), strict=True):
            if record and covered.isdisjoint(record.pages):
                found[path] = record
                covered.update(record.pages)
        return found

    def join(self, parts: Sequence[Piece], print_: str, record: StageRecord) -> StageRecord:
        """Finish a stage: its parts, in page order, become one artifact, then all go. No page is decoded.

        Returns the record that stands, which is that of another run when its end is better. Raises
        FileNotFoundError when another run, which has finished the stage too, took the parts.
        """
        path = self.path(record.document, record.stage, print_)
        pieces = self._joined(parts, record)
        if record.final:
            self.store.write_stream(path, pieces)
            standing = record
        else:  # rare, and a better end may come at any moment
            standing = self._write_unless_better(path, b"".join(pieces), record)
        if any(isinstance(part, str) for part in parts):
            self.delete_parts(record.document, record.stage, print_)
        return standing

    def delete_parts(self, document: str, stage: str, print_: str) -> None:
        """Remove the page chunks of a stage that is finished."""
        self.store.delete(self.store.list(self._parts_folder(document, stage, print_)))

    def _write_unless_better(self, path: str, data: bytes, record: StageRecord) -> StageRecord:
        while True:
            version = self.store.version(path)
            standing = self._record(path) if version else None
            if standing and _better(standing, record):
                return standing
            if self.store.write_if(path, data, version):
                return record

    def _parts_folder(self, document: str, stage: str, print_: str) -> str:
        return f"{self.folder(document, stage, print_)}.parts"

    def _joined(self, parts: Sequence[Piece], record: StageRecord) -> Iterator[bytes]:
        frames: list[Frame] = []
        offset = 0
        for pages, frame in chain.from_iterable(at_once(self._frames, parts, _AHEAD)):
            frames.append(Frame(pages, offset, offset + len(frame)))
            offset += len(frame)
            yield frame
        yield index_frame(FrameIndex(frames=frames, meta=msgspec.to_builtins(record)))

    def _frames(self, part: Piece) -> list[tuple[list[int], bytes]]:
        """The frames of a page chunk as they are, with their pages."""
        if not isinstance(part, str):
            return [part]
        data = self.store.read(part)
        index = read_index(lambda length: data[-length:])
        return [(frame.pages, data[frame.start : frame.stop]) for frame in index.frames]

    def _record(self, path: str) -> StageRecord | None:
        try:
            index = read_index(lambda length: self.store.tail(path, length))
            return msgspec.convert(index.meta, StageRecord, str_keys=True)
        except (FileNotFoundError, ValueError):
            return None


def _frame_pages(
    data: bytes, frame: Frame, kind: type[T], wanted: set[int] | None
) -> Iterator[tuple[int, T]]:
    chosen = [number for number in frame.pages if wanted is None or number in wanted]
    pages = decode_pages(data, kind, lambda position: wanted is None or frame.pages[position] in wanted)
    yield from zip(chosen, pages, strict=True)


def _better(standing: StageRecord, record: StageRecord) -> bool:
    """Whether the record that is there should stay."""
    return standing.final or (standing.usable and not record.usable)
