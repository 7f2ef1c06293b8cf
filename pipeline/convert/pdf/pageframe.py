"""From PDF user space to the page as displayed.

PDFium reports text and objects in unrotated user space, bottom left origin, wherever the crop box
lies in it. Everything in docmill is relative to the top left of the displayed page (ISO 32000-1, 7.7.3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from docmill.pipeline.convert.types import Box

__all__ = ["PageFrame"]

T = TypeVar("T", float, npt.NDArray[np.float64])


@dataclass(frozen=True)
class PageFrame:
    """The visible box of a page in user space, and how it is turned to be shown.

    `left, bottom, right, top` is the crop box within the media box, in points; `rotation` is /Rotate: 0, 90,
    180 or 270 degrees clockwise.
    """

    left: float
    bottom: float
    right: float
    top: float
    rotation: int = 0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as displayed, in points."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.rotation in (90, 270) else (width, height)

    def point(self, x: T, y: T) -> tuple[T, T]:
        """Displayed x and y of a point in user space, or of arrays of them."""
        if self.rotation == 90:
            return y - self.bottom, x - self.left
        if self.rotation == 180:
            return self.right - x, y - self.bottom
        if self.rotation == 270:
            return self.top - y, self.right - x
        return x - self.left, self.top - y

    def boxes(self, boxes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Displayed [N, 4] left, top, right, bottom of user space's [N, 4] x0, y0, x1, y1 (any corners)."""
        array = np.asarray(boxes, np.float64).reshape(-1, 4)
        xs, ys = self.point(array[:, [0, 2]], array[:, [1, 3]])
        return np.stack([xs.min(1), ys.min(1), xs.max(1), ys.max(1)], axis=1)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Displayed box of one user-space rectangle given by two opposite corners."""
        (one_x, one_y), (two_x, two_y) = self.point(x0, y0), self.point(x1, y1)
        return Box(min(one_x, two_x), min(one_y, two_y), max(one_x, two_x), max(one_y, two_y))

    def direction(self, x: float, y: float) -> tuple[float, float]:
        """A user-space vector as displayed (y points down)."""
        if self.rotation == 90:
            return y, x
        if self.rotation == 180:
            return -x, y
        if self.rotation == 270:
            return -y, -x
        return x, -y
