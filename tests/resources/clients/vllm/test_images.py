"""Pages as PNG: the same pixels, in one channel where that will do, and unfiltered."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from docmill.resources.clients.vllm.images import data_uri


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    kind, _, data = data_uri(pixels).partition(",")
    assert kind == "data:image/png;base64"
    return base64.b64decode(data)


def scanlines(png: bytes) -> bytes:
    """What the image's data come to: each row of samples after the number of its filter."""
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(data)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (300, 211)])
def test_colours_come_back(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    with Image.open(io.BytesIO(encoded(pixels))) as image:
        assert image.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_page_without_colours_has_one_channel() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (30, 20), np.uint8)
    with Image.open(io.BytesIO(encoded(np.dstack([grey] * 3)))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), grey)


def test_rows_are_unfiltered() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 20, 3), np.uint8)
    rows = np.frombuffer(scanlines(encoded(pixels)), np.uint8).reshape(30, 61)
    assert not rows[:, 0].any()
    np.testing.assert_array_equal(rows[:, 1:], pixels.reshape(30, 60))
