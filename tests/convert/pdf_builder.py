"""Small PDFs from content streams, written by pikepdf: what a test wants to see is in the test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name

LETTER = (0, 0, 612, 792)


def font(name: str = "Helvetica") -> Dictionary:
    """One of the 14 standard fonts."""
    return Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name("/" + name), Encoding=Name.WinAnsiEncoding
    )


def text(x: float, y: float, content: str, *, size: float = 12, font_name: str = "F1") -> str:
    """Content stream operators that show `content` with its baseline starting at `x, y`."""
    escaped = content.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font_name} {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET\n"


class Builder:
    """A document under construction; `save` writes it."""

    def __init__(self) -> None:
        self.pdf = pikepdf.Pdf.new()
        self.fonts = {
            "F1": font(),
            "F2": font("Helvetica-Bold"),
            "F3": font("Times-Italic"),
            "F4": font("Courier"),
        }

    def page(
        self,
        content: str | bytes = "",
        *,
        size: tuple[float, float, float, float] = LETTER,
        crop: tuple[float, float, float, float] | None = None,
        rotate: int = 0,
        xobjects: Mapping[str, pikepdf.Stream] | None = None,
    ) -> pikepdf.Page:
        """Append a page that draws `content`."""
        data = content.encode("latin-1") if isinstance(content, str) else content
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(list(size)),
            Resources=Dictionary(
                Font=Dictionary({"/" + key: value for key, value in self.fonts.items()}),
                XObject=Dictionary({"/" + key: value for key, value in (xobjects or {}).items()}),
            ),
            Contents=self.pdf.make_stream(data),
        )
        if crop is not None:
            page.CropBox = Array(list(crop))
        if rotate:
            page.Rotate = rotate
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(page)))
        return self.pdf.pages[-1]

    def form(
        self,
        content: str,
        *,
        matrix: tuple[float, ...] = (1, 0, 0, 1, 0, 0),
        xobjects: Mapping[str, pikepdf.Stream] | None = None,
    ) -> pikepdf.Stream:
        """A form XObject."""
        stream = self.pdf.make_stream(content.encode("latin-1"))
        stream.Type, stream.Subtype = Name.XObject, Name.Form
        stream.BBox, stream.Matrix = Array([-2000, -2000, 2000, 2000]), Array(list(matrix))
        stream.Resources = Dictionary(
            Font=Dictionary({"/" + key: value for key, value in self.fonts.items()}),
            XObject=Dictionary({"/" + key: value for key, value in (xobjects or {}).items()}),
        )
        return stream

    def image(self) -> pikepdf.Stream:
        """A grey image XObject of 2 by 2 pixels."""
        stream = self.pdf.make_stream(bytes([0, 255, 255, 0]))
        stream.Type, stream.Subtype = Name.XObject, Name.Image
        stream.Width = stream.Height = 2
        stream.ColorSpace, stream.BitsPerComponent = Name.DeviceGray, 8
        return stream

    def save(self, path: Path, *, encryption: pikepdf.Encryption | None = None) -> Path:
        """Write the document to `path`."""
        self.pdf.save(path, encryption=encryption)
        return path
