"""A checkpoint of docling's table architecture with random weights, for tests and timing; none of docling's.

    python random_tableformer.py --variant accurate|fast --seed 1 --out DIR

Files lie as in docling's repository. Tables that this model sees end by themselves when --end is near 0.
Needs the environment of the exporters.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "export"), str(ROOT / "model_repository" / "tableformer" / "1")]

from table_decoding.architecture import (
    HEAD_WIDTH,
    HEADS,
    VARIANTS,
    WIDTH,
    Boxes,
    Encoder,
    Step,
    TableModel,
)
from table_decoding.control import TAGS
from tableformer import MEAN, STD
from tableformer_cases import pictures

_NEVER = -50.0
#: Directions in which what a layer sees varies, on which its answers depend.
_TAG_DIRECTIONS, _BOX_DIRECTIONS = 12, 2
#: How far apart: the order of additions must not decide between two tags, and boxes must be anywhere.
_TAG_SPREAD, _BOX_SPREAD = 6.0, 0.3
_STEPS = 48
#: How clearly a cell's box looks at one place of the picture rather than at all of it.
_SHARPNESS = 10.0
#: What the parts of a layer add to what they are given: with more, all positions are alike after six layers.
_ADDED = 0.3
#: What a tag adds to its position: with more, a tag soon follows itself.
_TAG_SIZE = 0.3


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="accurate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--end", type=float, default=_NEVER, help="bias of the end tag")
    options = parser.parse_args(arguments)
    folder = options.out / "model_artifacts" / "tableformer" / options.variant
    folder.mkdir(parents=True, exist_ok=True)
    model = random_model(options.variant, options.seed, options.end)
    save_file(model.state_dict(), folder / f"tableformer_{options.variant}.safetensors")
    (folder / "tm_config.json").write_text(json.dumps(configuration()))
    return 0


def configuration() -> dict[str, Any]:
    """What docling's tm_config.json says of pictures and tags."""
    return {
        "dataset": {"image_normalization": {"state": True, "mean": MEAN, "std": STD}, "resized_image": 448},
        "dataset_wordmap": {"word_map_tag": {tag: number for number, tag in enumerate(TAGS)}},
    }


def random_model(variant: str, seed: int, end: float = _NEVER) -> TableModel:
    """A model whose tags and boxes vary within a table and with the picture.

    Those of plain random weights do not: they are set off against what the model sees in a few pictures.
    """
    torch.manual_seed(seed)
    model = TableModel(VARIANTS[variant]).eval().requires_grad_(False)
    transformer, boxes = model._tag_transformer, model._bbox_decoder
    for name, values in transformer._decoder.named_parameters():
        if values.dim() > 1:
            adds = "out_proj" in name or "linear2" in name
            torch.nn.init.xavier_uniform_(values, gain=_ADDED if adds else 3.0)
    transformer._embedding.weight.mul_(_TAG_SIZE)
    boxes._attention._full_att.weight.mul_(_SHARPNESS)
    features, keys, gates, *memory = Encoder(model)(torch.from_numpy(pictures(4, seed)))
    hidden = _hidden_states(model, memory)
    _spread(transformer._fc, hidden.reshape(-1, WIDTH), _TAG_DIRECTIONS, _TAG_SPREAD)
    transformer._fc.bias[: TAGS.index("<end>")] = _NEVER
    transformer._fc.bias[TAGS.index("<end>")] += end
    last = boxes._bbox_embed.layers[-1]
    inputs: list[torch.Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    for table in range(len(features)):
        own = slice(table, table + 1)
        Boxes(model)(features[own], keys[own], gates[own], hidden[:, table])
    hook.remove()
    _spread(last, torch.cat(inputs), _BOX_DIRECTIONS, _BOX_SPREAD)
    return model


def _hidden_states(model: TableModel, memory: Sequence[torch.Tensor]) -> torch.Tensor:
    """Hidden states [T, N, 512] of N pictures while tags are written at random."""
    count = len(memory[0])
    past = [torch.zeros(count, HEADS, _STEPS, HEAD_WIDTH) for _ in memory]
    tags, states = torch.full((count,), TAGS.index("<start>")), []
    for position in range(_STEPS):
        _, hidden, *past = Step(model)(tags, torch.tensor([position]), *memory, *past)
        states.append(hidden)
        tags = torch.randint(TAGS.index("ecel"), len(TAGS), (count,))
    return torch.stack(states)


def _spread(layer: torch.nn.Linear, inputs: torch.Tensor, directions: int, spread: float) -> None:
    """Give a layer random weights for which inputs like these [N, W] have answers far apart."""
    middle = inputs.mean(0)
    _, sizes, axes = torch.linalg.svd(inputs - middle, full_matrices=False)
    sizes = sizes[:directions] / len(inputs) ** 0.5
    mixed = torch.randn(layer.out_features, directions) * spread / directions**0.5
    layer.weight.copy_(mixed / sizes.clamp_min(1e-6) @ axes[:directions])
    layer.bias.copy_(-layer.weight @ middle)


if __name__ == "__main__":
    sys.exit(main())
