"""Pictures of a page for people: as it is, and with its layout regions drawn on it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from docmill.pipeline.convert.types import Cluster

__all__ = ["COLOURS", "overlay_jpeg", "page_webp"]

#: Colour of each label; text is quiet, what is rare is loud.
COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "text": "#4c78a8",
        "section_header": "#e45756",
        "title": "#e45756",
        "list_item": "#54a24b",
        "caption": "#b279a2",
        "footnote": "#9d755d",
        "formula": "#ff9da6",
        "code": "#72b7b2",
        "table": "#f58518",
        "document_index": "#eeca3b",
        "picture": "#d45087",
        "page_header": "#8c8c8c",
        "page_footer": "#8c8c8c",
        "form": "#2f4b7c",
        "key_value_region": "#2f4b7c",
    }
)
_OTHER = "#333333"
_QUALITY = 70
_WEBP_QUALITY = 60
#: A picture of a page has no more bytes: photographs get smaller, text does not come near it.
_MOST_BYTES = 400_000


def overlay_jpeg(image: NDArray[np.uint8], regions: Sequence[Cluster], scale: float) -> bytes:
    """The page image (RGB) with each region's box and label; `scale` is pixels a point."""
    picture = Image.fromarray(image).convert("RGB")
    draw = ImageDraw.Draw(picture, "RGBA")
    font = ImageFont.load_default(size=9)
    for region in regions:
        colour = COLOURS.get(region.label, _OTHER)
        box = [region.box.l * scale, region.box.t * scale, region.box.r * scale, region.box.b * scale]
        draw.rectangle(box, outline=colour, width=2, fill=f"{colour}18")
        left, top, right, bottom = draw.textbbox((box[0], box[1] - 11), region.label, font=font)
        draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=colour)
        draw.text((box[0], box[1] - 11), region.label, fill="white", font=font)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()


def page_webp(image: NDArray[np.uint8]) -> bytes:
    """The page image (RGB) as WebP; one that takes more than 400 kB is made smaller until it does not."""
    picture = Image.fromarray(image)
    while True:
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=_WEBP_QUALITY)
        if buffer.tell() <= _MOST_BYTES:
            return buffer.getvalue()
        picture = picture.reduce(2)
