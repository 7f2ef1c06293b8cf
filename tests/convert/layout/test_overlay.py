"""Pages with their regions drawn on them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor

from docmill.pipeline.convert.layout.overlay import COLOURS, overlay_jpeg, page_webp
from docmill.pipeline.convert.types import Box, Cluster


def drawn(
    regions: list[Cluster], scale: float = 1.0, size: tuple[int, int] = (200, 100)
) -> NDArray[np.uint8]:
    """The overlay on a white page of `size` (height, width), decoded."""
    page = np.full((*size, 3), 255, np.uint8)
    jpeg = overlay_jpeg(page, regions, scale)
    assert jpeg.startswith(b"\xff\xd8")
    assert (page == 255).all()
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def region(label: str, *box: float) -> Cluster:
    return Cluster(id=1, label=label, score=0.9, box=Box(*box))


def close(pixel: NDArray[np.uint8], colour: str, tolerance: int = 60) -> bool:
    return bool(np.abs(pixel.astype(int) - ImageColor.getrgb(colour)).max() <= tolerance)


def test_a_page_without_regions_is_as_it_was() -> None:
    image = drawn([])
    assert image.shape == (200, 100, 3)
    assert image.min() >= 250


@pytest.mark.parametrize("label", ["table", "text", "picture", "unheard_of"])
def test_a_region_has_its_outline_and_stays_readable(label: str) -> None:
    image = drawn([region(label, 10, 50, 90, 150)])
    assert close(image[100, 10], COLOURS.get(label, "#333333"))
    assert image[100, 50].min() > 180  # the text below would still be read
    assert image[180, 50].min() >= 245


def test_boxes_are_points_and_the_picture_pixels() -> None:
    image = drawn([region("table", 5, 25, 45, 75)], scale=2.0)
    assert close(image[100, 10], COLOURS["table"])
    assert any(close(image[100, x], COLOURS["table"]) for x in (88, 89, 90))


@pytest.mark.parametrize("box", [(-50, -50, 500, 500), (0, 0, 0, 0), (20, 20, 20, 90), (300, 300, 400, 400)])
def test_boxes_off_the_page_and_empty_ones(box: tuple[float, ...]) -> None:
    assert drawn([region("text", *box)]).shape == (200, 100, 3)


def test_a_page_as_it_is() -> None:
    page = np.full((300, 200, 3), 255, np.uint8)
    page[100:200, 50:150] = (200, 0, 0)
    picture = Image.open(io.BytesIO(page_webp(page)))
    assert (picture.format, picture.size) == ("WEBP", (200, 300))
    assert close(np.asarray(picture.convert("RGB"))[150, 100], "#c80000")


def test_a_picture_of_noise_is_bounded() -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1400, 1000, 3), np.uint8)
    data = page_webp(noise)
    assert len(data) <= 400_000
    width, height = Image.open(io.BytesIO(data)).size
    assert height / width == pytest.approx(1.4, abs=0.01)
    assert width < 1000
