"""The words of a drawn page as an OCR program leaves them on a scan: rightly read, badly, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from msgspec.structs import replace as moved

from benchmarks.pages.scans.look import Layer
from docmill.pipeline.convert.types import Box

__all__ = ["LayerWord", "layer_words", "words_of"]

_LOOKALIKES = (
    *(("rn", "m"), ("m", "rn"), ("l", "1"), ("I", "l"), ("1", "l"), ("O", "0"), ("0", "O"), ("e", "c")),
    *(("c", "e"), ("h", "b"), ("b", "h"), ("n", "u"), ("u", "ii"), ("f", "t"), ("t", "f"), ("S", "5")),
    *(("B", "8"), ("d", "cl"), ("a", "o"), ("i", "j"), ("y", "v"), ("g", "q"), (",", "."), (".", ",")),
)
_GARBAGE = "iILl1!|jJ;:tTfrnuvwxz^~'\"-_=+/\\<>()[]{}*#%&@$mMWNEAF"
#: Shares of words, and of letters: what bad programs and bad scans give.
_MISREAD, _LOST, _BROKEN, _NOISE = 0.2, 0.03, 0.05, 0.02
#: Characters of one word: so much apart and so much higher or lower in their height.
_APART, _OFF = 0.25, 0.5


@dataclass(frozen=True)
class LayerWord:
    """A word; `box` is in points of the drawn page, from the top left."""

    text: str
    box: Box


def words_of(page: pdfium.PdfPage) -> list[LayerWord]:
    """The words of a drawn page in the order of its content."""
    text = pdfium_c.FPDFText_LoadPage(page.raw)
    height, box = page.get_height(), pdfium_c.FS_RECTF()
    found: list[LayerWord] = []
    open_word = False
    for index in range(pdfium_c.FPDFText_CountChars(text)):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if code <= 32 or code in (0xA0, 0xFFFE, 0xFFFF) or 0xD800 <= code < 0xE000:
            open_word = False
            continue
        if not pdfium_c.FPDFText_GetLooseCharBox(text, index, box):
            continue
        place = Box(box.left, height - box.top, box.right, height - box.bottom)
        if open_word and _goes_on(found[-1].box, place):
            found[-1] = LayerWord(found[-1].text + chr(code), found[-1].box.union(place))
        else:
            found.append(LayerWord(chr(code), place))
        open_word = True
    pdfium_c.FPDFText_ClosePage(text)
    return [word for word in found if word.box.width > 0 and word.box.height > 0]


def layer_words(words: list[LayerWord], layer: Layer, random: Random) -> list[LayerWord]:
    """What the program made of them."""
    if layer is Layer.GOOD:
        return words
    if layer is Layer.GARBAGE:
        return [
            replace(word, text="".join(random.choice(_GARBAGE) for _ in word.text))
            for word in reversed(words)
        ]
    if layer is Layer.POOR:
        return [part for word in words if random.random() > _LOST for part in _misread(word, random)]
    return []


def _goes_on(word: Box, place: Box) -> bool:
    height = max(word.height, place.height)
    middle = abs((word.t + word.b) - (place.t + place.b)) / 2
    return middle < _OFF * height and -height < place.l - word.r < _APART * height


def _misread(word: LayerWord, random: Random) -> list[LayerWord]:
    text = word.text
    if random.random() < _MISREAD:
        pairs = [pair for pair in _LOOKALIKES if pair[0] in text]
        text = text.replace(*random.choice(pairs), 1) if pairs else text
    text = "".join(random.choice(_GARBAGE) if random.random() < _NOISE else char for char in text)
    if len(text) > 3 and random.random() < _BROKEN:
        middle, x = len(text) // 2, (word.box.l + word.box.r) / 2
        return [
            LayerWord(text[:middle], moved(word.box, r=x)),
            LayerWord(text[middle:], moved(word.box, l=x)),
        ]
    return [replace(word, text=text)]
