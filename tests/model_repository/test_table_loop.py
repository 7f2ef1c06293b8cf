"""The loop with an engine whose answers are told: what it computes with, and when tables leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from table_decoding.control import TAGS
from table_decoding.loop import decode


@dataclass
class Told:
    """Each picture's first value says which script it follows; hidden states say who asked, and when."""

    scripts: Sequence[str]
    shrink_at: float = 1.0
    #: Rows of each step, and the tags and position they were given.
    steps: list[tuple[list[int], list[int], int]] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)

    def encode(self, images: np.ndarray) -> Told:
        self._rows = [int(image.flat[0]) for image in images]
        self._all = list(self._rows)
        return self

    def step(self, tags: Sequence[int], position: int) -> tuple[np.ndarray, Any]:
        self.steps.append((list(self._rows), list(tags), position))
        logits = np.zeros((len(self._rows), len(TAGS)), np.float32)
        for row, table in enumerate(self._rows):
            script = self.scripts[table].split()
            logits[row, TAGS.index(script[position] if position < len(script) else "<pad>")] = 1.0
        return logits, np.array([[table, position] for table in self._rows], np.float32)

    def keep(self, rows: Sequence[int]) -> None:
        assert list(rows) == sorted(rows)
        self._rows = [self._rows[row] for row in rows]

    def boxes(self, table: int, hidden: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Cells a tenth wide and a step apart."""
        assert {int(state[0]) for state in hidden} == {self._all[table]}
        boxes = [[state[1] / 10, 0.5 - state[1] / 100, 0.1, 0.2] for state in hidden]
        return np.array(boxes, np.float32), np.eye(3, dtype=np.float32)[[int(s[1]) % 3 for s in hidden]]


def pictures(*scripts: int) -> np.ndarray:
    return np.full((1, 3, 2, 2), 1.0, np.float32) * np.array(scripts, np.float32).reshape(-1, 1, 1, 1)


def told(*scripts: str, shrink_at: float = 1.0) -> tuple[Told, np.ndarray]:
    return Told(scripts, shrink_at), pictures(*range(len(scripts)))


SHORT, LONG, SPAN = "fcel nl <end>", "fcel fcel fcel nl fcel nl <end>", "ched lcel lcel nl <end>"


def test_tags_boxes_and_classes_of_one_table() -> None:
    [table] = decode(*told(LONG))
    assert [TAGS[number] for number in table.tags] == ["<start>", *LONG.split()]
    assert table.boxes.dtype == np.float32
    np.testing.assert_allclose(table.boxes[0], [0.05, 0.39, 0.15, 0.59], atol=1e-6)
    assert table.boxes.shape == (4, 4)
    assert table.classes.tolist() == [1, 2, 0, 2]


def test_a_span_goes_from_its_first_box_to_its_last_at_the_higher_top() -> None:
    [table] = decode(*told(SPAN))
    # steps 1 and 3: from 0.05 to 0.35; the tops are 0.39 and 0.37, and the height is from the former down
    np.testing.assert_allclose(table.boxes, [[0.05, 0.37, 0.35, 0.55]], atol=1e-6)
    assert table.classes.tolist() == [1]


@pytest.mark.parametrize("shrink_at", [1.0, 0.5, 0.0])
def test_a_batch_gives_what_its_tables_give_alone(shrink_at: float) -> None:
    scripts = [LONG, SHORT, "<end>", SPAN, SHORT, LONG]
    tables = decode(*told(*scripts, shrink_at=shrink_at))
    for script, table in zip(scripts, tables, strict=True):
        [alone] = decode(*told(script))
        assert table.tags == alone.tags
        np.testing.assert_array_equal(table.boxes, alone.boxes)
        np.testing.assert_array_equal(table.classes, alone.classes)


def test_complete_tables_leave_and_the_others_go_on() -> None:
    engine, images = told(LONG, SHORT, "<end>", SPAN)
    decode(engine, images)
    assert [rows for rows, _, _ in engine.steps] == [
        [0, 1, 2, 3],
        [0, 1, 3],
        [0, 1, 3],
        [0, 3],
        [0, 3],
        [0],
        [0],
    ]
    assert [position for _, _, position in engine.steps] == list(range(7))
    assert [TAGS[tags[0]] for _, tags, _ in engine.steps] == ["<start>", *LONG.split()[:-1]]


def test_tables_may_leave_only_when_enough_of_them_are_done() -> None:
    engine, images = told(LONG, SHORT, "<end>", SPAN, shrink_at=0.5)
    decode(engine, images)
    assert [len(rows) for rows, _, _ in engine.steps] == [4, 4, 4, 2, 2, 1, 1]


def test_tables_that_do_not_end_are_ended() -> None:
    engine, images = told("fcel " * 50, SHORT)
    endless, ended = decode(engine, images, max_tags=10)
    assert len(endless.tags) == 11
    assert ended.tags[-1] == TAGS.index("<end>")
    assert len(engine.steps) == 10


def test_tags_may_be_chosen_by_the_caller() -> None:
    asked = []

    def choose(logits: np.ndarray, tables: Sequence[int]) -> list[int]:
        asked.append(list(tables))
        return [TAGS.index("<end>" if len(asked) > 1 else "nl")] * len(tables)

    tables = decode(*told(LONG, LONG), choose=choose)
    assert [[TAGS[number] for number in table.tags] for table in tables] == [["<start>", "nl", "<end>"]] * 2
    assert asked == [[0, 1], [0, 1]]


def test_tables_without_boxes_and_batches_without_tables() -> None:
    [table] = decode(*told("<end>"))
    assert (table.boxes.shape, table.classes.shape) == ((0, 4), (0,))
    assert decode(Told([]), np.zeros((0, 3, 448, 448), np.float32)) == []


def test_hopeless_logits_end_in_padding() -> None:
    engine, images = told("fcel")
    [table] = decode(engine, images, max_tags=4, choose=lambda logits, _: (logits * np.nan).argmax(axis=1))
    assert table.tags == [TAGS.index("<start>"), 0, 0, 0, 0]
