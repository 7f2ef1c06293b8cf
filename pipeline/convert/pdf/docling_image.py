"""A page as docling's pypdfium2 backend draws it, which is what heron and TableFormer were released with.

docling draws at 1.5 times the resolution that it wants and scales the picture down (Pillow, bicubic): small
type comes out sharper than drawn at that resolution directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.types import PageContent

__all__ = ["page_image"]

_SHARPER = 1.5


def page_image(render: Render, page: PageContent, scale: float) -> NDArray[np.uint8]:
    """The page as RGB uint8 [H, W, 3] at `scale` pixels per point.

    A page too large for the pixel limits comes as it could be drawn: take the real scale from the shape.
    """
    drawn = render(scale * _SHARPER, None)
    width, height = max(1, round(page.width * scale)), max(1, round(page.height * scale))
    if drawn.shape[0] < height or drawn.shape[1] < width:
        return drawn
    small: NDArray[Any] = np.asarray(Image.fromarray(drawn).resize((width, height)))
    return small
