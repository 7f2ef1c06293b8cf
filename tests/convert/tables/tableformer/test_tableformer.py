import base64
import json
import zlib

import numpy as np
import pytest

from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.pipeline.convert.types import Box, Cluster, TableStructure, Word
from tests.support.recordings import RECORDINGS, needs_recordings

REGION = Cluster(id=7, label="table", score=0.9, box=Box(100.0, 200.0, 300.0, 260.0))


def word(text: str, l: float, t: float, r: float, b: float) -> Word:  # noqa: E741
    return Word(text=text, box=Box(l, t, r, b), size=8.0, font=-1)


def boxes_of(rows: int, cols: int) -> np.ndarray:
    return np.array(
        [[c / cols, r / rows, (c + 1) / cols, (r + 1) / rows] for r in range(rows) for c in range(cols)],
        np.float32,
    )


def structure(otsl: str, boxes: np.ndarray | None = None, words: list[Word] | None = None) -> TableStructure:
    tags = otsl.split()
    cells = sum(tag in ("fcel", "ecel", "ched", "rhed", "srow") for tag in tags)
    if boxes is None:
        boxes = np.tile(np.array([0.0, 0.0, 1.0, 1.0], np.float32), (cells, 1))
    return tableformer.structure(REGION, tags, boxes, words or [])


def spans(table: TableStructure) -> list[tuple[int, int, int, int]]:
    return [(cell.row, cell.col, cell.row_span, cell.col_span) for cell in table.cells]


def test_vocabulary() -> None:
    assert {tag: index for index, tag in enumerate(tableformer.TAGS)} == {
        "<pad>": 0,
        "<unk>": 1,
        "<start>": 2,
        "<end>": 3,
        "ecel": 4,
        "fcel": 5,
        "lcel": 6,
        "ucel": 7,
        "xcel": 8,
        "nl": 9,
        "ched": 10,
        "rhed": 11,
        "srow": 12,
    }


@pytest.mark.parametrize(
    ("ids", "length", "expected"),
    [
        ([2, 10, 10, 9, 11, 5, 9, 3, 0, 0], 8, ["ched", "ched", "nl", "rhed", "fcel", "nl"]),
        ([10, 9, 5, 9], 4, ["ched", "nl", "fcel", "nl"]),
        ([2, 5, 9, 3, 5, 9], 6, ["fcel", "nl"]),
        ([5, 5, 5, 5], 2, ["fcel", "fcel"]),
        ([5, 99, -1, 1, 9], 5, ["fcel", "nl"]),
        ([5, 9], 100, ["fcel", "nl"]),
        ([5, 9], -3, []),
        ([], 0, []),
    ],
)
def test_tags_of(ids: list[int], length: int, expected: list[str]) -> None:
    assert tableformer.tags_of(np.array(ids, np.int32), length) == expected


def test_words_go_to_the_cells_and_boxes_to_the_page() -> None:
    words = [
        word("Year", 105, 205, 125, 215),
        word("Sales", 205, 205, 230, 215),
        word("2024", 105, 235, 125, 245),
        word("net", 205, 235, 220, 245),
        word("17", 222, 235, 232, 245),
        word("elsewhere", 105, 400, 150, 410),
    ]
    table = structure("ched ched nl rhed fcel nl", boxes_of(2, 2), words)
    assert (table.region, table.num_rows, table.num_cols, table.method) == (7, 2, 2, "tableformer")
    assert [cell.text for cell in table.cells] == ["Year", "Sales", "2024", "net 17"]
    assert [cell.column_header for cell in table.cells] == [True, True, False, False]
    assert [cell.row_header for cell in table.cells] == [False, False, True, False]
    assert table.cells[3].box == Box(205.0, 235.0, 232.0, 245.0)
    assert table.otsl == ["ched", "ched", "nl", "rhed", "fcel", "nl"]


def test_spans_to_the_right_and_down() -> None:
    table = structure("ched ched lcel nl ucel ched ched nl fcel fcel fcel nl")
    assert spans(table) == [
        (0, 0, 2, 1),
        (0, 1, 1, 2),
        (1, 1, 1, 1),
        (1, 2, 1, 1),
        (2, 0, 1, 1),
        (2, 1, 1, 1),
        (2, 2, 1, 1),
    ]
    assert (table.num_rows, table.num_cols) == (3, 3)


def test_a_span_both_ways() -> None:
    table = structure("fcel lcel fcel nl ucel xcel fcel nl fcel fcel fcel nl")
    assert spans(table)[0] == (0, 0, 2, 2)
    assert len(table.cells) == 6


def test_a_section_row() -> None:
    table = structure("fcel fcel nl srow lcel nl fcel fcel nl")
    assert [cell.row_section for cell in table.cells] == [False, False, True, False, False]
    assert spans(table)[2] == (1, 0, 1, 2)


def test_a_short_row_ends_in_a_cell_that_reaches_to_the_edge() -> None:
    table = structure("fcel fcel fcel nl fcel nl")
    assert spans(table)[-1] == (1, 0, 1, 3)


def test_rows_in_which_no_cell_begins_are_folded_away() -> None:
    table = structure("ched rhed nl ucel ucel nl fcel srow nl")
    assert spans(table) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]
    assert [cell.row_section for cell in table.cells] == [False, False, False, True]


@pytest.mark.parametrize(
    "otsl",
    [
        "",
        "nl nl nl",
        "lcel ucel nl xcel lcel nl",
        "ucel fcel nl lcel lcel nl fcel xcel xcel xcel nl",
        "fcel fcel",
        "fcel lcel nl ucel fcel nl xcel ucel nl",
        "fcel " * 3000,
        "fcel nl " * 3000,
    ],
)
def test_any_tags_give_cells_within_their_grid(otsl: str) -> None:
    table = structure(otsl, np.zeros((0, 4), np.float32), [word("a", 110, 210, 120, 220)])
    assert sum(cell.text == "a" for cell in table.cells) <= 1
    for cell in table.cells:
        assert 0 <= cell.row < cell.row + cell.row_span <= table.num_rows
        assert 0 <= cell.col < cell.col + cell.col_span <= table.num_cols
    assert table.otsl == otsl.split()


def test_boxes_that_are_missing_or_no_numbers() -> None:
    boxes = np.array([[np.nan, 0, 0.5, 1], [0.9, 1.5, 0.5, -1]], np.float32)
    table = structure("fcel fcel fcel nl", boxes)
    first, second, third = (cell.box for cell in table.cells)
    assert first is None
    assert third is None
    assert second is not None
    assert [second.l, second.t, second.r, second.b] == pytest.approx([200.0, 140.0, 280.0, 290.0])


def test_model_input_shows_the_table_width_before_height() -> None:
    picture = np.full((1584, 1224, 3), 255, np.uint8)
    picture[400:520, 200:400] = 0  # the left third of the table
    page = tableformer.scaled_page(picture, 792.0)
    assert page.picture.shape == (1024, int(1224 * 1024 / 1584), 3)
    tensor = tableformer.model_input(page, Box(100.0, 200.0, 400.0, 260.0))
    assert tensor is not None
    assert tensor.shape == (3, 448, 448)
    assert tensor.dtype == np.float32
    assert (tensor[:, 10:140, 20:430] < -5.0).all()
    assert (tensor[:, 160:, 20:430] > 0.3).all()


def test_model_input_of_tables_at_and_beyond_the_edge() -> None:
    page = tableformer.scaled_page(np.zeros((200, 200, 3), np.uint8), 100.0)
    assert tableformer.model_input(page, Box(-10.0, -10.0, 20.0, 20.0)) is not None
    assert tableformer.model_input(page, Box(150.0, 10.0, 190.0, 20.0)) is None
    assert tableformer.model_input(page, Box(10.2, 10.0, 10.3, 20.0)) is None


def test_pictures_of_extreme_pages_stay_small() -> None:
    wide = tableformer.scaled_page(np.zeros((2, 60000, 3), np.uint8), 1.0)
    assert wide.picture.nbytes < 1 << 20
    assert tableformer.scaled_page(np.zeros((1, 1, 3), np.uint8), 0.0).picture.shape == (1024, 1024, 3)


def test_model_input_is_normalised_as_docling_does_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    page = tableformer.scaled_page(picture, 512.0)
    assert (page.picture == picture).all()
    tensor = tableformer.model_input(page, Box(10.4, 99.6, 234.4, 324.4))  # 448 pixels: nothing is scaled
    crop = picture[200:648, 20:468].astype(np.float64)
    mean = np.array([0.94247851, 0.94254675, 0.94292611])
    std = np.array([0.17910956, 0.17940403, 0.17931663])
    expected = ((crop - 255 * mean) / std / 255).transpose(2, 1, 0)
    assert tensor is not None
    assert np.abs(tensor - expected).max() < 1e-6


@needs_recordings
def test_structure_of_what_the_real_model_said() -> None:
    folder = RECORDINGS / "tableformer"
    decoded = json.loads((folder / "sequence_decoding.json").read_text())["samples"][0]
    matched = json.loads((folder / "cell_matching.json").read_text())["samples"][0]
    boxes = np.frombuffer(
        zlib.decompress(base64.b64decode(decoded["raw_bbox_zlib_base64"])), np.float32
    ).reshape(decoded["raw_bbox_shape"])
    tags = tableformer.tags_of(np.array(decoded["tag_sequence"], np.int32), len(decoded["tag_sequence"]))
    assert tags == decoded["rs_sequence"]
    region = Cluster(id=0, label="table", score=1.0, box=Box(*matched["table_bbox"]))
    table = tableformer.structure(region, tags, boxes, [])
    assert (table.num_rows, table.num_cols) == (7, 3)
    for cell, expected in zip(table.cells, matched["table_cells"], strict=True):
        assert (cell.row, cell.col) == (expected["row_id"], expected["column_id"])
        assert cell.box is not None
        placed = [cell.box.l, cell.box.t, cell.box.r, cell.box.b]
        assert placed == pytest.approx(expected["bbox"], abs=0.2)  # docling does not cut at the table's edge
        assert cell.column_header == (expected["label"] == "ched")
        assert cell.row_header == (expected["label"] == "rhed")


def recorded_tables() -> list[tuple[str, dict[str, object]]]:
    return [
        (f"{path.name}-{index}", table)
        for path in sorted(RECORDINGS.glob("*.predictions.json"))
        if ".derived." not in path.name
        for index, table in enumerate(
            table for page in json.loads(path.read_text())["pages"] for table in page["tables"]
        )
    ]


@needs_recordings
def test_spans_are_those_that_docling_made_of_the_same_tags() -> None:
    tables = recorded_tables()
    assert tables
    for name, table in tables:
        tags = table["otsl"]
        found = structure(" ".join(tags))  # type: ignore[arg-type]
        mine = {(c.row, c.col, c.row_span, c.col_span) for c in found.cells}
        for cell in table["cells"]:  # type: ignore[attr-defined]
            place = (
                cell["start_row_offset_idx"],
                cell["start_col_offset_idx"],
                cell["row_span"],
                cell["col_span"],
            )
            assert place in mine, (name, place)
