"""What a table costs in docling's own predictor, one at a time, and in docmill's batched loop, as JSON lines.

    python tableformer_timing.py --checkpoint FILE --graphs DIR --variant accurate --threads 1

Both sides have the same weights, pictures, tags and number of threads, and take turns. Tags are prescribed:
well-formed tables of several lengths. Seconds are for one table, boxes included, pictures prepared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "model_repository" / "tableformer" / "1"))

from table_decoding.control import END, TAGS
from table_decoding.loop import decode
from table_decoding.onnx_engine import OnnxEngine
from tableformer_cases import pictures, scripted
from tableformer_reference import Reference

#: Columns and rows of the tables: 60, 105, 150 and 198 tags.
GRIDS = ((4, 12), (6, 15), (9, 15), (8, 22))
MAX_TAGS = 1024


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Time docling's predictor and docmill's loop.")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", type=lambda text: [*map(int, text.split(","))], default=[1, 4, 8, 16])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    reference = Reference(options.checkpoint, options.variant, MAX_TAGS)
    engine = OnnxEngine(options.graphs, threads=options.threads)
    scripts = [grid_tags(*grid) for grid in GRIDS]
    images = pictures(max(*options.batch, len(GRIDS)))

    def one_at_a_time() -> None:
        for image, script in zip(images, scripts, strict=False):
            reference.predict(image, script)

    def batched(size: int) -> None:
        tables = max(size, len(scripts))
        for start in range(0, tables, size):
            own = [scripts[index % len(scripts)] for index in range(start, start + size)]
            decode(engine, images[start : start + size], MAX_TAGS, scripted(own))

    reference.predict(images[0], [END])
    decode(engine, images[:1], MAX_TAGS, scripted([[END]]))
    sides: dict[str, tuple[Callable[[], None], int]] = {"reference": (one_at_a_time, len(scripts))}
    for size in options.batch:
        sides[str(size)] = (lambda size=size: batched(size), max(size, len(scripts)))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, (work, tables) in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            found[name].append(((time.perf_counter() - wall) / tables, (time.process_time() - cpu) / tables))
    for name, seconds in found.items():
        wall, cpu = (statistics.median(part) for part in zip(*seconds, strict=True))
        print(json.dumps({"side": name, "wall_s": wall, "cpu_s": cpu}), flush=True)


def grid_tags(columns: int, rows: int) -> list[int]:
    """A table with a header, one span in every fifth row, and `<end>`."""
    tags: list[str] = []
    for row in range(rows):
        kind = "ched" if row == 0 else "fcel"
        line = [kind] * columns
        if row % 5 == 4:
            line[1] = "lcel"
        tags += [*line, "nl"]
    return [*(TAGS.index(tag) for tag in tags), END]


if __name__ == "__main__":
    main()
