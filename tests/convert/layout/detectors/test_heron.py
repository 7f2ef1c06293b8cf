import numpy as np
import pytest

from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.docling_image import page_image
from docmill.pipeline.convert.types import Box, PageContent

PAGE = (612.0, 792.0)


def detections(
    *found: tuple[int, tuple[float, float, float, float], float],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([label for label, _, _ in found], np.int64),
        np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in found], np.float32),
    )


def test_labels_are_docling_labels_in_the_order_of_the_model() -> None:
    from docling_core.types.doc import DocItemLabel

    # id2label of docling-layout-heron
    names = [
        *("Caption", "Footnote", "Formula", "List-item", "Page-footer", "Page-header", "Picture"),
        *("Section-header", "Table", "Text", "Title", "Document_Index", "Code"),
        *("Checkbox-Selected", "Checkbox-Unselected", "Form", "Key-Value_Region"),
    ]
    assert [name.lower().replace("-", "_") for name in names] == list(heron.LABELS)
    assert all(DocItemLabel(label) for label in heron.LABELS)


def test_model_input_is_stretched_channels_first() -> None:
    picture = np.zeros((100, 50, 3), np.uint8)
    picture[:50, :, 0] = 255
    picture[:, 25:, 2] = 255
    tensor = heron.model_input(picture)
    assert tensor.shape == (3, 640, 640)
    assert tensor.dtype == np.uint8
    assert tensor[:, 10, 10].tolist() == [255, 0, 0]
    assert tensor[:, 10, 630].tolist() == [255, 0, 255]
    assert tensor[:, 630, 10].tolist() == [0, 0, 0]


def test_model_input_is_that_of_the_image_processor_of_docling() -> None:
    transformers = pytest.importorskip("transformers.models.rt_detr.image_processing_pil_rt_detr")
    picture = np.random.default_rng(0).integers(0, 256, (792, 612, 3), np.uint8)
    processor = transformers.RTDetrImageProcessorPil()
    expected = np.asarray(processor(images=[picture], return_tensors="np")["pixel_values"][0])
    assert np.abs(heron.model_input(picture).astype(np.float32) / 255 - expected).max() < 1e-6


def test_boxes_are_scaled_from_the_picture_to_the_page() -> None:
    found = heron.regions(*detections((8, (61.2, 79.2, 306.0, 396.0), 0.9)), (306, 396), PAGE)
    assert [(region.label, region.source) for region in found] == [("table", "model")]
    assert found[0].score == pytest.approx(0.9)
    assert [found[0].box.l, found[0].box.t, found[0].box.r, found[0].box.b] == pytest.approx(
        [122.4, 158.4, 612.0, 792.0], rel=1e-5
    )


def test_low_scores_are_dropped_and_the_rest_is_numbered() -> None:
    box = (10, 10, 50, 50)
    found = heron.regions(*detections((9, box, 0.29), (0, box, 0.31), (10, box, 0.95)), (612, 792), PAGE)
    assert [(region.id, region.label) for region in found] == [(0, "caption"), (1, "title")]


def test_boxes_are_cut_at_the_edges_of_the_page() -> None:
    found = heron.regions(*detections((9, (-20, -5, 700, 800), 0.9)), (612, 792), PAGE)
    assert found[0].box == Box(0.0, 0.0, 612.0, 792.0)


@pytest.mark.parametrize(
    "bad",
    [
        (9, (float("nan"), 0, 10, 10), 0.9),
        (9, (0, 0, float("nan"), 10), 0.9),
        (9, (50, 10, 10, 50), 0.9),
        (9, (10, 10, 10, 50), 0.9),
        (9, (700, 10, 900, 50), 0.9),
        (9, (10, 10, 50, 50), float("nan")),
        (17, (10, 10, 50, 50), 0.9),
        (-1, (10, 10, 50, 50), 0.9),
    ],
)
def test_nonsense_is_dropped(bad: tuple[int, tuple[float, float, float, float], float]) -> None:
    good = (6, (1, 2, 3, 4), 0.5)
    assert [r.label for r in heron.regions(*detections(bad, good), (612, 792), PAGE)] == ["picture"]


def test_no_detections_and_a_page_without_area() -> None:
    assert heron.regions(*detections(), (612, 792), PAGE) == []
    assert heron.regions(*detections((9, (0, 0, 5, 5), 0.9)), (0, 0), (0.0, 0.0)) == []


def test_shapes_that_do_not_fit_are_an_error() -> None:
    labels, boxes, scores = detections((9, (0, 0, 5, 5), 0.9))
    with pytest.raises(ValueError, match=r"boxes \(1, 3\)"):
        heron.regions(labels, boxes[:, :3], scores, (612, 792), PAGE)
    with pytest.raises(ValueError, match="scores"):
        heron.regions(labels, boxes, np.zeros((1, 17), np.float32), (612, 792), PAGE)


def test_page_image_is_drawn_larger_and_scaled_down() -> None:
    scales = []

    def render(scale: float, box: Box | None) -> np.ndarray:
        scales.append(scale)
        return np.full((round(792 * scale), round(612 * scale), 3), 7, np.uint8)

    picture = page_image(render, PageContent(number=1, width=612, height=792), 1.0)
    assert scales == [1.5]
    assert picture.shape == (792, 612, 3)
    assert (picture == 7).all()


def test_page_image_of_a_page_too_large_is_not_blown_up() -> None:
    picture = page_image(
        lambda scale, box: np.zeros((500, 400, 3), np.uint8),
        PageContent(number=1, width=14400, height=18000),
        2.0,
    )
    assert picture.shape == (500, 400, 3)
