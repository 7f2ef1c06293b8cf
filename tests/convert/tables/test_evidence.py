"""What words say of a grid."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.tables.geometry.evidence import Evidence
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton, Slot
from tests.convert.tables.table_setting import line


@pytest.mark.parametrize(
    ("below", "second", "parted"),
    [
        pytest.param("4.5", (0, 1), False, id="two numbers in a cell"),
        pytest.param("4.5", (1,), True, id="each in its own"),
        pytest.param("four", (0, 1), True, id="a number and a word"),
    ],
)
def test_a_cell_with_several_lines_of_numbers_is_not_parted(
    below: str, second: tuple[int, ...], parted: bool
) -> None:
    words = [*line("4.1", 50, 100), *line(below, 50, 116)]
    slots = (
        [Slot(0, 0, words=second)] if len(second) > 1 else [Slot(0, 0, words=(0,)), Slot(1, 0, words=(1,))]
    )
    grid = Skeleton(num_rows=len(slots), num_cols=1, slots=slots, method="whitespace")
    assert Evidence.of(words).is_parted(grid) == parted
