"""Reads the text lines of an image: detection, recognition, and where each word stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .bullets import REACH, unread_bullet
from .crops import crop, reading_order, sides
from .detect import Image, Quads, Run, Tensor, detect
from .line_words import Paper, ink, split, unread
from .recognise import Characters, Recognised, recognise

__all__ = ["OcrModels", "TextLine", "TextWord", "line_of", "read_lines", "read_text", "recognise_quads"]

_MIN_SCORE = 0.5
_MAX_UNREAD = 0.5

#: From this height to width on, a line may be one that reads downwards or upwards.
_TALL = 1.5
#: Up to this height to width, it may as well be a single upright character.
_SINGLE_CHARACTER = 3.0
#: The part of a detected rectangle above and below the ink: detection grows what it finds.
_ABOVE_INK, _BELOW_INK = 0.12, 0.06


@dataclass(frozen=True)
class OcrModels:
    """The two networks, whatever runs them, and the alphabet; for `batch_width` see `recognise`."""

    detect: Run
    recognise: Run
    characters: Characters = field(repr=False)
    batch_width: int = 0


@dataclass(frozen=True)
class TextWord:
    """A word; the corners [4, 2] of its rectangle are in pixels, clockwise from where the text begins."""

    text: str
    quad: Tensor
    score: float


@dataclass(frozen=True)
class TextLine:
    """A line; it reads at `angle` degrees clockwise (0, 90, 180 or 270), give or take the scan's skew."""

    text: str
    quad: Tensor
    score: float
    angle: int = 0
    words: tuple[TextWord, ...] = ()
    #: The part of the line's ink that no recognised character accounts for.
    unread: float = 0.0

    @property
    def legible(self) -> bool:
        """True for text worth keeping; else it is no text, or in a script that the alphabet lacks."""
        return bool(self.words) and self.score >= _MIN_SCORE and self.unread <= _MAX_UNREAD


def read_text(image: Image, models: OcrModels) -> list[TextLine]:
    """The lines of `image`, uint8 RGB [height, width, 3], whose page is upright; top to bottom."""
    lines = read_lines(image, detect(image, models.detect), models)
    return [line for line in lines if line.legible]


def read_lines(image: Image, quads: Quads, models: OcrModels, margin: float = 0.0) -> list[TextLine]:
    """A line for each of `quads`, illegible ones included.

    `margin`: see `recognise_quads`. A tall rectangle is read downwards and upwards, and as one character
    where it is short; the reading with the best confidence counts.
    """
    tries: list[tuple[int, int]] = []
    for index, (width, height) in enumerate(zip(*sides(quads), strict=True)):
        if height < _TALL * width:
            tries.append((index, 0))
        else:
            angles = (90, 270, 0) if height < _SINGLE_CHARACTER * width else (90, 270)
            tries.extend((index, angle) for angle in angles)
    turned = [reading_order(quads[index], angle) for index, angle in tries]
    readings = recognise_quads(image, turned, models, margin)

    best: dict[int, tuple[int, Tensor, Recognised]] = {}
    for (index, angle), quad, reading in zip(tries, turned, readings, strict=True):
        if index not in best or reading.score > best[index][2].score:
            best[index] = (angle, quad, reading)
    return [line_of(image, quad, reading, angle) for angle, quad, reading in best.values()]


def recognise_quads(
    image: Image, quads: Sequence[Tensor], models: OcrModels, margin: float = 0.0
) -> list[Recognised]:
    """The text inside each of `quads` (corners from where the text begins).

    `margin` is blank space to add above and below, as a fraction of the line's height. The network scales
    every line to one height and costs in proportion to its width, so a margin makes it cheaper and the
    letters smaller.
    """
    crops = []
    for quad in quads:
        down = (quad[3] - quad[0]) * margin
        crops.append(crop(image, quad + np.stack([-down, -down, down, down])))
    return recognise(crops, models.recognise, models.characters, models.batch_width)


def line_of(image: Image, quad: Tensor, reading: Recognised, angle: int) -> TextLine:
    """What was read inside `quad` (corners from where the text begins) as a line, its words placed by ink."""
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    top, bottom = quad[0] + down * _ABOVE_INK, quad[0] + down * (1 - _BELOW_INK)
    inner = crop(image, np.stack([top, top + across, bottom + across, bottom]))
    if not inner.size:
        return TextLine("", quad, 0.0, angle)
    paper = Paper.of(inner)
    shares = ink(inner, paper)
    height = inner.shape[0]
    words = tuple(
        TextWord(
            text=part.text,
            quad=np.stack(
                [
                    top + across * part.start,
                    top + across * part.end,
                    bottom + across * part.end,
                    bottom + across * part.start,
                ]
            ),
            score=part.score,
        )
        for part in split(reading, shares, height)
    )
    if words and words[0].text[0].isalnum():
        words = (*_bullet(image, paper, words[0], across), *words)
    text = " ".join(word.text for word in words)
    return TextLine(text, quad, reading.score, angle, words, unread(reading, shares, height))


def _bullet(image: Image, paper: Paper, first: TextWord, across: Tensor) -> tuple[TextWord, ...]:
    """The bullet left of a line's first word that was not read by recognition; `across` is the line's top."""
    length = float(np.linalg.norm(across))
    if length < 1:
        return ()
    start, foot = first.quad[0], first.quad[3]
    back = across / length * float(np.linalg.norm(foot - start)) * REACH
    beside = crop(image, np.stack([start - back, start, foot, foot - back]))
    if not beside.size:
        return ()
    found = unread_bullet(paper.ink(beside))
    if found is None:
        return ()
    sign, left, right = found
    from_, to = (back * (column / beside.shape[1] - 1) for column in (left, right))
    quad = np.stack([start + from_, start + to, foot + to, foot + from_])
    return (TextWord(sign, quad, first.score),)
