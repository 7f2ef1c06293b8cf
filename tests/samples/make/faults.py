"""Files that cannot be converted, or only in part: each one is broken in exactly one way."""

from __future__ import annotations

import io

import pikepdf

from tests.samples.make.typesetting import SOURCES, typeset, typeset_text

__all__ = ["broken_page", "encrypted", "not_a_pdf", "truncated", "zero_pages"]

_PASSWORD = "docmill"

_CONFIDENTIAL = """
= Confidential Minutes

Whoever reads this sentence has typed the right password. The minutes themselves are short: the
committee agreed that passwords should be longer than seven letters.
"""

_THREE_PAGES = """
#set page(numbering: "1")
= First Page

The first page of this document is sound. It ends here.
#pagebreak()
= Second Page

Nobody will read this page, because its object is replaced by a number.
#pagebreak()
= Third Page

The third page is sound as well, and a converter should not give up before it.
"""


def _plain(text: str) -> bytes:
    return typeset_text((SOURCES / "plain.typ").read_text("utf-8") + text)


def encrypted() -> bytes:
    """A file that needs the user password. RC4, since an AES file has a random key: it would never repeat."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(_plain(_CONFIDENTIAL))) as document:
        locks = pikepdf.Encryption(user=_PASSWORD, owner=_PASSWORD, R=3, aes=False, metadata=False)
        document.save(target, encryption=locks, static_id=True)
    return target.getvalue()


def truncated() -> bytes:
    """The first half of a good file, as an interrupted download leaves it: it has no catalog."""
    whole = typeset("code_listing.typ")
    return whole[: len(whole) // 2]


def zero_pages() -> bytes:
    """A valid file whose page tree is empty."""
    target = io.BytesIO()
    with pikepdf.new() as document:
        document.save(target, deterministic_id=True)
    return target.getvalue()


def not_a_pdf() -> bytes:
    """What a server sends instead of a PDF when the link is dead."""
    return (
        b'<!DOCTYPE html>\n<html lang="en">\n<head><title>404 Not Found</title></head>\n'
        b"<body>\n<h1>Not Found</h1>\n<p>The document has moved to the archive.</p>\n</body>\n</html>\n"
    )


def broken_page() -> bytes:
    """Three pages; the object of the second is an integer where a dictionary must be.

    Patched in place, since qpdf would repair the page tree.
    """
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(_plain(_THREE_PAGES))) as document:
        document.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True)
    pdf = target.getvalue()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        number, _ = document.pages[1].objgen
    start = pdf.index(b"\n%d 0 obj\n" % number) + len(b"\n%d 0 obj\n" % number)
    end = pdf.index(b"\nendobj", start)
    return pdf[:start] + b"0".ljust(end - start) + pdf[end:]
