"""Raster figures drawn with numpy: an error map for the paper, a coast for the report."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

__all__ = ["coast", "error_map", "jpeg"]


def jpeg(image: Image.Image, quality: int = 80) -> bytes:
    """JPEG bytes. Not PNG: JPEG goes into a PDF as it is, so no compressor's version matters."""
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()


def error_map() -> bytes:
    """A heat map 496 x 352: blobs of density on a dark page."""
    y, x = np.mgrid[0:352, 0:496].astype(np.float64)
    blobs = ((390, 280, 60, 1.0), (310, 300, 45, 0.6), (120, 60, 70, 0.35), (250, 170, 90, 0.2))
    heat = sum(peak * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * s**2)) for cx, cy, s, peak in blobs)
    heat = np.clip(np.round(heat * 12) / 12, 0, 1)  # steps, as of a binned density
    colour = np.stack([255 * heat**0.6, 210 * heat**1.3 + 15, 70 + 110 * np.sin(np.pi * heat)], axis=-1)
    return jpeg(Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8)))


def coast() -> bytes:
    """A coast at dusk, 800 x 420: a sky that fades, two headlands, water with a row of turbines."""
    height, width = 420, 800
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    sky = np.stack([236 - 0.25 * y, 170 + 0.1 * y, 140 + 0.25 * y], axis=-1)
    sun = np.exp(-((x - 560) ** 2 + (y - 205) ** 2) / 900)[..., None]
    image = sky + sun * np.array([60.0, 60.0, 20.0])
    water = y > 240
    ripple = 10 * np.sin(y * 0.9 + 3 * np.sin(x / 37)) * (y - 240) / 180
    image[water] = np.stack([50 + ripple, 92 + ripple, 120 + ripple], axis=-1)[water]
    far = y > 205 + 16 * np.sin(x / 90) + 6 * np.sin(x / 31) + 0.05 * x
    image[far & ~water] = (96, 92, 112)
    near = (y > 190 + 0.00045 * (x + 40) ** 2) & (y < 330 - 0.0009 * x**2)
    image[near] = (44, 58, 52)
    for index, mast in enumerate((430, 500, 566, 640, 716)):
        image[(np.abs(x - mast) < 2) & (y > 150) & (y < 262)] = (245, 245, 245)
        for blade in range(3):
            angle = 0.5 * index + blade * 2 * np.pi / 3
            along = (x - mast) * np.cos(angle) + (y - 150) * np.sin(angle)
            across = np.abs(-(x - mast) * np.sin(angle) + (y - 150) * np.cos(angle))
            image[(along > 0) & (along < 42) & (across < 1.6)] = (245, 245, 245)
    return jpeg(Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)))
