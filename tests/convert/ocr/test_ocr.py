"""OCR: the networks' post-processing on made-up outputs, and real reading of pages drawn for the purpose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from docmill.pipeline.convert.ocr.crops import crop, reading_order, turn, turn_back
from docmill.pipeline.convert.ocr.detect import detect
from docmill.pipeline.convert.ocr.image import UNKNOWN_SCRIPT
from docmill.pipeline.convert.ocr.line_words import ink, split, unread
from docmill.pipeline.convert.ocr.page import Render, ocr_page
from docmill.pipeline.convert.ocr.read import OcrModels, read_text
from docmill.pipeline.convert.ocr.recognise import Recognised, characters, recognise
from docmill.pipeline.convert.types import Box, PageContent, PageOcr
from docmill.resources.engines.onnx_runtime import OnnxModel
from tests.support.model_cache import weights
from tests.support.recordings import RECORDINGS, needs_recordings

SAMPLES = Path(__file__).parents[2] / "samples"
EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
LINES = ["The quick brown fox jumps", "over 13 lazy dogs, twice;", "Totals: 4,711.08 in May"]


@pytest.fixture(scope="module")
def models() -> OcrModels:
    """The embedded networks."""
    reader = OnnxModel(weights("ocr-recognise"), engine="onnxruntime", arena=False)
    finder = OnnxModel(weights("ocr-detect"), engine="onnxruntime", arena=False)
    return OcrModels(finder, reader, characters(reader.metadata))


def draw(lines: Sequence[str] = LINES, size: int = 28, top: int = 60) -> tuple[np.ndarray, dict[str, Box]]:
    """A 600 x 400 image of `lines`, and where each of their words stands in it."""
    picture = Pillow.new("RGB", (600, 400), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    boxes: dict[str, Box] = {}
    for number, line in enumerate(lines):
        x, y = 50.0, top + number * 2 * size
        for word in line.split():
            pen.text((x, y), word, "black", font)
            boxes[word] = Box(*pen.textbbox((x, y), word, font))
            x += pen.textlength(f"{word} ", font)
    return np.array(picture), boxes


def cut(image: np.ndarray, scale: float = 1.0) -> Render:
    """Renders parts of `image`, which has `scale` pixels to the point."""

    def render(_: float, box: Box | None) -> np.ndarray:
        if box is None:
            return image
        left, top, right, bottom = (round(value * scale) for value in (box.l, box.t, box.r, box.b))
        return np.ascontiguousarray(image[top:bottom, left:right])

    return render


def read(
    image: np.ndarray, models: OcrModels, scanned: list[Box] | None = None, scale: float = 1.0
) -> PageOcr:
    """OCR of `image` as a page of `scale` pixels to the point, by default of all of it."""
    width, height = image.shape[1] / scale, image.shape[0] / scale
    regions = [Box(0, 0, width, height)] if scanned is None else scanned
    page = PageContent(number=3, width=width, height=height, scanned=regions)
    return ocr_page(page, cut(image, scale), models)


def render_pdf(path: Path) -> tuple[PageContent, Render]:
    """The first page of a PDF, all of it scanned."""
    page = pypdfium2.PdfDocument(path)[0]
    width, height = page.get_size()
    picture = np.ascontiguousarray(page.render(scale=2, rev_byteorder=True).to_numpy()[:, :, :3])
    content = PageContent(number=1, width=width, height=height, scanned=[Box(0, 0, width, height)])
    return content, cut(picture, 2)


# detection


def test_detect_grows_what_the_map_shows() -> None:
    probability = np.zeros((1, 1, 320, 320), np.float32)
    probability[0, 0, 100:121, 50:251] = 0.9
    (quad,) = detect(np.zeros((320, 320, 3), np.uint8), lambda _: [probability])
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    # a rectangle of 201 x 21 (2 x 2 dilation included) grows by 1.6 x area / perimeter on every side
    grow = 1.6 * 201 * 21 / (2 * (201 + 21))
    assert (left, top, right, bottom) == pytest.approx(
        (50 - grow, 100 - grow, 250 + grow, 120 + grow), abs=1.5
    )
    np.testing.assert_allclose(quad[0], quad.min(axis=0), atol=1e-3)
    np.testing.assert_allclose(quad[2], quad.max(axis=0), atol=1e-3)


def test_detect_follows_skew_and_scales_back() -> None:
    probability = np.zeros((960, 960), np.float32)
    corners = cv2.boxPoints(((480, 300), (400, 20), 10)).astype(np.int32)
    cv2.fillPoly(probability, [corners], 1.0)
    (quad,) = detect(np.zeros((1920, 1920, 3), np.uint8), lambda _: [probability[None, None]])
    across = quad[1] - quad[0]
    assert np.degrees(np.arctan2(across[1], across[0])) == pytest.approx(10, abs=1)
    np.testing.assert_allclose(quad.mean(axis=0), (960, 600), atol=4)


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_detect_on_flat_maps(value: float) -> None:
    quads = detect(
        np.zeros((64, 96, 3), np.uint8), lambda x: [np.full((1, 1, *x.shape[2:]), value, np.float32)]
    )
    assert quads.shape[1:] == (4, 2)
    assert np.isfinite(quads).all()


def test_detect_needs_an_image() -> None:
    nothing = np.empty((0, 50, 3), np.uint8)
    assert detect(nothing, lambda _: pytest.fail("nothing to detect in")).shape == (0, 4, 2)


# recognition

ALPHABET = ("", "a", "b", " ")


def ctc(*classes: int) -> Any:
    """A recogniser that sees these classes, step by step, in every line of the batch."""

    def run(batch: np.ndarray) -> list[np.ndarray]:
        output = np.full((len(batch), batch.shape[3] // 8, len(ALPHABET)), 0.1, np.float32)
        for step, number in enumerate(classes):
            output[:, step, number] = 0.8
        output[:, len(classes) :, 0] = 0.8
        return [output]

    return run


def test_ctc_merges_repeats_and_drops_blanks() -> None:
    line = np.zeros((48, 80, 3), np.uint8)
    (result,) = recognise([line], ctc(0, 1, 1, 0, 1, 2, 0, 3, 2, 0), ALPHABET)
    assert result.text == "aab b"
    assert result.score == pytest.approx(0.8)
    # the first `a` spans steps 1 and 2 of 10, so its middle is at 2 / 10
    assert result.positions == pytest.approx((0.2, 0.45, 0.55, 0.75, 0.85))


def test_positions_are_of_the_line_not_of_its_padding() -> None:
    (result,) = recognise([np.zeros((48, 32, 3), np.uint8)], ctc(0, 1, 0, 2), ALPHABET)
    assert result.positions == pytest.approx((1.5 / 4, 3.5 / 4))


def test_results_keep_the_order_of_the_crops() -> None:
    crops = [np.full((48, width, 3), width // 8, np.uint8) for width in (400, 80, 0, 160, 96)]

    def run(batch: np.ndarray) -> list[np.ndarray]:
        output = np.zeros((len(batch), batch.shape[3] // 8, 256), np.float32)
        for row, line in enumerate(batch):
            output[row, 0, round((float(line[0, 0, 0]) + 1) * 127.5)] = 1
        return [output]

    alphabet = ["", *map(chr, range(1, 256))]
    for batch_width in (0, 4096):
        texts = [result.text for result in recognise(crops, run, alphabet, batch_width)]
        assert texts == [chr(50), chr(10), "", chr(20), chr(12)]


def test_recogniser_output_that_is_not_a_number() -> None:
    def run(batch: np.ndarray) -> list[np.ndarray]:
        return [np.full((len(batch), 10, 4), np.nan, np.float32)]

    (result,) = recognise([np.zeros((48, 80, 3), np.uint8)], run, ALPHABET)
    assert result.score == 0


def test_alphabet_comes_from_the_metadata() -> None:
    assert characters({"character": "a\n\u2028\nb"}) == ("", "a", "\u2028", "b", " ")


# words


def test_words_end_where_the_ink_ends() -> None:
    columns = np.zeros(100, np.float32)
    columns[5:40] = columns[60:95] = 0.5
    line = Recognised("ab cd", 0.9, (0.1, 0.3, 0.5, 0.7, 0.9), (0.8, 1.0, 0.9, 0.6, 0.8))
    first, second = split(line, columns, 20)
    assert (first.text, first.start, first.end) == ("ab", 0.05, 0.40)
    assert (second.text, second.start, second.end) == ("cd", 0.60, 0.95)
    assert (first.score, second.score) == pytest.approx((0.9, 0.7))


def test_words_without_a_gap_meet_in_the_middle() -> None:
    line = Recognised("a b", 0.9, (0.2, 0.5, 0.8), (1.0, 1.0, 1.0))
    first, second = split(line, np.ones(100, np.float32), 20)
    assert first.end == second.start == 0.5


@pytest.mark.parametrize("text", ["", "  ", "x"])
def test_splitting_degenerate_lines(text: str) -> None:
    line = Recognised(text, 0.5, (1.0,) * len(text), (0.5,) * len(text))
    assert [part.text for part in split(line, np.zeros(10, np.float32), 20)] == text.split()
    assert split(line, np.zeros(0, np.float32), 20) == []


def test_unread_ink() -> None:
    line = Recognised("-", 0.9, (0.1,), (0.9,))
    columns = np.full(200, 0.3, np.float32)
    assert unread(line, columns, height=20) == pytest.approx(1 - 31 / 200)
    assert unread(line, np.full(200, 0.05, np.float32), height=20) == 0  # a leader or an underscore
    assert unread(Recognised(), columns, height=20) == 1


def test_ink_of_light_text_on_dark() -> None:
    image, _ = draw(["word"], top=10)
    line = image[10:45, 40:200]
    np.testing.assert_allclose(ink(line), ink(255 - line))
    assert ink(line)[:8].max() == 0
    assert ink(line).max() > 0.2


# turning


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turn_back_inverts_turn(degrees: int) -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[7, 50] = 255
    row, column, _ = np.argwhere(turn(image, degrees))[0]
    point = turn_back(np.array([column + 0.5, row + 0.5], np.float32), degrees, 60, 40)
    assert point.tolist() == [50.5, 7.5]


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_crops_come_upright(angle: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    turned = turn(image, angle)
    height, width = turned.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    upright = crop(turned, reading_order(corners, angle))
    np.testing.assert_array_equal(upright, image)


# reading


def test_reads_text_where_it_stands(models: OcrModels) -> None:
    image, boxes = draw()
    result = read(image, models)
    assert [line.text for line in result.cells] == LINES
    assert (result.number, result.rotation, result.note) == (3, 0, None)
    for word in result.words:
        assert word.box.iou(boxes[word.text]) > 0.5, word
        assert abs(word.box.l - boxes[word.text].l) < 5
        assert abs(word.box.r - boxes[word.text].r) < 5
        assert (word.font, word.angle) == (-1, 0)
        assert 0.8 * 28 < word.size < 1.2 * 28
    assert len({word.size for word in result.words}) == 1
    for line in result.cells:
        words = result.words[line.first : line.first + line.count]
        assert " ".join(word.text for word in words) == line.text
        assert line.ocr
        assert line.confidence > 0.9


def test_coordinates_are_points_of_the_page(models: OcrModels) -> None:
    image, boxes = draw()
    result = read(image, models, scale=2.0)
    for word in result.words:
        box = Box(*(value * 2 for value in (word.box.l, word.box.t, word.box.r, word.box.b)))
        assert box.iou(boxes[word.text]) > 0.5


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_scans(models: OcrModels, degrees: int) -> None:
    image, boxes = draw()
    turned = turn(image, degrees)
    result = read(turned, models)
    assert [line.text for line in result.cells] == LINES
    assert result.rotation == 360 - degrees
    for word in result.words:
        assert word.angle == degrees
        assert 0.8 * 28 < word.size < 1.2 * 28
        corners = np.array([[word.box.l, word.box.t], [word.box.r, word.box.b]])
        upright = turn_back(corners, degrees, 600, 400)
        box = Box(*upright.min(axis=0), *upright.max(axis=0))
        assert box.iou(boxes[word.text]) > 0.5, word


def test_one_line_that_reads_upwards(models: OcrModels) -> None:
    image, _ = draw()
    label, _ = draw(["Depth in metres"], size=20, top=20)
    image[60:360, 520:560] = turn(label[15:55, 40:340], 270)
    result = read(image, models)
    assert result.rotation == 0
    angles = {word.text: word.angle for word in result.words}
    assert angles["metres"] == 270
    assert angles["quick"] == 0


def test_skewed_lines(models: OcrModels) -> None:
    image, _ = draw()
    lean = cv2.getRotationMatrix2D((300, 200), 3, 1)
    skewed = cv2.warpAffine(image, lean, (600, 400), borderValue=(255, 255, 255))
    assert [line.text for line in read(skewed, models).cells] == LINES


def test_reads_only_what_is_scanned(models: OcrModels) -> None:
    image, boxes = draw()
    quick, dogs = boxes["quick"], boxes["dogs,"]
    result = read(image, models, [Box(0, dogs.t - 4, 600, dogs.b + 4)])
    assert [line.text for line in result.cells] == [LINES[1]]
    assert result.words[0].box.t > quick.b


def test_nothing_scanned_renders_nothing(models: OcrModels) -> None:
    page = PageContent(number=1, width=600, height=400)
    assert ocr_page(page, lambda *_: pytest.fail("not needed"), models) == PageOcr(number=1)
    nonsense = [
        Box(float("nan"), 0, 5, 5),
        Box(10, 10, 10, 300),
        Box(700, 0, 800, 90),
        Box(0, 0, float("inf"), 1),
    ]
    page = PageContent(number=1, width=600, height=400, scanned=nonsense)
    assert ocr_page(page, lambda *_: pytest.fail("not needed"), models) == PageOcr(number=1)


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (900, 12)])
def test_odd_images(models: OcrModels, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    result = read(noise, models, scale=0.5)
    assert len(result.words) == sum(line.count for line in result.cells)
    assert read(np.empty((0, 0, 3), np.uint8), models).cells == []


def test_huge_pages_are_drawn_small(models: OcrModels) -> None:
    scales = []

    def render(scale: float, box: Box | None) -> np.ndarray:
        assert box is not None
        scales.append(scale)
        return np.full((round(box.height * scale), round(box.width * scale), 3), 255, np.uint8)

    page = PageContent(number=1, width=14400, height=14400, scanned=[Box(0, 0, 14400, 14400)])
    assert ocr_page(page, render, models).cells == []
    assert max(scales) * 14400 <= 4000


def test_batches_read_the_same(models: OcrModels) -> None:
    image, _ = draw()
    batched = OcrModels(models.detect, models.recognise, models.characters, batch_width=4096)
    assert [line.text for line in read_text(image, batched)] == LINES


@pytest.mark.parametrize("name", ["scanned.pdf", "skewed.pdf", "rotated_scan.pdf"])
def test_sample_scans(models: OcrModels, name: str) -> None:
    result = ocr_page(*render_pdf(SAMPLES / name), models)
    text = " ".join(line.text for line in result.cells)
    for sentence in EXPECTED[name]["sentences"]:
        assert sentence in text
    assert result.rotation == EXPECTED[name].get("ocr_rotation", 0)
    assert result.note is None


@pytest.mark.parametrize("name", ["arabic.pdf", "hebrew.pdf"])
def test_scripts_that_the_alphabet_lacks_are_not_guessed(models: OcrModels, name: str) -> None:
    result = ocr_page(*render_pdf(SAMPLES / name), models)
    assert result.note == UNKNOWN_SCRIPT
    assert sum(len(word.text) for word in result.words) < 40  # an address and a number in Latin script


@needs_recordings
@pytest.mark.parametrize(("name", "rotation"), [("ocr_test", 0), ("ocr_test_rotated_90", 90)])
def test_docling_scans(models: OcrModels, name: str, rotation: int) -> None:
    result = ocr_page(*render_pdf(RECORDINGS / "ocr" / f"{name}.pdf"), models)
    expected = (RECORDINGS / "ocr" / "ocr_test.md").read_text("utf-8").strip()
    assert Levenshtein.normalized_distance(" ".join(line.text for line in result.cells), expected) < 0.01
    assert result.rotation == rotation
