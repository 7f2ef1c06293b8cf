"""docling's table stage around the model, as tests/exporters/record_table_stages.py has recorded it."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Box, Cluster, TableStructure, Word
from tests.support.recordings import RECORDINGS, needs_recordings

RECORDING: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "docling_table_stages.json").read_text()
)
#: A real table's stages.
REAL = RECORDINGS / "tableformer"
#: Where the recorded tables lie on their page.
TABLE = Box(100.0, 200.0, 400.0, 400.0)


def page_picture(width: int, height: int, seed: int) -> np.ndarray:
    """As the recorder draws it."""
    areas = np.random.default_rng(seed).integers(0, 256, (29, 23, 3), np.uint8)
    rows = np.arange(2 * height) * 29 // (2 * height)
    columns = np.arange(2 * width) * 23 // (2 * width)
    return np.ascontiguousarray(areas[rows][:, columns])


@pytest.mark.parametrize("case", RECORDING["pages"])
def test_the_models_view_of_a_table(case: dict[str, Any]) -> None:
    width, height = case["size"]
    page = tableformer.scaled_page(page_picture(width, height, case["seed"]), height)
    tensor = tableformer.model_input(page, Box(*case["box"]))
    assert tensor is not None
    found = [tensor[tuple(place)] for place in RECORDING["probes"]]
    # OpenCV's versions round a grey value differently
    assert found == pytest.approx(case["values"], abs=1.5 / 0.179 / 255)


@pytest.mark.parametrize("case", RECORDING["tables"])
def test_cells_of_tags_boxes_classes_and_words(case: dict[str, Any]) -> None:
    words = [
        Word(text=f"w{number}", box=Box(*box), size=9.0, font=-1) for number, box in enumerate(case["words"])
    ]
    outputs = [
        np.array([case["tags"]], np.int32),
        np.array([len(case["tags"])], np.int32),
        np.array([case["boxes"]], np.float32),
        np.array([len(case["boxes"])], np.int32),
        np.array([case["classes"]], np.int32),
    ]
    [answer] = tableformer.answers(1, outputs)
    table = tableformer.matched(0, TABLE, answer, words)
    if not words:
        assert case["cells"] == []  # docling has no cells then; docmill keeps the grid
        return
    assert [table.num_rows, table.num_cols] == case["size"]
    assert seen(table) == [(*cell[:4], tuple(cell[5]), cell[6]) for cell in case["cells"]]
    for cell, recorded in zip(table.cells, case["cells"], strict=True):
        assert cell.box is not None
        assert [cell.box.l, cell.box.t, cell.box.r, cell.box.b] == pytest.approx(recorded[4], abs=1e-3)


def seen(table: TableStructure) -> list[tuple[Any, ...]]:
    return [
        (
            *(cell.row, cell.row + cell.row_span, cell.col, cell.col + cell.col_span),
            (cell.column_header, cell.row_header, cell.row_section),
            cell.text,
        )
        for cell in table.cells
    ]


def test_the_recording_has_tables_of_every_kind() -> None:
    cells = [cell for case in RECORDING["tables"] for cell in case["cells"]]
    assert any(cell[1] - cell[0] > 1 for cell in cells)
    assert any(cell[3] - cell[2] > 1 for cell in cells)
    assert any(len(case["boxes"]) != begun(case["tags"]) for case in RECORDING["tables"])
    assert any(kind < 2 for case in RECORDING["tables"] for kind in case["classes"])


def begun(tags: list[int]) -> int:
    return sum(tableformer.TAGS[tag] in ("fcel", "ecel", "ched", "rhed", "srow") for tag in tags)


def floats(sample: dict[str, Any], name: str, shape: str) -> np.ndarray:
    data = zlib.decompress(base64.b64decode(sample[f"{name}_zlib_base64"]))
    return np.frombuffer(data, np.float32).reshape(sample[shape])


def recorded(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((REAL / f"{name}.json").read_text())["samples"][0]
    return sample


@needs_recordings
def test_the_view_of_a_real_table_is_normalised_and_turned_alike() -> None:
    # the recording's own resampling is another one; its pixels at 448 are those of its crop at these places
    page = recorded("page_input")
    picture = np.frombuffer(base64.b64decode(page["image_bytes_base64"]), np.uint8).reshape(70, 216, 3)
    expected = floats(recorded("image_tensors"), "tensor", "tensor_shape")[0]
    scaled = tableformer.ScaledPage(between(between(picture, 1024, 3159), 448, 448), 1.0)
    tensor = tableformer.model_input(scaled, Box(0.0, 0.0, 448.0, 448.0))
    assert tensor is not None
    assert np.abs(tensor - expected).max() < 1.0 / 0.179 / 255  # bytes are not as fine as its values
    crops = recorded("table_crops")
    crop = crops["table_crops"][0]
    ours = tableformer.scaled_page(picture, 70.0)
    assert ours.picture.shape[:2] == (crop["crop_height"], crop["crop_width"])
    assert ours.scale == pytest.approx(crops["scale_factor"])


def between(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, with the first pixel's corner in place."""
    y, x = np.arange(height) * picture.shape[0] / height, np.arange(width) * picture.shape[1] / width
    top, left = y.astype(int), x.astype(int)
    below, right = (
        np.minimum(top + 1, picture.shape[0] - 1),
        np.minimum(left + 1, picture.shape[1] - 1),
    )
    down, over = (y - top)[:, None, None], (x - left)[None, :, None]
    upper = picture[top][:, left] * (1 - over) + picture[top][:, right] * over
    lower = picture[below][:, left] * (1 - over) + picture[below][:, right] * over
    whole: np.ndarray = np.rint(upper * (1 - down) + lower * down).astype(np.uint8)
    return whole


@needs_recordings
@pytest.mark.parametrize("variant", ["fast", "accurate"])
def test_cells_of_a_real_table(variant: str) -> None:
    """docling's answer of each variant, from the tags and boxes that it implies."""
    [table] = json.loads((REAL / f"docling_{variant}.json").read_text()).popitem()[1]["tables"]
    cells, details = table["tf_responses"], table.get("predict_details", {})
    tags = details.get("prediction", {}).get("rs_seq") or implied(cells)
    boxes = [
        [cell["bbox"]["l"] / 216, cell["bbox"]["t"] / 70, cell["bbox"]["r"] / 216, cell["bbox"]["b"] / 70]
        for cell in cells
    ]
    answer = tableformer.Answer(tags, np.array(boxes))
    found = tableformer.matched(0, Box(0.0, 0.0, 216.0, 70.0), answer, [])
    assert seen(found) == [
        (
            *(cell[f"{end}_{axis}_offset_idx"] for axis in ("row", "col") for end in ("start", "end")),
            (cell["column_header"], cell["row_header"], cell["row_section"]),
            "",
        )
        for cell in cells
    ]
    for cell, expected in zip(found.cells, cells, strict=True):
        assert cell.box is not None
        placed = [cell.box.l, cell.box.t, cell.box.r, cell.box.b]
        assert placed == pytest.approx([expected["bbox"][side] for side in "ltrb"], abs=1e-6)


def implied(cells: list[dict[str, Any]]) -> list[str]:
    """The tags of a table without spans."""
    tags: list[str] = []
    for cell in cells:
        assert (cell["row_span"], cell["col_span"]) == (1, 1)
        if cell["start_col_offset_idx"] == 0 and tags:
            tags.append("nl")
        header = cell["column_header"], cell["row_header"]
        tags.append("ched" if header[0] else "rhed" if header[1] else "fcel")
    return [*tags, "nl"]


@needs_recordings
def test_matching_of_a_real_table() -> None:
    """What went into docling's matching comes out of the model's answer, boxes to 1e-4 points."""
    said, matching = recorded("neural_outputs"), recorded("cell_matching")
    middle_and_size = floats(said, "coord", "coord_shape")
    half = middle_and_size[:, 2:] / 2
    boxes = np.concatenate([middle_and_size[:, :2] - half, middle_and_size[:, :2] + half], axis=1)
    classes = floats(said, "class", "class_shape").argmax(axis=1)
    tags = tableformer.tags_of(np.array(said["tag_sequence"]), len(said["tag_sequence"]))
    assert tags == recorded("sequence_decoding")["rs_sequence"]
    region = Cluster(id=0, label="table", score=1.0, box=Box(*matching["table_bbox"]))
    table = tableformer.structure(region, tags, boxes, [], classes)
    assert classes.tolist() == [cell["cell_class"] for cell in matching["table_cells"]]
    for cell, expected in zip(table.cells, matching["table_cells"], strict=True):
        assert (cell.row, cell.col) == (expected["row_id"], expected["column_id"])
        assert cell.box is not None
        placed = [cell.box.l, cell.box.t, cell.box.r, cell.box.b]
        assert placed == pytest.approx(expected["bbox"], abs=1e-4)
