import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docmill.pipeline.convert.tables.otsl_spans import otsl_spans
from docmill.pipeline.convert.tables.tableformer.cell_matcher import (
    PredictedCell,
    intersections,
    predicted_cells,
)
from docmill.pipeline.convert.tables.tableformer.match_repair import assign_words
from docmill.pipeline.convert.tables.tableformer.predicted_table import matched_structure, words_of_table
from docmill.pipeline.convert.types import Box, TableCell, Word
from tests.support.recordings import RECORDINGS, needs_recordings
from tests.support.steps import steps

#: What docling-ibm-models makes of random tables; see `made_with` in the file.
FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "docling_matching.json").read_text())


def word(text: str, box: list[float]) -> Word:
    return Word(text=text, box=Box(*box), size=8.0, font=-1)


def headers(cell: TableCell) -> str:
    flags = (("c", cell.column_header), ("r", cell.row_header), ("s", cell.row_section))
    return "".join(name for name, flag in flags if flag)


@pytest.mark.parametrize("case", FIXTURE["spans"], ids=lambda case: case["tags"][:40])
def test_spans_are_those_of_docling(case: dict[str, Any]) -> None:
    expected = {int(index): tuple(span) for index, span in case["spans"].items()}
    assert otsl_spans(case["tags"].split()) == expected


@pytest.mark.parametrize("index", range(len(FIXTURE["matched"])))
def test_tables_are_those_of_docling(index: int) -> None:
    case = FIXTURE["matched"][index]
    tags = case["tags"].split()
    count = len(predicted_cells(tags))
    classes = np.array((case["classes"] + [2] * count)[:count])
    words = [word(text, box) for text, box in case["words"]]
    table = matched_structure(3, tags, [Box(*box) for box in case["boxes"]], words, "m", classes)
    assert (table.num_rows, table.num_cols) == (case["rows"], case["cols"])
    found = [[c.row, c.col, c.row_span, c.col_span, c.text, headers(c)] for c in table.cells]
    assert found == [[*cell[:5], cell[6]] for cell in case["cells"]]
    for cell, expected in zip(table.cells, case["cells"], strict=True):
        assert cell.box is not None
        assert [cell.box.l, cell.box.t, cell.box.r, cell.box.b] == pytest.approx(expected[5], abs=1e-3)


def test_the_fixture_reaches_every_branch() -> None:
    cases = FIXTURE["matched"]
    assert any(len(case["words"]) > 300 for case in cases)
    assert any(1 in case["classes"] for case in cases)
    assert any(cell[2] > 1 or cell[3] > 1 for case in cases for cell in case["cells"])


def test_intersections_are_ordered_by_cell_and_only_where_area_is_shared() -> None:
    cells = np.array([[0.0, 0, 10, 10], [10, 0, 20, 10], [5, 0, 15, 10]])
    words = np.array([[8.0, 0, 12, 4], [30, 0, 40, 4], [2, 2, 2, 4]])
    found = intersections(cells, words)
    assert found.cells.tolist() == [0, 1, 2]
    assert found.words.tolist() == [0, 0, 0]
    assert found.shares.tolist() == [0.5, 0.5, 1.0]


def test_intersections_of_nothing() -> None:
    assert len(intersections(np.empty((0, 4)), np.empty((0, 4))).cells) == 0
    assert len(intersections(np.zeros((3, 4)), np.empty((0, 4))).cells) == 0


def test_a_word_in_no_cell_makes_one_where_its_row_and_column_cross() -> None:
    cells = [PredictedCell(0, 0, "fcel"), PredictedCell(0, 1, "fcel"), PredictedCell(1, 0, "fcel")]
    boxes = np.array([[0.0, 0, 40, 10], [60, 0, 100, 10], [0, 20, 40, 30]])
    words = np.array([[5.0, 2, 20, 8], [65, 2, 80, 8], [5, 22, 20, 28], [66, 23, 70, 27]])
    found = assign_words(cells, boxes, words)
    assert found.cell_of.tolist() == [0, 1, 2, 3]
    assert found.cells[3] == PredictedCell(1, 1, "body")
    assert found.boxes[0].tolist() == [5, 2, 20, 8]


def test_words_of_a_table_lie_mostly_in_it() -> None:
    words = [word("in", [10, 10, 20, 20]), word("half", [95, 10, 105, 20]), word(" ", [10, 10, 20, 20])]
    words.append(word("no", [float("nan"), 0, 1, 1]))
    assert [w.text for w in words_of_table(Box(0, 0, 100, 100), words)] == ["in"]


def test_without_words_the_grid_is_as_predicted() -> None:
    table = matched_structure(1, ["ched", "lcel", "nl", "fcel", "fcel", "nl"], [Box(0, 0, 9, 9)], [], "m")
    assert [(c.row, c.col, c.col_span, c.box) for c in table.cells] == [
        (0, 0, 2, Box(0, 0, 9, 9)),
        (1, 0, 1, None),
        (1, 1, 1, None),
    ]
    assert (table.num_rows, table.num_cols) == (2, 2)


def test_a_span_both_ways_may_be_written_with_xcel() -> None:
    tags = ["fcel", "lcel", "fcel", "nl", "ucel", "xcel", "fcel", "nl"]
    assert predicted_cells(tags)[0].span == (2, 2)
    assert [(cell.row, cell.col) for cell in predicted_cells(tags)] == [(0, 0), (0, 2), (1, 2)]


@pytest.mark.parametrize("tags", ["", "nl nl", "lcel nl", "ucel ucel nl nl lcel", "bogus nl"])
def test_tags_without_a_cell_make_an_empty_table(tags: str) -> None:
    table = matched_structure(1, tags.split(), [], [word("a", [0, 0, 1, 1])], "m")
    assert (table.num_rows, table.num_cols, table.cells) == (0, 0, [])


def test_a_crowded_table_takes_steps_by_the_word() -> None:
    rng = np.random.default_rng(0)
    tags = (["fcel"] * 20 + ["nl"]) * 50
    boxes = [Box(c * 20, r * 10, c * 20 + 15, r * 10 + 8) for r in range(50) for c in range(20)]
    corners = rng.uniform(0, 500, (20_000, 2))
    words = [word("w", [x, y, x + 3, y + 2]) for x, y in corners.tolist()]
    taken, table = steps(lambda: matched_structure(1, tags, boxes, words, "m"))
    assert taken < 100 * len(words)
    # as in docling, words beyond all rows and columns are lost
    assert sum(len(cell.text.split()) for cell in table.cells) > 19_950


@needs_recordings
def test_post_processing_is_what_a_port_recorded_of_docling() -> None:
    recorded = json.loads((RECORDINGS / "tableformer" / "post_processing.json").read_text())["samples"][0]
    given, wanted = recorded["input"], recorded["output"]
    cells = [PredictedCell(c["row_id"], c["column_id"], c["label"]) for c in given["table_cells"]]
    boxes = np.array([cell["bbox"] for cell in given["table_cells"]])
    words = np.array([cell["bbox"] for cell in given["pdf_cells"]])
    classes = np.array([cell["cell_class"] for cell in given["table_cells"]])
    found = assign_words(cells, boxes, words, classes)
    matches = {int(at): match[0]["table_cell_id"] for at, match in wanted["matches"].items()}
    assert dict(enumerate(found.cell_of.tolist())) == matches
    for cell in wanted["table_cells"]:
        assert found.boxes[cell["cell_id"]].tolist() == pytest.approx(cell["bbox"])


@needs_recordings
def test_predicted_cells_are_what_a_port_recorded_of_docling() -> None:
    folder = RECORDINGS / "tableformer"
    decoded = json.loads((folder / "sequence_decoding.json").read_text())["samples"][0]
    matched = json.loads((folder / "cell_matching.json").read_text())["samples"][0]
    cells = predicted_cells(decoded["rs_sequence"])
    assert [(c.row, c.col, c.tag) for c in cells] == [
        (c["row_id"], c["column_id"], c["label"]) for c in matched["table_cells"]
    ]
    raw = np.frombuffer(zlib.decompress(base64.b64decode(matched["prediction_bbox_zlib_base64"])), "<f4")
    assert raw.reshape(-1, 4) == pytest.approx(np.array([c["bbox"] for c in matched["table_cells"]]))


@needs_recordings
@pytest.mark.parametrize("variant", ["fast", "accurate"])
def test_responses_of_the_real_model_without_words(variant: str) -> None:
    recorded = json.loads((RECORDINGS / "tableformer" / f"docling_{variant}.json").read_text())
    (page,) = recorded.values()
    (table,) = page["tables"]
    details = table["predict_details"]
    tags = details["prediction"]["rs_seq"]
    boxes = [Box(*box) for box in details["prediction_bboxes_page"]]
    found = matched_structure(0, tags, boxes, [], "tableformer")
    assert (found.num_rows, found.num_cols) == (details["num_rows"], details["num_cols"])
    for cell, wanted in zip(found.cells, table["tf_responses"], strict=True):
        assert cell.row == wanted["start_row_offset_idx"]
        assert cell.col == wanted["start_col_offset_idx"]
        assert (cell.row_span, cell.col_span) == (wanted["row_span"], wanted["col_span"])
        assert cell.column_header == wanted["column_header"]
        assert cell.row_header == wanted["row_header"]
        assert cell.box is not None
        sides = [wanted["bbox"][side] for side in "ltrb"]
        assert [cell.box.l, cell.box.t, cell.box.r, cell.box.b] == pytest.approx(sides)
