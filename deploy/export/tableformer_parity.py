"""How far the graphs' answers are from the reference's: tags equal, boxes within 1e-4 of the table's side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from table_decoding.loop import Engine, Table, decode
from table_decoding.onnx_engine import OnnxEngine
from tableformer_cases import SCRIPTS, ids, pictures, random_scripts, scripted
from tableformer_reference import Reference

__all__ = ["measure"]

#: Where tables end that do not end by themselves: with random weights, all of them.
MAX_TAGS = 48
BOX_LIMIT = 1e-4


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
