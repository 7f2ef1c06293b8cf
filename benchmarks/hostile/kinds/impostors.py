"""Files that are called PDFs and are something else."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from random import Random

from PIL import Image

from benchmarks.hostile.case import Case, cases

__all__ = ["CASES"]


def _picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").save(target, kind)
    return target.getvalue()


def _office() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("[Content_Types].xml"), "<Types/>")
        archive.writestr(zipfile.ZipInfo("word/document.xml"), "<w:document/>")
    return target.getvalue()


def _noise(rng: Random) -> bytes:
    return b"%PDF-1.7\n" + rng.randbytes(rng.randrange(10, 100_000))


CASES: tuple[Case, ...] = (
    *cases(
        "impostors",
        {
            "empty": lambda _: b"",
            "one-byte": lambda _: b"%",
            "one-zero": lambda _: b"\0",
            "header-alone": lambda _: b"%PDF-1.7\n",
            "header-without-version": lambda _: b"%PDF-",
            "header-and-end": lambda _: b"%PDF-1.7\n%%EOF\n",
            "html": lambda _: b"<!DOCTYPE html><html><body>Sign in to download</body></html>",
            "html-about-pdf": lambda _: b"<!DOCTYPE html><p>Files start with %PDF-1.4</p>",
            "json": lambda _: json.dumps({"error": "not found", "code": 404}).encode(),
            "xml": lambda _: b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
            "zip": lambda _: _office(),
            "gzip": lambda _: gzip.compress(b"text" * 100, mtime=0),
            "png": lambda _: _picture("PNG"),
            "jpeg": lambda _: _picture("JPEG"),
            "tiff": lambda _: _picture("TIFF"),
            "gif": lambda _: _picture("GIF"),
            "postscript": lambda _: b"%!PS-Adobe-3.0\n/Helvetica findfont 12 scalefont setfont showpage\n",
            "rich-text": lambda _: rb"{\rtf1\ansi Hello}",
            "old-office": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
            "program": lambda _: b"\x7fELF\2\1\1" + bytes(5000),
            "forms-data": lambda _: (
                b"%FDF-1.2\n1 0 obj\n<< /FDF << /Fields [] >> >>\nendobj\ntrailer\n<< /Root 1 0 R >>"
            ),
            "large-file-pointer": lambda _: (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
            ),
            "mail": lambda _: b"From: a@example.org\r\nContent-Type: application/pdf\r\n\r\nJVBERi0xLjcK\r\n",
            "text-in-utf-16": lambda _: "A letter, and not a PDF.".encode("utf-16"),
            "zeros-a-megabyte": lambda _: bytes(1 << 20),
            "spaces-a-megabyte": lambda _: b"%PDF-1.7\n" + b" " * (1 << 20),
            "comments-a-megabyte": lambda _: b"%PDF-1.7\n" + b"% nothing here\n" * 70_000,
            "objects-without-a-root": lambda _: (
                b"%PDF-1.7\n" + b"".join(b"%d 0 obj 5 endobj\n" % n for n in range(20_000))
            ),
        },
    ),
    *cases("impostors", {"noise-with-a-header": _noise}, repeats=True),
)
