"""Pictures and tags to compare TableFormer's graphs with others by."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from table_decoding.control import END, TAGS
from table_decoding.loop import Choose

__all__ = ["SCRIPTS", "ids", "pictures", "random_scripts", "scripted"]

#: Tags that the model is made to write, so that every rule of the control is met whatever the weights.
SCRIPTS = (
    "ched ched nl rhed fcel nl <end>",
    "ched lcel lcel fcel nl fcel fcel fcel fcel nl <end>",
    "fcel lcel nl ucel xcel nl fcel fcel nl <end>",
    "xcel xcel fcel nl xcel lcel nl <end>",
    "fcel fcel nl ucel lcel nl ucel ucel nl ecel ecel nl <end>",
    "lcel lcel nl lcel fcel lcel <end>",
    "srow lcel lcel nl fcel lcel ucel nl <end>",
    "fcel lcel <unk> lcel nl fcel <pad> nl <end>",
    "nl nl ucel nl <end>",
    "fcel <end>",
    "<end>",
    "fcel fcel " * 24,
)


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Prepared pictures [N, 3, 448, 448] of tables drawn at random: light ground, dark rules and words."""
    generator = np.random.default_rng(seed)
    images = np.full((count, 3, 448, 448), 0.32, np.float32)
    for image in images:
        rows, columns = generator.integers(2, 12), generator.integers(2, 8)
        for edge in np.linspace(0, 446, rows + 1).astype(int):
            image[:, :, edge : edge + 2] = generator.uniform(-5.0, 0.0)
        for edge in np.linspace(0, 446, columns + 1).astype(int):
            image[:, edge : edge + 2, :] = generator.uniform(-5.0, 0.3)
        for _ in range(rows * columns):
            left, top = generator.integers(0, 420, 2)
            image[:, left : left + generator.integers(5, 60), top : top + 8] = generator.uniform(-5.0, -1.0)
    return images + generator.normal(0, 0.02, images.shape).astype(np.float32)


def ids(script: str) -> list[int]:
    """Numbers of tags."""
    return [TAGS.index(tag) for tag in script.split()]


def scripted(scripts: Sequence[Sequence[int]]) -> Choose:
    """Makes every table of a batch follow its own script."""
    position = [0] * len(scripts)

    def choose(_: np.ndarray, tables: Sequence[int]) -> list[int]:
        chosen = []
        for table in tables:
            script = scripts[table]
            chosen.append(script[position[table]] if position[table] < len(script) else END)
            position[table] += 1
        return chosen

    return choose


def random_scripts(count: int, seed: int) -> list[list[int]]:
    """Tags without rhyme or reason, `<end>` last."""
    generator = random.Random(seed)
    often = {"fcel": 6, "ecel": 2, "ched": 2, "rhed": 1, "srow": 1, "lcel": 4, "ucel": 2, "xcel": 1, "nl": 2}
    tags = [TAGS.index(tag) for tag in often]
    lengths = [generator.randint(3, 20) for _ in range(count)]
    return [[*generator.choices(tags, [*often.values()], k=length), END] for length in lengths]
