"""Cutting a text line, at whatever angle it stands, out of a page image; and turning images and points."""

from __future__ import annotations

import cv2
import numpy as np

from .detect import Image, Quads, Tensor

__all__ = ["crop", "reading_order", "sides", "turn", "turn_back"]


def sides(quads: Quads) -> tuple[Tensor, Tensor]:
    """Lengths [n] of the top and of the left side of `quads`."""
    return (
        np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1),
        np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1),
    )


def reading_order(quad: Tensor, angle: int) -> Tensor:
    """The corners [4, 2] of a line that reads at `angle` degrees clockwise, from where its text begins."""
    return np.roll(quad, -(angle // 90), axis=0)


def crop(image: Image, quad: Tensor) -> Image:
    """The part of `image` inside `quad` (corners from where the text begins), turned upright."""
    width = round(float(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))))
    height = round(float(max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))))
    if width < 1 or height < 1:
        return np.empty((0, 0, 3), np.uint8)
    corners = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    # three corners: the fourth follows, since the quadrilateral is a rectangle;
    # OpenCV's pixels have their middles, not their corners, at whole coordinates
    affine = cv2.getAffineTransform(quad[[0, 1, 3]].astype(np.float32) - 0.5, corners - 0.5)
    return cv2.warpAffine(  # type: ignore[no-any-return]  # cv2 is untyped
        image, affine, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def turn(image: Image, degrees: int) -> Image:
    """`image` turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, -(degrees // 90)))


def turn_back(points: Tensor, degrees: int, width: int, height: int) -> Tensor:
    """Where `points` [..., 2] of a turned image stood before, when it was `width` x `height`."""
    x, y = points[..., 0], points[..., 1]
    before = {0: (x, y), 90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}[degrees]
    return np.stack(before, axis=-1)
