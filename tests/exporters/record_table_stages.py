"""Records what docling's own table stage makes of pages, tags, boxes and classes: the fixture of its rules.

    python record_table_stages.py OUT.json

The model's answers are told, so no weights are needed; all before and after them is docling-ibm-models'
`TFPredictor`. Needs the environment of the exporters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "export"), str(ROOT / "model_repository" / "tableformer" / "1")]

from random_tableformer import configuration
from table_decoding.control import TAGS
from torchvision_operators import declare_operators

declare_operators()
from docling_ibm_models.tableformer.data_management.tf_predictor import TFPredictor

#: Places of the model's input that are recorded: channel, width, height.
PROBES = [(c, x, y) for c in range(3) for x in (0, 3, 111, 224, 447) for y in (0, 5, 150, 301, 447)]
#: Width and height of a page in points, and the tables on it: left, top, right, bottom.
PAGES = [
    (612, 792, [(50.3, 100.6, 400.5, 300.4), (0.0, 0.0, 612.0, 792.0)]),
    (595, 842, [(30.5, 20.49, 565.51, 820.0), (100.2, 700.0, 190.7, 741.3)]),
    (842, 595, [(400.0, 10.0, 830.0, 580.0)]),
    (300, 400, [(10.0, 10.0, 290.0, 390.0)]),
]
GRIDS = (
    "ched ched ched nl rhed fcel fcel nl rhed fcel ecel nl",
    "ched lcel ched nl ucel fcel fcel nl rhed fcel fcel nl",
    "fcel lcel lcel nl fcel fcel fcel nl srow lcel lcel nl fcel fcel fcel nl",
    "fcel fcel nl ucel fcel nl ucel fcel nl fcel fcel nl",
    "ched ched nl fcel nl fcel fcel fcel nl",
    "fcel lcel nl ucel fcel nl fcel fcel nl",
)


def main(path: Path) -> None:
    """Write the recording."""
    predictor = Told()
    recording = {"probes": PROBES, "pages": [], "tables": []}
    for number, (width, height, tables) in enumerate(PAGES):
        picture = page_picture(width, height, number)
        for box in tables:
            whole = [round(side) * 2.0 for side in box]
            predictor.told([2, 5, 9, 3], np.full((1, 4), 0.5), np.array([2]))
            run(predictor, picture, whole, [])
            values = [float(predictor.image[0][place]) for place in PROBES]
            recording["pages"].append({"size": [width, height], "seed": number, "box": box, "values": values})
    for seed in range(36):
        recording["tables"].append(table(predictor, seed))
    path.write_text(json.dumps(recording, separators=(",", ":")) + "\n")


class Told(TFPredictor):
    """docling's predictor around a model whose answer is told."""

    def __init__(self) -> None:
        model = {"model": {"type": "TableModel04_rs"}}
        predict = {"max_steps": 1024, "beam_size": 5, "bbox": True, "pdf_cell_iou_thres": 0.05}
        super().__init__(configuration() | model | {"predict": predict}, "cpu", 1)

    def _load_model(self) -> Any:
        predictor = self

        class Model(torch.nn.Module):
            def predict(self, image: torch.Tensor, *_: Any) -> Any:
                predictor.image = image
                return predictor.answer

        self._model_type, self._remove_padding = "TableModel04_rs", False
        return Model()

    def told(self, tags: list[int], boxes: np.ndarray, classes: np.ndarray) -> None:
        """What the model is to say: middle and size of boxes [C, 4], and classes [C]."""
        self.answer = (tags, torch.eye(3)[torch.from_numpy(classes)], torch.from_numpy(boxes))


def table(predictor: Told, seed: int) -> dict[str, Any]:
    """One table on a page of its own, with words in and between its cells."""
    generator = np.random.default_rng(1000 + seed)
    if seed % 2:
        columns, rows = generator.integers(1, 6), generator.integers(1, 8)
        weights = [0.5, 0.12, 0.1, 0.1, 0.06, 0.06, 0.06]
        kinds = ("fcel", "ecel", "lcel", "ucel", "ched", "rhed", "srow")
        drawn = [[*generator.choice(kinds, columns, p=weights), "nl"] for _ in range(rows)]
        drawn[0][0] = "fcel"
        tags = [str(tag) for row in drawn for tag in row]
    else:
        tags = GRIDS[(seed // 2) % len(GRIDS)].split()
    grid = [row.split() for row in " ".join(tags).split("nl") if row.strip()]
    columns = max(map(len, grid))
    boxes, words = [], []
    for row, line in enumerate(grid):
        for column, tag in enumerate(line):
            left, top = column / columns, row / len(grid)
            if tag in ("fcel", "ecel", "ched", "rhed", "srow"):
                size = generator.uniform(0.5, 1.05, 2) / np.array([columns, len(grid)])
                boxes.append([left + size[0] / 2, top + size[1] / 2, *size])
            if tag in ("fcel", "ched", "rhed") and generator.random() < 0.8:
                x, y = float(100 + 300 * (left + 0.1 / columns)), 200 + 200 * (top + 0.2 / len(grid))
                words.append([x, y, x + generator.uniform(5, 250 / columns), y + 100 / len(grid)])
    for _ in range(generator.integers(0, 4)):
        x, y = generator.uniform(100, 380), generator.uniform(200, 390)
        words.append([x, y, x + 15, y + 8])
    # as when spans have no beginning or no end
    for _ in range(generator.integers(0, 3) if seed % 3 == 0 else 0):
        boxes.insert(int(generator.integers(0, len(boxes) + 1)), [*generator.uniform(0.2, 0.8, 2), 0.1, 0.1])
    places = np.round(np.array(boxes, np.float32), 4)
    places_words = np.round(np.array(words).reshape(-1, 4), 2).tolist()
    classes = generator.choice([0, 1, 2], len(boxes), p=[0.02, 0.13, 0.85])
    ids = [2, *(TAGS.index(tag) for tag in tags), 3]
    predictor.told(ids, places, classes)
    found = run(predictor, page_picture(612, 792, 0), [200.0, 400.0, 800.0, 800.0], places_words)
    corners = np.concatenate([places[:, :2] - places[:, 2:] / 2, places[:, :2] + places[:, 2:] / 2], axis=1)
    return {
        "tags": ids,
        "boxes": corners.tolist(),
        "classes": classes.tolist(),
        "words": places_words,
        "cells": [
            [
                *(cell[f"{end}_{axis}_offset_idx"] for axis in ("row", "col") for end in ("start", "end")),
                [round(cell["bbox"][side] / 2, 4) for side in "ltrb"],
                [cell["column_header"], cell["row_header"], cell["row_section"]],
                " ".join(word["token"] for word in cell["text_cell_bboxes"]),
            ]
            for cell in found["tf_responses"]
        ],
        "size": [found["predict_details"]["num_rows"], found["predict_details"]["num_cols"]],
    }


def run(predictor: Told, picture: np.ndarray, box: list[float], words: list[list[float]]) -> Any:
    """docling's table stage for one table, in pixels at 144 dpi; words are in points."""
    tokens = [
        {
            "id": number,
            "text": f"w{number}",
            "bbox": dict(zip("ltrb", (2.0 * side for side in word), strict=True)),
        }
        for number, word in enumerate(words)
    ]
    page = {
        "width": picture.shape[1],
        "height": picture.shape[0],
        "image": picture,
        "tokens": tokens,
    }
    return predictor.multi_table_predict(page, [list(box)], do_matching=True)[0]


def page_picture(width: int, height: int, seed: int) -> np.ndarray:
    """A page at 144 dpi: random areas of grey and colour."""
    areas = np.random.default_rng(seed).integers(0, 256, (29, 23, 3), np.uint8)
    rows = np.arange(2 * height) * 29 // (2 * height)
    columns = np.arange(2 * width) * 23 // (2 * width)
    return np.ascontiguousarray(areas[rows][:, columns])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
