"""How far the graphs' answers are from the reference's: tags equal, boxes within 1e-4 of the table's side."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from table_decoding.control import END, TAGS
from table_decoding.loop import Choose, Engine, Table, decode
from table_decoding.onnx_engine import OnnxEngine
from tableformer_reference import Reference

__all__ = ["SCRIPTS", "measure", "pictures", "scripted"]

#: Where tables end that do not end by themselves: with random weights, all of them.
MAX_TAGS = 48
BOX_LIMIT = 1e-4
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


def measure(weights: Path, variant: str, folder: Path) -> list[dict[str, Any]]:
    """The checks of graphs in a folder: name, measured value, limit, and whether it passed."""
    engine: Engine = OnnxEngine(folder)
    reference = Reference(weights, variant, MAX_TAGS)
    images = pictures(2)
    free = [reference.predict(image) for image in images]
    together = decode(engine, images, MAX_TAGS)
    alone = [decode(engine, image[None], MAX_TAGS)[0] for image in images]
    scripts = [*map(ids, SCRIPTS), *random_scripts(6, seed=1)]
    shown = pictures(len(scripts), seed=2)
    told = [reference.predict(image, script) for image, script in zip(shown, scripts, strict=True)]
    obeyed = decode(engine, shown, MAX_TAGS, scripted(scripts))
    found = [*_compare("one at a time", alone, free), *_compare("as a batch", together, free)]
    return [*found, *_compare("prescribed tags", obeyed, told)]


def _compare(name: str, tables: Sequence[Table], expected: Sequence[Any]) -> list[dict[str, Any]]:
    different, distance, classes = 0, 0.0, 0
    for table, (tags, boxes, kinds) in zip(tables, expected, strict=True):
        if table.tags != tags or len(table.boxes) != len(boxes):
            different += 1
        elif len(boxes):
            distance = max(distance, float(np.abs(table.boxes - boxes).max()))
            classes += int((table.classes != kinds).sum())
    return [
        _check(f"{name}: tables with other tags or another number of boxes", different, 0),
        _check(f"{name}: greatest distance of a box's side", distance, BOX_LIMIT),
        _check(f"{name}: cells of another class", classes, 0),
    ]


def _check(name: str, measured: float, limit: float) -> dict[str, Any]:
    # a comparison with what is no number is false
    return {"name": name, "measured": measured, "limit": limit, "passed": bool(measured <= limit)}
