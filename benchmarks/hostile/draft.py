"""A PDF written exactly as told: nothing is checked, repaired or completed unless asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

__all__ = ["FONT", "TEXT", "Draft", "deflated_zeros", "one_page", "reference", "stream_object"]

#: Resources with Helvetica as F1.
FONT = b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
#: Two lines that a sound file shows.
TEXT = (
    b"BT /F1 18 Tf 72 700 Td (A heading of a hostile file) Tj 0 -30 Td /F1 11 Tf "
    b"(A sentence that stands on the page, if the page can be read.) Tj ET\n"
)
_CATALOG, _PAGES = 1, 2
_CHUNK = 1 << 20


def reference(number: int) -> bytes:
    """`N 0 R`."""
    return b"%d 0 R" % number


def stream_object(data: bytes, entries: bytes = b"", *, length: bytes | None = None) -> bytes:
    """The body of a stream object; `length` is what /Length says: the truth if None, nothing if empty."""
    said = b"%d" % len(data) if length is None else length
    counted = b" /Length " + said if said else b""
    return b"<< " + entries + counted + b" >>\nstream\n" + data + b"\nendstream"


@dataclass
class Draft:
    """Objects by number. 1 is the catalog and 2 the page tree; both are made when saving unless put."""

    header: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    objects: dict[int, bytes] = field(default_factory=dict)
    kids: list[int] = field(default_factory=list)
    #: Further entries of the catalog and of the trailer.
    catalog: bytes = b""
    trailer: bytes = b""

    def reserve(self) -> int:
        """A number for an object that is put later."""
        number = max([_PAGES, *self.objects]) + 1
        self.objects[number] = b"null"
        return number

    def add(self, body: bytes) -> int:
        """Add an object; returns its number."""
        number = self.reserve()
        self.objects[number] = body
        return number

    def put(self, number: int, body: bytes) -> int:
        """Set the object with this number."""
        self.objects[number] = body
        return number

    def stream(self, data: bytes, entries: bytes = b"", *, length: bytes | None = None) -> int:
        """Add a stream as it is; its filter, if any, is among the entries."""
        return self.add(stream_object(data, entries, length=length))

    def flate(self, data: bytes, entries: bytes = b"") -> int:
        """Add a stream, compressed."""
        return self.stream(zlib.compress(data, 9), entries + b" /Filter /FlateDecode")

    def page(
        self,
        content: bytes | int = TEXT,
        resources: bytes = FONT,
        *,
        box: bytes = b"/MediaBox [0 0 612 792]",
        extra: bytes = b"",
    ) -> int:
        """Add a page with this content, or with the content stream of that number."""
        number = content if isinstance(content, int) else self.stream(content)
        body = b"<< /Type /Page /Parent 2 0 R %s /Resources << %s >> /Contents %s %s >>"
        page = self.add(body % (box, resources, reference(number), extra))
        self.kids.append(page)
        return page

    def body(self) -> tuple[bytes, dict[int, int]]:
        """Header and objects, and where each object starts."""
        kids = b" ".join(map(reference, self.kids))
        made = {
            _CATALOG: b"<< /Type /Catalog /Pages 2 0 R " + self.catalog + b" >>",
            _PAGES: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(self.kids), kids),
        }
        pieces, offsets, at = [self.header], {}, len(self.header)
        for number, body in sorted((made | self.objects).items()):
            offsets[number] = at
            pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            at += len(pieces[-1])
        return b"".join(pieces), offsets

    def save(self) -> bytes:
        """The file with a sound cross-reference table."""
        body, offsets = self.body()
        size = max(offsets) + 1
        entries = [
            b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n"
            for n in range(size)
        ]
        table = b"xref\n0 %d\n%s" % (size, b"".join(entries))
        trailer = b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (size, self.trailer)
        return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def one_page(content: bytes = TEXT, resources: bytes = FONT, **rest: bytes) -> bytes:
    """A file of one page; see `Draft.page`."""
    draft = Draft()
    draft.page(content, resources, **rest)
    return draft.save()


def deflated_zeros(megabytes: int, byte: bytes = b"\0", tail: bytes = b"") -> bytes:
    """So many megabytes of one byte and a tail, in zlib format, without having them all at once."""
    chunk = byte * _CHUNK
    packer = zlib.compressobj(9)
    first = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, wbits=-15)
    ending = last.compress(tail) + last.flush()
    return first + again * (megabytes - 1) + ending + _checksum(chunk, megabytes, tail)


def _checksum(chunk: bytes, count: int, tail: bytes) -> bytes:
    value = 1
    for piece in [chunk] * count + [tail]:
        value = zlib.adler32(piece, value)
    return value.to_bytes(4, "big")
