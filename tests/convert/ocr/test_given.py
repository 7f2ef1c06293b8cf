"""Lines of an OCR service as text with words, and the scripts of languages."""

from __future__ import annotations

import numpy as np
import pytest

from docmill.pipeline.convert.ocr.given import checked_boxes, given_text
from docmill.pipeline.convert.ocr.image import ImageText
from docmill.pipeline.convert.ocr.languages import has_script

LINE = np.array([[20, 20], [380, 20], [380, 60], [20, 60]], np.float32)


def printed() -> np.ndarray:
    """A word of three letters and one of five, as bars."""
    image = np.full((80, 400, 3), 255, np.uint8)
    image[35:45, 30:140] = image[35:45, 182:375] = 0
    return image


def given(image: np.ndarray, *quads: np.ndarray, text: bytes = b"two words") -> ImageText:
    count = len(quads)
    return given_text(
        image,
        np.array(quads, np.float32).reshape(-1, 4, 2),
        np.array([text] * count, np.object_),
        np.full(count, 0.9, np.float32),
        np.ones(count, bool),
    )


def test_words_stand_where_their_ink_is() -> None:
    image = printed()
    [line] = given(image, LINE).lines
    assert [word.text for word in line.words] == ["two", "words"]
    assert (line.text, line.angle) == ("two words", 0)
    assert line.score == pytest.approx(0.9)
    edges = [float(word.quad[corner, 0]) for word in line.words for corner in (0, 1)]
    assert edges == pytest.approx([30, 140, 182, 375], abs=2)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_text_that_lies_turns_the_page(turns: int) -> None:
    image = np.ascontiguousarray(np.rot90(printed(), -turns))
    x, y = LINE[:, 0], LINE[:, 1]
    turned = {1: (80 - y, x), 2: (400 - x, 80 - y), 3: (y, 400 - x)}[turns]
    text = given(image, np.stack(turned, axis=1))
    assert text.rotation == 360 - 90 * turns
    [line] = text.lines
    assert line.angle == 90 * turns
    assert [word.text for word in line.words] == ["two", "words"]


def test_lines_that_are_not_wanted_or_have_no_text_are_left_out() -> None:
    quads = np.array([LINE, LINE, LINE], np.float32)
    texts = np.array([b"yes", b"  ", b"no"], np.object_)
    text = given_text(printed(), quads, texts, np.ones(3), np.array([True, True, False]))
    assert [line.text for line in text.lines] == ["yes"]


def test_text_need_not_be_sound() -> None:
    [line] = given(printed(), LINE, text=b"a\xff b\n").lines
    assert line.text == "a\ufffd b"


def test_no_lines_are_no_text() -> None:
    text = given(printed())
    assert (list(text.lines), text.rotation, text.note) == ([], 0, None)


@pytest.mark.parametrize(
    ("boxes", "texts", "scores"),
    [
        (np.zeros((2, 4)), np.array([b"", b""], np.object_), np.zeros(2)),
        (np.zeros((2, 4, 2)), np.array([b""], np.object_), np.zeros(2)),
        (np.zeros((2, 4, 2)), np.array([b"", b""], np.object_), np.zeros(3)),
        (np.full((1, 4, 2), np.nan), np.array([b""], np.object_), np.zeros(1)),
        (np.zeros(()), np.array([b""], np.object_), np.zeros(1)),
    ],
)
def test_answers_that_break_the_contract(boxes: np.ndarray, texts: np.ndarray, scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected boxes|not numbers"):
        checked_boxes(boxes, texts, scores)


def test_a_language_is_known_by_its_script() -> None:
    alphabet = ["", "a", "語", "한"]
    assert has_script("english", alphabet)
    assert has_script("a language nobody has heard of", alphabet)
    assert has_script("Japanese", alphabet)
    assert has_script("korean", alphabet)
    assert not has_script(" Arabic", alphabet)
    assert not has_script("ru", alphabet)
