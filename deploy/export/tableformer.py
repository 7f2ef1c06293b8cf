"""docling's TableFormer v1 as the ONNX graphs that docmill serves, held against docling's own code.

    python tableformer.py --checkpoint DIR --variant accurate --out DIR

Reads `tableformer_VARIANT.safetensors` (and `tm_config.json` beside it) in DIR or below; writes
`encoder.onnx`, `step.onnx`, `boxes.onnx`, and `parity.json`: how far the graphs' answers are from those of
docling-ibm-models with the same weights. Ends with status 1 when that is too far, and 2 when there is nothing
to export.

Runs in an environment with torch, onnxruntime and docling-ibm-models.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

SERVED = Path(__file__).resolve().parents[2] / "model_repository" / "tableformer" / "1"
sys.path.insert(0, str(SERVED))

from table_decoding.architecture import (  # noqa: E402
    HEAD_WIDTH,
    HEADS,
    PIXELS,
    SIDE,
    VARIANTS,
    WIDTH,
    Boxes,
    Encoder,
    Step,
    TableModel,
    load_checkpoint,
)
from table_decoding.control import TAGS  # noqa: E402
from tableformer_parity import measure  # noqa: E402

OPSET = 17
#: What the graphs and their parity depend on.
PACKAGES = ("torch", "onnx", "onnxruntime", "numpy", "docling-ibm-models")
#: docmill's preprocessing and vocabulary, which a checkpoint's configuration has to agree with.
MEAN = [0.94247851, 0.94254675, 0.94292611]
STD = [0.17910956, 0.17940403, 0.17931663]


class NotExportableError(Exception):
    """There is no checkpoint, or it is another model's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Export and check TableFormer v1.")
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="accurate")
    parser.add_argument("--out", type=Path, required=True, help="folder for the graphs")
    options = parser.parse_args(arguments)
    try:
        weights = find_checkpoint(options.checkpoint, options.variant)
        check_configuration(weights.parent / "tm_config.json")
        model = load_checkpoint([weights], options.variant)
    except (NotExportableError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    export(model, options.out)
    checks = measure(weights, options.variant, options.out)
    passed = all(check["passed"] for check in checks)
    versions = {name: version(name) for name in PACKAGES}
    report = json.dumps({"checks": checks, "passed": passed, "versions": versions}, indent=2)
    (options.out / "parity.json").write_text(report + "\n")
    for check in checks:
        verdict = "passed" if check["passed"] else "FAILED"
        print(f"{verdict}: {check['name']}: {check['measured']:.3g}, at most {check['limit']:.3g}")
    return 0 if passed else 1


def find_checkpoint(folder: Path, variant: str) -> Path:
    """The weights of a variant in a folder or below. Raises `NotExportableError`."""
    name = f"tableformer_{variant}.safetensors"
    found = sorted(folder.rglob(name))
    if not found:
        raise NotExportableError(f"there is no {name} in {folder} or below")
    return found[0]


def check_configuration(path: Path) -> None:
    """Check that docmill prepares pictures and reads tags as the checkpoint means them.

    Without a file it is taken for granted. Raises `NotExportableError`.
    """
    if not path.is_file():
        return
    config = json.loads(path.read_text())
    try:
        words = config["dataset_wordmap"]["word_map_tag"]
        scale = config["dataset"]["image_normalization"]
        expected = [
            ("vocabulary", {tag: number for number, tag in enumerate(TAGS)}, words),
            ("mean", MEAN, scale["mean"]),
            ("std", STD, scale["std"]),
            ("picture size", SIDE, config["dataset"]["resized_image"]),
        ]
    except (KeyError, TypeError) as error:
        raise NotExportableError(f"{path} is no configuration of TableFormer's: it lacks {error}") from error
    for what, known, given in expected:
        if known != given:
            raise NotExportableError(f"{path}: the {what} is {given}, and docmill's is {known}")


def export(model: TableModel, folder: Path) -> None:
    """Write the three graphs, with the number of tables as a free dimension."""
    layers = range(model.variant.decoder_layers)
    memory = [f"picture_{part}_{layer}" for layer in layers for part in ("keys", "values")]
    past = [f"past_{part}_{layer}" for layer in layers for part in ("keys", "values")]
    written = [f"present_{part}_{layer}" for layer in layers for part in ("keys", "values")]
    with torch.inference_mode():
        _write(
            Encoder(model),
            (torch.rand(2, 3, SIDE, SIDE),),
            folder / "encoder.onnx",
            ["images"],
            ["features", "keys", "gate", *memory],
            {name: {0: "tables"} for name in ("images", "features", "keys", "gate", *memory)},
        )
        picture = [(2, HEADS, HEAD_WIDTH, PIXELS), (2, HEADS, PIXELS, HEAD_WIDTH)] * len(layers)
        caches = [torch.rand(shape) for shape in picture]
        caches += [torch.rand(2, HEADS, 64, HEAD_WIDTH) for _ in past]
        _write(
            Step(model),
            (torch.tensor([2, 2]), torch.tensor([3]), *caches),
            folder / "step.onnx",
            ["tags", "position", *memory, *past],
            ["logits", "hidden", *written],
            {name: {0: "tables"} for name in ("tags", "logits", "hidden", *memory)}
            | {name: {0: "tables", 2: "places"} for name in (*past, *written)},
        )
        _write(
            Boxes(model),
            (*torch.rand(2, 1, PIXELS, WIDTH).unbind(), torch.rand(1, WIDTH), torch.rand(5, WIDTH)),
            folder / "boxes.onnx",
            ["features", "keys", "gate", "hidden"],
            ["boxes", "classes"],
            {name: {0: "cells"} for name in ("hidden", "boxes", "classes")},
        )


def _write(
    part: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    free: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        part.eval(),
        example,
        str(path),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=free,
        opset_version=OPSET,
        dynamo=False,
    )


if __name__ == "__main__":
    sys.exit(main())
