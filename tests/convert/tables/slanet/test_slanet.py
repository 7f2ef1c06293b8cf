"""From tokens and boxes to a grid, and from a picture to the model's input."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from docmill.pipeline.convert.tables.slanet.slanet import SIDE, TOKENS, decode, model_input, recognise
from docmill.pipeline.convert.types import Box


def output(tokens: list[str], boxes: dict[int, Box] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The model's answer that says these tokens, with boxes as fractions at some steps."""
    chances = np.full((len(tokens), len(TOKENS)), 0.01, np.float32)
    corners = np.zeros((len(tokens), 8), np.float32)
    for step, token in enumerate(tokens):
        chances[step, TOKENS.index(token)] = 0.8
        if boxes and step in boxes:
            box = boxes[step]
            corners[step] = [box.l, box.t, box.r, box.t, box.r, box.b, box.l, box.b]
    return corners, chances


CROP = (np.zeros((200, 488, 3), np.uint8), 10.0, 20.0, 2.0)


def test_vocabulary_has_the_models_size() -> None:
    assert len(TOKENS) == 50
    assert (TOKENS[0], TOKENS[10], TOKENS[29], TOKENS[48], TOKENS[49]) == (
        "sos",
        ' colspan="2"',
        ' rowspan="2"',
        "<td></td>",
        "eos",
    )


def test_picture_is_scaled_to_its_long_side_bgr_normalised_and_padded() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[..., 0] = 255  # red
    data = model_input(picture)
    assert data.shape == (3, SIDE, SIDE)
    assert data[:, 0, 0] == pytest.approx([(0 - 0.485) / 0.229, (0 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    assert not data[:, 244:, :].any()


def test_spans_headers_and_boxes() -> None:
    tokens = ["<thead>", "<tr>", "<td", ' colspan="2"', ">", "</td>", "</tr>", "</thead>", "<tbody>"]
    tokens += ["<tr>", "<td></td>", "<td></td>", "</tr>", "eos", "<td></td>"]
    corners, chances = output(tokens, {2: Box(0.0, 0.0, 1.0, 0.1)})
    grid = decode(corners, chances, CROP)
    assert (grid.num_rows, grid.num_cols) == (2, 2)
    assert [(s.row, s.col, s.col_span, s.header) for s in grid.slots] == [
        (0, 0, 2, True),
        (1, 0, 1, False),
        (1, 1, 1, False),
    ]
    assert grid.slots[0].box is not None
    # 488 pixels at 2 a point from x = 10: the whole side is 244 points.
    assert msgspec.structs.astuple(grid.slots[0].box) == pytest.approx((10.0, 20.0, 254.0, 44.4))
    assert grid.confidence == pytest.approx(0.8)


def test_ragged_rows_and_overlong_spans_are_repaired() -> None:
    tokens = [
        "<tr>",
        "<td></td>",
        "<td",
        ' rowspan="20"',
        ">",
        "</td>",
        "</tr>",
        "<tr>",
        "<td></td>",
        "</tr>",
    ]
    tokens += ["<tr>", "<td></td>", "<td></td>", "<td></td>", "</tr>", "eos"]
    grid = decode(*output(tokens), CROP)
    positions = sorted(
        (r, c)
        for s in grid.slots
        for r in range(s.row, s.row + s.row_span)
        for c in range(s.col, s.col + s.col_span)
    )
    assert positions == [(r, c) for r in range(grid.num_rows) for c in range(grid.num_cols)]
    assert (grid.num_rows, grid.num_cols) == (3, 4)


def test_nothing_seen_is_an_empty_grid() -> None:
    assert decode(*output(["sos", "eos"]), CROP).slots == []
    empty = (np.zeros((0, 0, 3), np.uint8), 0.0, 0.0, 3.0)
    (grid,) = recognise([empty], lambda _: pytest.fail("an empty picture needs no model"))
    assert (grid.num_rows, grid.num_cols, grid.slots) == (0, 0, [])


def test_broken_boxes_are_left_out() -> None:
    corners, chances = output(["<tr>", "<td></td>", "</tr>", "eos"])
    corners[1] = np.nan
    assert decode(corners, chances, CROP).slots[0].box is None
