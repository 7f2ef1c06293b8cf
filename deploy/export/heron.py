"""docling's layout model, heron (RT-DETRv2), as ONNX graphs that docmill serves, compared with transformers.

    python heron.py --checkpoint DIR --pictures DIR --out DIR

Reads `config.json`, `preprocessor_config.json` and `model.safetensors` in the first folder, pictures of
pages (PNG, 72 dpi) in the second. Writes `model.onnx`, which takes FP32 pictures in 0..1, `model-uint8.onnx`,
which takes bytes, and `parity.json`: how far both are from transformers' model and post-processing with the
same weights. Ends with status 1 when that is too far, and 2 when the checkpoint is another model's.

Contract: images [N, 3, 640, 640] RGB and orig_target_sizes INT64 [N, 2] (width, height) to labels INT64
[N, 300], boxes FP32 [N, 300, 4] (left, top, right, bottom in pixels of that size) and scores FP32 [N, 300].

Runs in an environment with torch, transformers, onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torchvision_operators import declare_operators

declare_operators()  # transformers imports torchvision where it is installed
from transformers import RTDetrV2Config, RTDetrV2ForObjectDetection  # noqa: E402
from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil  # noqa: E402

SIDE, QUERIES, OPSET = 640, 300, 17
LABELS = (
    "caption",
    "footnote",
    "formula",
    "list_item",
    "page_footer",
    "page_header",
    "picture",
    "section_header",
    "table",
    "text",
    "title",
    "document_index",
    "code",
    "checkbox_selected",
    "checkbox_unselected",
    "form",
    "key_value_region",
)
INPUTS, OUTPUTS = ("images", "orig_target_sizes"), ("labels", "boxes", "scores")
FLOAT, BYTES = "model.onnx", "model-uint8.onnx"
#: What docling does to a picture before this model, and docmill with it.
PREPARATION = {
    "do_resize": True,
    "do_rescale": True,
    "do_normalize": False,
    "do_pad": False,
    "resample": Image.Resampling.BILINEAR,
    "size": {"height": SIDE, "width": SIDE},
}
#: docling drops detections that score less.
LEAST_SCORE = 0.3
#: Of the picture's side, and of scores.
TOLERANCE = 1e-4


class UnfitError(Exception):
    """The checkpoint is another model's."""


class Contract(torch.nn.Module):
    """The model with docling's post-processing."""

    def __init__(self, model: RTDetrV2ForObjectDetection) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, images: torch.Tensor, sizes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Labels, boxes and scores of the best pairs of query and class."""
        found = self.model(pixel_values=images, return_dict=True)
        x, y, width, height = found.pred_boxes.unbind(-1)
        corners = [x - 0.5 * width, y - 0.5 * height, x + 0.5 * width, y + 0.5 * height]
        boxes = torch.stack(corners, -1) * sizes.to(found.pred_boxes.dtype).repeat(1, 2).unsqueeze(1)
        scores, best = torch.topk(found.logits.sigmoid().flatten(1), QUERIES, dim=-1)
        queries = torch.div(best, len(LABELS), rounding_mode="floor").unsqueeze(-1)
        return best % len(LABELS), boxes.gather(1, queries.expand(-1, -1, 4)), scores


@dataclass(frozen=True)
class Detections:
    """What was found on one picture, boxes as fractions of its sides."""

    labels: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray

    def above(self, score: float) -> Detections:
        """Those that score more."""
        kept = self.scores > score
        return Detections(self.labels[kept], self.boxes[kept], self.scores[kept])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of PNG pictures of pages")
    parser.add_argument("--out", type=Path, required=True, help="folder for the graphs")
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    transformers.utils.logging.disable_progress_bar()
    try:
        model, processor = load_checkpoint(options.checkpoint)
    except UnfitError as error:
        print(error, file=sys.stderr)
        return 2
    print("writing the ONNX graphs", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    export(model, options.out)
    print("comparing them with transformers", flush=True)
    checks = measure(model, processor, load_pictures(options.pictures), options.out)
    passed = all(check["passed"] for check in checks)
    versions = {name: version(name) for name in ("torch", "transformers", "onnx", "onnxruntime")}
    written = {"checks": checks, "passed": passed, "versions": versions}
    (options.out / "parity.json").write_text(json.dumps(written, indent=2) + "\n")
    return 0 if passed else 1


def load_checkpoint(folder: Path) -> tuple[RTDetrV2ForObjectDetection, RTDetrImageProcessorPil]:
    """The reference: model and image processor. Raises `UnfitError`."""
    kind = json.loads((folder / "config.json").read_text()).get("model_type")
    if kind != RTDetrV2Config.model_type:
        raise UnfitError(f"config.json describes a model {kind!r} instead of {RTDetrV2Config.model_type!r}")
    prepared = json.loads((folder / "preprocessor_config.json").read_text())
    other = {name: prepared.get(name) for name, value in PREPARATION.items() if prepared.get(name) != value}
    if other or abs(prepared.get("rescale_factor", 1 / 255) - 1 / 255) > 1e-9:
        raise UnfitError(f"preprocessor_config.json asks for other pictures than docmill sends: {other}")
    try:
        config = RTDetrV2Config.from_pretrained(folder, local_files_only=True)
        check_config(config)
        model, loading = RTDetrV2ForObjectDetection.from_pretrained(
            folder, config=config, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise UnfitError(f"the weights do not fit config.json: {str(error).splitlines()[0]}") from error
    lacking = sorted(loading["missing_keys"]) + sorted(str(key) for key in loading["mismatched_keys"])
    if lacking:
        raise UnfitError(f"the weights lack {len(lacking)} tensors of the model, such as {lacking[0]}")
    return model.float().eval(), RTDetrImageProcessorPil.from_pretrained(folder, local_files_only=True)


def check_config(config: RTDetrV2Config) -> None:
    """Check that the outputs are what the served model promises. Raises `UnfitError`."""
    if config.num_labels != len(LABELS) or config.num_queries != QUERIES:
        raise UnfitError(
            f"the model has {config.num_labels} labels and {config.num_queries} queries "
            f"instead of {len(LABELS)} and {QUERIES}"
        )
    names = [re.sub(r"[-_ ]+", "_", str(config.id2label[index]).lower()) for index in range(len(LABELS))]
    if sorted(names) == sorted(LABELS) and names != list(LABELS):
        raise UnfitError(f"the labels come in another order: {', '.join(names)}")


def export(model: RTDetrV2ForObjectDetection, out: Path) -> None:
    """Write both graphs."""
    images, sizes = torch.rand(2, 3, SIDE, SIDE), torch.tensor([[612, 792], [595, 842]])
    with torch.no_grad():
        torch.onnx.export(
            Contract(model).eval(),
            (images, sizes),
            str(out / FLOAT),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "N"} for name in (*INPUTS, *OUTPUTS)},
            opset_version=OPSET,
            dynamo=False,
        )
    traced = onnx.load(out / FLOAT)
    for output, shape in zip(traced.graph.output, ([QUERIES], [QUERIES, 4], [QUERIES]), strict=True):
        element = output.type.tensor_type.elem_type
        output.CopyFrom(helper.make_tensor_value_info(output.name, element, ["N", *shape]))
    onnx.save(traced, out / FLOAT)
    onnx.save(taking_bytes(traced), out / BYTES)


def taking_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with pictures as bytes, divided by 255 in it."""
    graph = model.graph
    images = next(tensor for tensor in graph.input if tensor.name == INPUTS[0])
    for node in graph.node:
        node.input[:] = ["rescaled" if name == images.name else name for name in node.input]
    images.type.tensor_type.elem_type = TensorProto.UINT8
    graph.initializer.append(numpy_helper.from_array(np.array(255, np.float32), "byte_range"))
    first = [
        helper.make_node("Cast", [images.name], ["bytes_as_floats"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["bytes_as_floats", "byte_range"], ["rescaled"]),
    ]
    nodes = [*first, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def load_pictures(folder: Path) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Each picture as the model sees it, uint8 [3, 640, 640], and its width and height."""
    found = []
    for path in sorted(folder.glob("*.png")):
        picture = Image.open(path).convert("RGB")
        square = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        found.append((np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1)), picture.size))
    if not found:
        raise FileNotFoundError(f"{folder} has no PNG pictures")
    return found


def measure(
    model: RTDetrV2ForObjectDetection,
    processor: RTDetrImageProcessorPil,
    pictures: Sequence[tuple[np.ndarray, tuple[int, int]]],
    out: Path,
) -> list[dict[str, Any]]:
    """Each comparison: its name, what was measured, the limit, and whether it was kept."""
    images = np.stack([image for image, _ in pictures])
    sizes = np.array([size for _, size in pictures], np.int64)
    floats = images.astype(np.float32) / np.float32(255)
    expected = [reference(model, processor, floats[i : i + 1], sizes[i]) for i in range(len(images))]
    graph = session(out / FLOAT)
    alone = [one for i in range(len(images)) for one in detect(graph, floats[i : i + 1], sizes[i : i + 1])]
    together = detect(graph, floats, sizes)
    del graph
    of_bytes = detect(session(out / BYTES), images, sizes)
    seen = sum(len(found.above(LEAST_SCORE).scores) for found in expected)
    # a comparison of nothing would always pass
    checks = [{"name": "detections compared", "measured": seen, "limit": 1, "passed": seen >= 1}]
    for name, one, other in (
        ("transformers", expected, alone),
        (f"a batch of {len(images)}", alone, together),
        ("UINT8", together, of_bytes),
    ):
        unlike, boxes, scores = differences(one, other)
        for what, measured, limit in (
            ("detections that differ", unlike, 0),
            ("boxes, of the side", boxes, TOLERANCE),
            ("scores", scores, TOLERANCE),
        ):
            # NaN compares false
            checks.append(
                {
                    "name": f"{name}: {what}",
                    "measured": measured,
                    "limit": limit,
                    "passed": bool(measured <= limit),
                }
            )
    return checks


def reference(
    model: RTDetrV2ForObjectDetection,
    processor: RTDetrImageProcessorPil,
    image: np.ndarray,
    size: np.ndarray,
) -> Detections:
    """What transformers finds on one picture [1, 3, 640, 640]."""
    with torch.no_grad():
        outputs = model(pixel_values=torch.from_numpy(image))
    [found] = processor.post_process_object_detection(
        outputs, threshold=0.0, target_sizes=[(int(size[1]), int(size[0]))]
    )
    boxes = found["boxes"].numpy() / np.tile(size, 2)
    return Detections(found["labels"].numpy(), boxes, found["scores"].numpy())


def session(path: Path) -> onnxruntime.InferenceSession:
    """A graph on the CPU."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def detect(graph: onnxruntime.InferenceSession, images: np.ndarray, sizes: np.ndarray) -> list[Detections]:
    """What a graph finds on each picture of a batch."""
    labels, boxes, scores = graph.run(list(OUTPUTS), {"images": images, "orig_target_sizes": sizes})
    fractions = boxes / np.tile(sizes, (1, 2))[:, None, :]
    return [Detections(*found) for found in zip(labels, fractions, scores, strict=True)]


def differences(expected: Sequence[Detections], given: Sequence[Detections]) -> tuple[int, float, float]:
    """Detections without a partner; and how far boxes and scores of partners are apart at most.

    Each detection above the least score needs one of its label in the other list, which may be a tolerance
    below it.
    """
    unlike, boxes, scores = 0, 0.0, 0.0
    for one, other in zip(expected, given, strict=True):
        for of, among in ((one, other), (other, one)):
            alone, box, score = _unmatched(of.above(LEAST_SCORE), among.above(LEAST_SCORE - TOLERANCE))
            unlike, boxes, scores = unlike + alone, max(boxes, box), max(scores, score)
    return unlike, boxes, scores


def _unmatched(of: Detections, among: Detections) -> tuple[int, float, float]:
    free = np.ones(len(among.scores), bool)
    alone, boxes, scores = 0, 0.0, 0.0
    for label, box, score in zip(of.labels, of.boxes, of.scores, strict=True):
        apart = np.maximum(np.abs(among.boxes - box).max(axis=1), np.abs(among.scores - score))
        apart = np.where(free & (among.labels == label), apart, np.inf)
        if not np.isfinite(apart).any():
            alone += 1
            continue
        partner = int(np.nanargmin(apart))
        free[partner] = False
        boxes = max(boxes, float(np.abs(among.boxes[partner] - box).max()))
        scores = max(scores, float(abs(among.scores[partner] - score)))
    return alone, boxes, scores


if __name__ == "__main__":
    sys.exit(main())
