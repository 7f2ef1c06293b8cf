"""PDF bytes that depend on nothing but their source: fixed fonts, fixed dates, fixed ids."""

from __future__ import annotations

import datetime
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pikepdf
import typst

__all__ = ["SOURCES", "normalised", "typeset", "typeset_text"]

SOURCES = Path(__file__).parent
_FONTS = SOURCES / "fonts"
_TIMESTAMP = datetime.datetime(2024, 6, 3, 9, 0, tzinfo=datetime.UTC)


def typeset(source: str, *, assets: Mapping[str, bytes] | None = None, tagged: bool = True) -> bytes:
    """The PDF of `SOURCES / source`, with `assets` (file name -> bytes) beside it.

    Only Typst's embedded fonts and `make/fonts`, so that the result does not depend on the machine.
    """
    return typeset_text((SOURCES / source).read_text("utf-8"), assets=assets, tagged=tagged)


def typeset_text(text: str, *, assets: Mapping[str, bytes] | None = None, tagged: bool = True) -> bytes:
    """The PDF of Typst markup."""
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(text, "utf-8")
        for name, data in (assets or {}).items():
            Path(folder, name).write_bytes(data)
        return typst.compile(
            main, ignore_system_fonts=True, font_paths=[_FONTS], timestamp=_TIMESTAMP, pdf_tags=tagged
        )


def normalised(pdf: bytes) -> bytes:
    """The same document rewritten by qpdf: compressed, in object streams, with an id made from its content.

    Python's zlib differs between builds of Python; the one inside pikepdf's wheel does not.
    """
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(
            target,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    return target.getvalue()
