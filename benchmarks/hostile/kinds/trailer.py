"""Headers, trailers and catalogs that lead nowhere, or round in circles."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import Draft

__all__ = ["CASES"]


def _changed(old: bytes, new: bytes) -> Callable[[Random], bytes]:
    return lambda _: _sound().replace(old, new)


def _sound(trailer: bytes = b"", catalog: bytes = b"", header: bytes | None = None) -> bytes:
    draft = Draft(trailer=trailer, catalog=catalog)
    draft.page()
    if header is not None:
        draft.header = header
    return draft.save()


def _trailer(entries: bytes) -> Callable[[Random], bytes]:
    return lambda _: _sound(trailer=entries)


def _catalog(entries: bytes) -> Callable[[Random], bytes]:
    return lambda _: _sound(catalog=entries)


def _header(header: bytes) -> Callable[[Random], bytes]:
    return lambda _: _sound(header=header)


def _object(number: int, body: bytes) -> Callable[[Random], bytes]:
    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page()
        draft.put(number, body)
        return draft.save()

    return make


CASES: tuple[Case, ...] = cases(
    "trailer",
    {
        "no-root": _changed(b"/Root 1 0 R", b""),
        "root-is-a-number": _changed(b"/Root 1 0 R", b"/Root 17"),
        "root-is-missing": _changed(b"/Root 1 0 R", b"/Root 999 0 R"),
        "root-is-a-page": _changed(b"/Root 1 0 R", b"/Root 4 0 R"),
        "root-is-a-stream": _changed(b"/Root 1 0 R", b"/Root 3 0 R"),
        "root-of-generation-7": _changed(b"/Root 1 0 R", b"/Root 1 7 R"),
        "root-is-itself": _object(1, b"1 0 R"),
        "root-is-a-circle": _object(1, b"2 0 R"),
        "catalog-empty": _object(1, b"<< >>"),
        "catalog-without-end": _object(1, b"<< /Type /Catalog /Pages 2 0 R"),
        "catalog-of-another-type": _object(1, b"<< /Type /Font /Pages 2 0 R >>"),
        "pages-is-the-catalog": _object(1, b"<< /Type /Catalog /Pages 1 0 R >>"),
        "pages-is-null": _object(2, b"null"),
        "pages-is-an-array": _object(2, b"[4 0 R]"),
        "size-zero": _changed(b"/Size 5", b"/Size 0"),
        "size-negative": _changed(b"/Size 5", b"/Size -5"),
        "size-huge": _changed(b"/Size 5", b"/Size 2147483647"),
        "size-too-small": _changed(b"/Size 5", b"/Size 2"),
        "no-trailer": _changed(b"trailer", b"traitor"),
        "trailer-without-end": _changed(b" >>\nstartxref", b"\nstartxref"),
        "two-trailers": lambda _: _sound() + b"trailer\n<< /Size 1 /Root 9 0 R >>\n%%EOF\n",
        "nested-arrays-100000": _trailer(b"/X " + b"[" * 100_000),
        "nested-dictionaries-100000": _trailer(b"/X " + b"<</X " * 100_000),
        "nested-dictionaries-closed": _trailer(b"/X " + b"<</X " * 5_000 + b"1" + b">>" * 5_000),
        "id-is-a-circle": _trailer(b"/ID [4 0 R 4 0 R]"),
        "info-is-the-catalog": _trailer(b"/Info 1 0 R"),
        "info-is-a-number": _trailer(b"/Info 42"),
        "names-are-themselves": _catalog(b"/Names 1 0 R"),
        "catalog-version-nonsense": _catalog(b"/Version /9.99999999999999999"),
        "catalog-extensions-deep": _catalog(b"/Extensions " + b"<</A " * 400 + b"1" + b">>" * 400),
        "metadata-is-a-page": _catalog(b"/Metadata 4 0 R"),
        "keys-100000": _catalog(b" ".join(b"/K%d %d" % (n, n) for n in range(100_000))),
        "header-only-letters": _header(b"%PDF-\n"),
        "header-version-9": _header(b"%PDF-9.9\n"),
        "header-at-1000": _header(b"\n" * 1000 + b"%PDF-1.4\n"),
        "header-at-1023": _header(b" " * 1019 + b"%PDF-1.4\n"),
        "header-at-2000": _header(b"\n" * 2000 + b"%PDF-1.4\n"),
        "header-twice": _header(b"%PDF-1.4\n%PDF-1.7\n"),
        "no-end-of-file": _changed(b"%%EOF\n", b""),
        "text-after-the-end": lambda _: _sound() + b"<html>not found</html>" * 5_000,
        "zeros-after-the-end": lambda _: _sound() + bytes(500_000),
    },
)
