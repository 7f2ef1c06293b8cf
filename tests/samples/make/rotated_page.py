"""A page with /Rotate 90 whose crop box is smaller than its media box and lies off the origin."""

from __future__ import annotations

import io

import pikepdf

from tests.samples.make.typesetting import normalised, typeset

__all__ = ["rotated_page"]

_MARGIN = 40  # between the media box and the crop box, where the printer's notes stand
_ORIGIN = (-25, 60)  # lower left corner of the media box

#: Drawn in the margin: text that no reader of the page ever sees.
_SLUG = "BT /Slug 9 Tf 1 0 0 1 {x} {y} Tm (PRINTER: DO NOT SHOW THIS SLUG LINE) Tj ET"


def rotated_page() -> bytes:
    """One landscape page as displayed; in the file it is an upright page that the viewer must turn."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(typeset("rotated_page.typ", tagged=False))) as document:
        page = document.pages[0]
        width, height = (float(side) for side in page.MediaBox.as_list()[2:])
        left, bottom = _ORIGIN[0] + _MARGIN, _ORIGIN[1] + _MARGIN
        # Turn the content counter-clockwise, so that /Rotate 90, which turns clockwise, sets it upright.
        turn = f"q 0 1 -1 0 {left + height:.2f} {bottom} cm".encode()
        slug = _SLUG.format(x=left, y=_ORIGIN[1] + 12).encode()
        page.contents_add(turn, prepend=True)
        page.contents_add(b"Q " + slug)
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.Resources.Font.Slug = document.make_indirect(font)
        page.MediaBox = [*_ORIGIN, round(left + height + _MARGIN, 2), round(bottom + width + _MARGIN, 2)]
        page.CropBox = [left, bottom, round(left + height, 2), round(bottom + width, 2)]
        page.Rotate = 90
        document.save(target, deterministic_id=True)
    return normalised(target.getvalue())
