"""What the bytes of a PDF say that PDFium does not tell: whether it has layers, or vertical writing."""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FileMarks", "scan_file"]

_LAYERS = b"/OCProperties"
_ENCODING = b"/Encoding"
#: The names of character maps for vertical writing end so: `90ms-RKSJ-V`, `Identity-V`.
_VERTICAL = b"-V"
_LONGEST_NAME = 64
#: Encodings and compressed object streams that are looked at, and bytes of a stream.
_MAX_ENCODINGS = 5_000
_MAX_STREAMS = 1_000
_MAX_STREAM = 1 << 20
_SLICE = 1 << 18


@dataclass(frozen=True)
class FileMarks:
    """`layers`: there is optional content. `vertical`: a font that is set from top to bottom."""

    layers: bool = False
    vertical: bool = False


def scan_file(path: Path) -> FileMarks:
    """Look through a file and its compressed objects; one whose objects are encrypted shows nothing."""
    if not path.stat().st_size:
        return FileMarks()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        layers, vertical = data.find(_LAYERS) >= 0, _has_vertical(data)
        for text in _object_streams(data):
            layers, vertical = layers or _LAYERS in text, vertical or _has_vertical(text)
    return FileMarks(layers, vertical)


def _has_vertical(data: mmap.mmap | bytes) -> bool:
    at = -1
    for _ in range(_MAX_ENCODINGS):
        at = data.find(_ENCODING, at + 1)
        if at < 0:
            return False
        start = at + len(_ENCODING)
        name = data[start : start + _LONGEST_NAME].lstrip()
        if name.startswith(b"/"):
            name = (
                name[1:].replace(b"/", b" ").replace(b">", b" ").split(None, 1)[0]
                if name[1:].strip()
                else b""
            )
            if name.endswith(_VERTICAL):
                return True
    return False


def _object_streams(data: mmap.mmap) -> Iterator[bytes]:
    """The contents of compressed object streams, where objects may be since PDF 1.5."""
    at = 0
    for _ in range(_MAX_STREAMS):
        at = data.find(b"/ObjStm", at)
        start = data.find(b"stream", at) if at >= 0 else -1
        if start < 0:
            return
        at = start
        start += len(b"stream")
        start += 2 if data[start : start + 2] == b"\r\n" else 1
        try:
            yield zlib.decompressobj().decompress(data[start : start + _SLICE], _MAX_STREAM)
        except zlib.error:
            continue
