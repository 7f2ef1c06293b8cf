"""Many tables at once: one step of the model writes a tag of each; complete tables leave the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from table_decoding.control import MAX_TAGS, TagSequence

__all__ = ["Choose", "Engine", "Pictures", "Table", "decode"]

Array = NDArray[Any]
#: Logits [N, 13] of tables (their indices in the batch) to a tag for each of them.
Choose = Callable[[Array, Sequence[int]], Sequence[int]]


class Pictures(Protocol):
    """Encoded pictures and what has been written of each: the state of a batch."""

    #: The share of the rows of which no more may be left before it pays to move them together.
    shrink_at: float

    def step(self, tags: Sequence[int], position: int) -> tuple[Array, Any]:
        """Logits [R, 13] of the R rows, and their hidden states [R, 512], an array of the engine's."""
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order."""
        ...

    def boxes(self, table: int, hidden: Sequence[Any]) -> tuple[Array, Array]:
        """Boxes [C, 4], middle and size, and class logits [C, 3] for hidden states [512] of a table."""
        ...


class Engine(Protocol):
    """What computes."""

    def encode(self, images: Array) -> Pictures:
        """Encode pictures [N, 3, 448, 448], one row each."""
        ...


@dataclass(frozen=True)
class Table:
    """One table's answer, as `TableModel04_rs.predict` gives it, with boxes as corners.

    `tags` begin with `<start>`; `boxes` [C, 4] are left, top, right, bottom as fractions; `classes` [C].
    """

    tags: list[int]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int32]


def decode(
    engine: Engine, images: Array, max_tags: int = MAX_TAGS, choose: Choose | None = None
) -> list[Table]:
    """The tables in pictures [N, 3, 448, 448], in their order.

    `max_tags` ends a table that does not end by itself. `choose` says which tags follow; without it, those
    with the highest logit, the first of equals.
    """
    sequences = [TagSequence(max_tags) for _ in images]
    hidden: list[list[Any]] = [[] for _ in images]
    if not sequences:
        return []
    pictures = engine.encode(images)
    rows = list(range(len(sequences)))
    left = len(rows)
    for position in range(max_tags):
        logits, states = pictures.step([sequences[table].tags[-1] for table in rows], position)
        chosen = choose(logits, rows) if choose else logits.argmax(axis=1)
        for row, (table, tag) in enumerate(zip(rows, chosen, strict=True)):
            sequence = sequences[table]
            if sequence.done:
                continue
            if sequence.add(int(tag)):
                hidden[table].append(states[row])
            left -= sequence.done
        if not left:
            break
        if left < len(rows) and left <= pictures.shrink_at * len(rows):
            kept = [row for row, table in enumerate(rows) if not sequences[table].done]
            pictures.keep(kept)
            rows = [rows[row] for row in kept]
    return [
        _table(sequence, *(pictures.boxes(table, hidden[table]) if hidden[table] else _NO_BOXES))
        for table, sequence in enumerate(sequences)
    ]


_NO_BOXES = (np.zeros((0, 4), np.float32), np.zeros((0, 3), np.float32))


def _table(sequence: TagSequence, boxes: Array, logits: Array) -> Table:
    """The answer for one table: spans get one box, from where they begin to where they end."""
    pairs = np.array(list(sequence.boxes()), np.intp).reshape(-1, 2)
    half = boxes[:, 2:] / np.float32(2)
    corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    first, last = corners[pairs[:, 0]], corners[pairs[:, 1]]
    joined = np.concatenate([first[:, :2], last[:, 2:]], axis=1)
    # docling takes the higher of the two tops and keeps the height between the first's top and the last's end
    lower = joined[:, 1] - np.minimum(joined[:, 1], last[:, 1])
    joined[:, 1] -= lower
    joined[:, 3] -= lower
    classes = logits[pairs[:, 0]].argmax(axis=1).astype(np.int32) if len(pairs) else np.zeros(0, np.int32)
    return Table(sequence.tags, joined.astype(np.float32), classes)
