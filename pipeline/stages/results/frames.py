"""Stage artifacts: one JSON line a page, in Zstandard frames of a few pages, with an index at the end.

Any Zstandard tool reads the pages (`zstdcat layout.json.zst`): frames simply follow one another, and the
index lies in a skippable frame (RFC 8878, section 3.1.2). Readers fetch only the pages they need, and a
long document's frames are joined without being decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import zstandard

__all__ = [
    "Frame",
    "FrameIndex",
    "Tail",
    "decode_pages",
    "encode_pages",
    "index_frame",
    "read_index",
    "read_tail",
]

T = TypeVar("T")
_SKIPPABLE = 0x184D2A5D
_MAGIC = b"docmill1"
_TRAILER = struct.Struct("<Q8s")  # length of the index frame, magic
_HEADER = struct.Struct("<II")
_LEVEL = 3
#: The tail read first: nearly every index fits, so that one request reads it.
TAIL_BYTES = 1 << 16


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """Where some pages lie: their numbers in order, and the byte range of their frame."""

    pages: list[int]
    start: int
    stop: int


class FrameIndex(msgspec.Struct, kw_only=True):
    """The index of an artifact: its frames, and whatever the stage keeps about the document."""

    frames: list[Frame] = []
    meta: dict[str, Any] = {}

    def holding(self, numbers: Iterable[int]) -> list[Frame]:
        """The frames that hold at least one of the pages asked for."""
        wanted = set(numbers)
        return [frame for frame in self.frames if wanted.intersection(frame.pages)]


@dataclass(frozen=True)
class Tail:
    """The end of an artifact: its index, and the `data` from its byte `start` on."""

    index: FrameIndex
    data: bytes
    start: int

    def frame(self, frame: Frame) -> bytes | None:
        """The bytes of a frame; None when it begins before `start`."""
        if frame.start < self.start:
            return None
        return self.data[frame.start - self.start : frame.stop - self.start]


def encode_pages(pages: Sequence[msgspec.Struct]) -> bytes:
    """One frame: the pages as JSON lines, compressed."""
    return _compressed(msgspec.json.Encoder().encode_lines(pages))


def decode_pages(frame: bytes, kind: type[T], only: Callable[[int], bool] | None = None) -> Iterator[T]:
    """The pages of one frame, decoded as `kind`; `only` chooses by position within the frame.

    Raises ValueError when the bytes are damaged.
    """
    lines = _decompressed(frame).split(b"\n")
    decoder = msgspec.json.Decoder(kind)
    for position, line in enumerate(line for line in lines if line):
        if only is None or only(position):
            yield decoder.decode(line)


def index_frame(index: FrameIndex) -> bytes:
    """The skippable frame that ends an artifact."""
    payload = _compressed(msgspec.json.encode(index))
    length = _HEADER.size + len(payload) + _TRAILER.size
    header = _HEADER.pack(_SKIPPABLE, len(payload) + _TRAILER.size)
    return header + payload + _TRAILER.pack(length, _MAGIC)


def read_index(tail: Callable[[int], bytes]) -> FrameIndex:
    """The index alone, as `read_tail` reads it."""
    return read_tail(tail).index


def read_tail(tail: Callable[[int], bytes]) -> Tail:
    """Read the index; `tail(n)` returns the artifact's last n bytes (all of it when it is shorter).

    Raises ValueError when this is no complete artifact, for example a file cut short.
    """
    data = tail(TAIL_BYTES)
    if len(data) < _TRAILER.size:
        raise ValueError("damaged artifact: too short")
    length, magic = _TRAILER.unpack(data[-_TRAILER.size :])
    if magic != _MAGIC:
        raise ValueError("damaged artifact: no index at its end")
    if length > len(data):
        data = tail(length)
    payload = data[-length + _HEADER.size : -_TRAILER.size]
    try:
        index = msgspec.json.decode(_decompressed(payload), type=FrameIndex)
    except msgspec.DecodeError as error:
        raise ValueError(f"damaged artifact: {error}") from error
    size = length + (index.frames[-1].stop if index.frames else 0)
    return Tail(index, data, size - len(data))


def _compressed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(data)


def _decompressed(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except (zstandard.ZstdError, MemoryError) as error:  # a damaged length asks for absurd amounts
        raise ValueError(f"damaged artifact: {error}") from error
