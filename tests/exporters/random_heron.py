"""A checkpoint of docling's layout architecture with random weights, for tests; no model of docling's.

    python random_heron.py --size full|small --pictures DIR --out DIR

Weights as transformers initialises them make all scores alike, so that which 300 of 8,400 places are kept is
chance. Here every normalisation is set to what flows through it on the pictures, and the heads are scaled
until scores spread and some dozens of detections are above 0.3.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "export"))
from torchvision_operators import declare_operators

declare_operators()
from transformers import RTDetrResNetConfig, RTDetrV2Config, RTDetrV2ForObjectDetection

LABELS = (
    "Caption",
    "Footnote",
    "Formula",
    "List-item",
    "Page-footer",
    "Page-header",
    "Picture",
    "Section-header",
    "Table",
    "Text",
    "Title",
    "Document Index",
    "Code",
    "Checkbox-Selected",
    "Checkbox-Unselected",
    "Form",
    "Key-Value Region",
)
PREPROCESSOR = {
    "do_convert_annotations": True,
    "do_normalize": False,
    "do_pad": False,
    "do_rescale": True,
    "do_resize": True,
    "format": "coco_detection",
    "image_processor_type": "RTDetrImageProcessor",
    "resample": 2,
    "rescale_factor": 1 / 255,
    "size": {"height": 640, "width": 640},
}
#: Detections above 0.3 on each picture, on average.
DETECTIONS = 30
#: Deviation of the logits of a label.
SPREAD = 1.5


def config(size: str) -> RTDetrV2Config:
    """docling's own sizes, or small ones."""
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {name: i for i, name in enumerate(LABELS)}}
    if size == "full":
        return RTDetrV2Config(**names)
    backbone = RTDetrResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32, 48, 64],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    return RTDetrV2Config(
        **names,
        backbone_config=backbone,
        encoder_in_channels=[32, 48, 64],
        encoder_hidden_dim=64,
        d_model=64,
        decoder_in_channels=[64, 64, 64],
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        hidden_expansion=0.5,
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=["full", "small"], required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model = RTDetrV2ForObjectDetection(config(options.size)).eval()
    pictures = torch.from_numpy(
        np.stack(
            [
                np.asarray(Image.open(path).convert("RGB").resize((640, 640), Image.Resampling.BILINEAR))
                for path in sorted(options.pictures.glob("*.png"))
            ]
        ).transpose(0, 3, 1, 2)
        / np.float32(255)
    )
    with torch.no_grad():
        set_normalisations(model, pictures)
        spread_scores(model, pictures)
    model.save_pretrained(options.out)
    (options.out / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2))


def set_normalisations(model: torch.nn.Module, pictures: torch.Tensor) -> None:
    """Let every convolution carry a signal, and every batch normalisation bring it to mean 0, deviation 1."""

    def normalise(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        module.running_mean.copy_(inputs[0].mean((0, 2, 3)))
        module.running_var.copy_(inputs[0].var((0, 2, 3)) + 1e-3)

    hooks = []
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear) and module.weight.dim() > 1:
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
        if hasattr(module, "running_var"):
            hooks.append(module.register_forward_pre_hook(normalise))
    for name, module in model.named_modules():
        # modest steps: the decoder refines boxes layer by layer, and chaos is no parity fixture
        if name.endswith("sampling_offsets") or re.search(r"bbox_embed\.\d+\.layers\.2$", name):
            module.weight.mul_(0.4)
    model(pixel_values=pictures)
    for hook in hooks:
        hook.remove()


def spread_scores(model: RTDetrV2ForObjectDetection, pictures: torch.Tensor) -> None:
    """Make the last class head tell queries apart instead of pictures, each label about as often as another.

    Then about `DETECTIONS` a picture score above 0.3.
    """
    head = model.model.decoder.class_embed[-1]
    seen: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(pixel_values=pictures)
    hook.remove()
    hidden = seen[-1]  # [picture, query, channel]
    means = hidden.mean(1)
    apart = torch.linalg.svd(means - means.mean(0), full_matrices=False).Vh[: len(pictures) - 1]
    head.weight.sub_(head.weight @ apart.T @ apart)
    logits = hidden @ head.weight.T
    head.weight.mul_(SPREAD / logits.std((0, 1))[:, None])
    head.bias.copy_(-SPREAD * logits.mean((0, 1)) / logits.std((0, 1)))
    ranked = (hidden @ head.weight.T + head.bias).flatten().sort(descending=True).values
    head.bias.add_(torch.logit(torch.tensor(0.3)) - ranked[DETECTIONS * len(pictures)])


if __name__ == "__main__":
    main()
