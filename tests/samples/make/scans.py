"""Pages that exist only as images: straight, skewed, and turned on their side."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pypdfium2
from PIL import Image

from tests.samples.make.pictures import jpeg
from tests.samples.make.typesetting import SOURCES, normalised, typeset_text

__all__ = ["rotated_scan", "scanned", "skewed"]

_LETTER = """
= The Lantern Room

The lantern room of the old lighthouse was closed to visitors in the autumn, because the iron stairs
had begun to rust. During the winter the keepers removed every second step, cleaned it, and painted
it with three coats of grey enamel.

Work went on more quickly than anyone had expected. By the first week of March the stairs were
complete, and the railing had been raised by twelve centimetres. The great lens was covered with
canvas during the whole time, so that no dust could settle between the prisms.

Visitors may now climb the tower again on Saturdays and Sundays between ten and four. Groups of more
than eight people are asked to write in advance. Children under six cannot be admitted to the
gallery, since the openings in the railing are too wide for them.

A small exhibition on the ground floor shows the tools of the keepers, the log books of the years
1911 to 1938, and a model of the mechanism that turned the lens. The model was built by pupils of
the harbour school and can be set in motion by hand.

We thank the members of the society for their patience, and for the gifts that paid for the paint.
The next meeting takes place on 9 May in the boat house.
"""

_MEMO = """
= Minutes of the Garden Committee

The committee met in the greenhouse on Tuesday evening. Seven members were present, and two had sent
their apologies. The chair opened the meeting at half past six.

The treasurer reported that the sale of seedlings had brought in 412 crowns, which is a third more
than in the spring before. The money will be spent on a new water tank, as had been agreed in
January.

A member asked whether the path along the north wall could be widened. The chair promised to measure
it and to bring a drawing to the next meeting. It was noted that the pear trees must not be moved.

The committee thanked the two volunteers who repaired the gate. There being no other business, the
meeting was closed at ten minutes to eight.
"""

_NOTICE = """
= Notice to Residents

The water supply in Mill Lane and in the upper part of Station Road will be turned off on Thursday
between nine in the morning and three in the afternoon. A damaged valve has to be replaced.

Please fill a few bottles on Wednesday evening. Do not use washing machines during these hours. When
the water returns, it may look cloudy for some minutes, but it is safe to drink.

A tank with drinking water will stand in front of the town hall. Residents who cannot leave their
homes may call the office, and a helper will bring water to the door.
"""


def _page(text: str, dpi: int) -> Image.Image:
    """The text set in type, as a grey image of the page."""
    markup = (SOURCES / "plain.typ").read_text("utf-8") + text
    document = pypdfium2.PdfDocument(typeset_text(markup))
    try:
        image: Image.Image = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        return image.convert("L")
    finally:
        document.close()


def _worn(image: Image.Image, seed: int) -> Image.Image:
    """The look of a scan: ink is not black, paper not white, and both are a little grainy."""
    grain = np.random.default_rng(seed).integers(-7, 8, size=(image.height, image.width))
    pixels = np.asarray(image, dtype=np.int64) * 200 // 255 + 40 + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _image_pdf(image: Image.Image, dpi: int) -> bytes:
    """A PDF of one page that shows one JPEG, edge to edge."""
    width, height = image.width * 72 / dpi, image.height * 72 / dpi
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(round(width, 2), round(height, 2)))
    picture = pikepdf.Stream(
        document,
        jpeg(image, quality=45),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=image.width,
        Height=image.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
    page.Contents = pikepdf.Stream(document, f"{width:.2f} 0 0 {height:.2f} 0 0 cm /Scan Do".encode())
    target = io.BytesIO()
    document.save(target, deterministic_id=True)
    return normalised(target.getvalue())


def scanned() -> bytes:
    """A straight scan at 200 dpi."""
    return _image_pdf(_worn(_page(_LETTER, 200), seed=1), 200)


def skewed() -> bytes:
    """A scan at 150 dpi that lay 1.5 degrees askew, counter-clockwise."""
    page = _page(_MEMO, 150).rotate(1.5, resample=Image.Resampling.BICUBIC, fillcolor=255)
    return _image_pdf(_worn(page, seed=2), 150)


def rotated_scan() -> bytes:
    """A scan at 150 dpi turned clockwise by a quarter, so that its text runs downwards."""
    page = _page(_NOTICE, 150).transpose(Image.Transpose.ROTATE_270)
    return _image_pdf(_worn(page, seed=3), 150)
