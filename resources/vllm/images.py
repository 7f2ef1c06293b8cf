"""Images as they travel to the server: PNG, in a data URI."""

from __future__ import annotations

import base64
import io
from typing import Any

from numpy.typing import NDArray

__all__ = ["data_uri"]

#: Fast rather than small: pages compress well at any level, and the server is near.
_LEVEL = 1


def data_uri(pixels: NDArray[Any]) -> str:
    """RGB pixels, uint8 [height, width, 3], as a PNG data URI."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_LEVEL)
    return "data:image/png;base64," + base64.b64encode(buffer.getbuffer()).decode()
