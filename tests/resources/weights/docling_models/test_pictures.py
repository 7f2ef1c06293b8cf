"""The pages that an exported model's parity is measured on."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.docling_models.pictures import PAGES, draw_pages


def test_each_page_is_drawn_at_72_dpi_in_colour(tmp_path: Path) -> None:
    drawn = draw_pages(shipped().samples, tmp_path / "pictures")
    assert len(drawn) == len(PAGES) == len(set(drawn))
    for path in drawn:
        with Image.open(path) as picture:
            assert picture.mode == "RGB"
            assert 400 < min(picture.size) <= max(picture.size) < 1300
            assert len(picture.getcolors(1 << 20) or ()) > 2, "a blank page"
