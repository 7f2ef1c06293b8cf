"""A page on paper, on glass, in a file: the picture that a scanner or a camera makes of a drawn page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.pages.scans.look import ScanLook

__all__ = ["Affine", "ScannedPage", "encoded", "scanned"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
#: [2, 3]: takes a point of the drawn page to the scan's, both in points from the top left.
Affine = NDArray[np.float64]

_POINTS = 72.0


@dataclass(frozen=True)
class ScannedPage:
    """A scan, grey [h, w] or RGB [h, w, 3]; its size in points; where the drawn page's points are on it."""

    pixels: Pixels
    width: float
    height: float
    place: Affine


def scanned(drawn: Pixels, look: ScanLook, random: Random) -> ScannedPage:
    """The scan of `drawn`, RGB [h, w, 3] at the look's resolution."""
    rng = np.random.default_rng(random.getrandbits(32))
    scale = look.dpi / _POINTS
    height, width = drawn.shape[:2]
    page = drawn.astype(np.float32)
    if look.colours != "colour":
        page = page.mean(axis=2, keepdims=True)
    page = _printed(page, look, scale)
    edge = round(look.edge * scale)
    size = (width + 2 * edge, height + 2 * edge)
    place = _placed(look, random, (width, height), size, scale)
    page = cv2.warpAffine(
        page,
        place,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(look.edge_tone,) * 3,
    ).reshape(size[1], size[0], -1)
    page = _lit(page, look, rng, scale)
    pixels = np.clip(page, 0, 255).astype(np.uint8)
    if look.colours == "bitonal":
        threshold, _ = cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)
        pixels = np.where(pixels > threshold, 255, 0).astype(np.uint8)
    points = place.copy()
    points[:, 2] /= scale
    pixels, points = _turned(pixels, points, look.turn, scale)
    if pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    tall, wide = pixels.shape[:2]
    return ScannedPage(np.ascontiguousarray(pixels), wide / scale, tall / scale, points)


def encoded(pixels: Pixels, look: ScanLook) -> bytes:
    """A JPEG file of a scan in grey or colour."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=look.quality)
    return buffer.getvalue()


def _printed(page: Floats, look: ScanLook, scale: float) -> Floats:
    """Ink that is not black on paper that is not white, with the back of the sheet."""
    ink = 1 - page / 255
    if look.spread:
        kernel = np.ones((3, 3), np.uint8)
        most = cv2.dilate(ink, kernel) if look.spread > 0 else cv2.erode(ink, kernel)
        ink = ink + abs(look.spread) * (most.reshape(ink.shape) - ink)
    if look.through:
        back = cv2.GaussianBlur(ink[:, ::-1], (0, 0), max(0.5, 0.6 * scale)).reshape(ink.shape)
        ink = np.maximum(ink, look.through * back)
    return np.asarray(look.paper_tone * (1 - look.contrast * ink), np.float32)


def _placed(
    look: ScanLook, random: Random, paper: tuple[int, int], glass: tuple[int, int], scale: float
) -> Affine:
    """Turned about its middle and moved, in pixels."""
    angle = random.uniform(-look.skew, look.skew)
    matrix = np.asarray(cv2.getRotationMatrix2D((paper[0] / 2, paper[1] / 2), angle, 1.0), np.float64)
    for axis in range(2):
        moved = random.uniform(-look.shift, look.shift) * scale
        matrix[axis, 2] += (glass[axis] - paper[axis]) / 2 + moved
    return matrix


def _lit(page: Floats, look: ScanLook, rng: np.random.Generator, scale: float) -> Floats:
    """As the lens and the light have it."""
    height, width = page.shape[:2]
    if look.blur * scale > 0.2:
        page = cv2.GaussianBlur(page, (0, 0), look.blur * scale).reshape(page.shape)
    if look.shadow:
        x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
        y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        dark = np.exp(-x * 9) + 0 * y if look.curved else np.clip(0.8 * x + 0.5 * y - 0.2, 0, 1)
        page = np.asarray(page * (1 - look.shadow * dark), np.float32)
    if look.noise:
        noise: Floats = rng.standard_normal(page.shape, np.float32)
        page += np.float32(look.noise) * noise
    for _ in range(look.specks):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(page, centre, int(rng.integers(1, max(2, round(0.6 * scale)))), (30.0,) * 3, -1)
    return page


def _turned(pixels: Pixels, place: Affine, turn: int, scale: float) -> tuple[Pixels, Affine]:
    height, width = pixels.shape[0] / scale, pixels.shape[1] / scale
    turning = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, -1, height], [1, 0, 0]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, 1, 0], [-1, 0, width]],
    }[turn]
    whole = np.vstack([place, [0, 0, 1]])
    return np.rot90(pixels, -(turn // 90)), np.asarray(turning, np.float64) @ whole
