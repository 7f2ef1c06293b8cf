"""Bullets that recognition leaves out, or takes for a part of the first word."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from docmill.pipeline.convert.ocr.bullets import unread_bullet
from docmill.pipeline.convert.ocr.line_words import split
from docmill.pipeline.convert.ocr.recognise import Recognised

HEIGHT, WIDTH = 40, 88


def beside(*boxes: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """What stands left of a line, with ink in boxes of left, top, right, bottom."""
    inked = np.zeros((HEIGHT, WIDTH), np.bool_)
    for left, top, right, bottom in boxes:
        inked[top:bottom, left:right] = True
    return inked


def test_a_dot_and_a_dash() -> None:
    assert unread_bullet(beside((50, 16, 62, 28))) == ("•", 50, 62)
    assert unread_bullet(beside((46, 20, 64, 23))) == ("–", 46, 64)


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [(50, 4, 66, 36)],  # a letter
        [(60, 4, 64, 40)],  # a bar
        [(50, 32, 62, 38)],  # a full stop
        [(50, 4, 60, 12)],  # a quotation mark
        [(76, 16, 88, 28)],  # nothing parts it from the text
        [(2, 16, 14, 28)],  # the end of something further left
        [(36, 6, 46, 30), (52, 16, 64, 28)],  # the end of a word
        [(0, 20, 60, 23)],  # a rule
    ],
)
def test_what_is_no_bullet(boxes: list[tuple[int, int, int, int]]) -> None:
    assert unread_bullet(beside(*boxes)) is None


def attached(text: str, blank: int) -> list[str]:
    """The words of a line of which the first character stands `blank` pixels before the second."""
    columns = np.full(200, 0.4, np.float32)
    columns[10 : 10 + blank] = 0
    places = (5, *np.linspace(15 + blank, 195, len(text) - 1))
    line = Recognised(text, 0.9, tuple(place / 200 for place in places), (0.9,) * len(text))
    return [part.text for part in split(line, columns, HEIGHT)]


def test_bullets_are_parted_from_the_first_word() -> None:
    assert attached("•Known issues", 16) == ["•", "Known", "issues"]
    assert attached("-FAQ", 16) == ["-", "FAQ"]
    assert attached("。RewriteBase", 16) == ["◦", "RewriteBase"]


def test_minus_signs_and_hyphens_stay_with_their_word() -> None:
    assert attached("-5 degrees", 4) == ["-5", "degrees"]
    assert attached("*args", 3) == ["*args"]
    assert attached("5-fold", 16) == ["5-fold"]
