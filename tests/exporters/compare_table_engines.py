"""How far TableFormer in torch is from its ONNX graphs, as JSON on standard output.

    python compare_table_engines.py --checkpoint FILE --graphs DIR --variant fast --tags 40

Needs the environment of the exporters.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "export"), str(ROOT / "model_repository" / "tableformer" / "1")]

from table_decoding.loop import decode
from table_decoding.onnx_engine import OnnxEngine
from table_decoding.torch_engine import TorchEngine
from tableformer_cases import pictures, scripted


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--tags", type=int, required=True)
    options = parser.parse_args()
    images = pictures(3, seed=5)
    engines = (OnnxEngine(options.graphs, threads=1), TorchEngine(options.checkpoint, options.variant))
    free = [decode(engine, images, 40) for engine in engines]
    drawn = np.random.default_rng(0).choice([4, 5, 6, 7, 9, 10], (len(images), options.tags))
    scripts = [tags[: len(tags) - 20 * row].tolist() for row, tags in enumerate(drawn)]
    told = [decode(engine, images, choose=scripted(scripts)) for engine in engines]
    graphs, torch = (told[index] + free[index] for index in range(2))
    print(
        json.dumps(
            {
                "tags": sum(len(table.tags) for table in graphs),
                "other tags": sum(a.tags != b.tags for a, b in zip(graphs, torch, strict=True)),
                "boxes": max(
                    float(np.abs(a.boxes - b.boxes).max(initial=0.0))
                    for a, b in zip(graphs, torch, strict=True)
                ),
                "other classes": sum(
                    int((a.classes != b.classes).sum()) for a, b in zip(graphs, torch, strict=True)
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
