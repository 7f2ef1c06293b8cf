"""What transformers finds on pictures with a checkpoint of heron's: the reference, as numbers.

    python reference_detections.py --checkpoint DIR --pictures DIR --out FILE.npz

Writes for each picture, in the order of their names: `images` UINT8 [N, 3, 640, 640], `sizes` INT64 [N, 2],
and `labels`, `boxes` (in pixels) and `scores` as transformers' image processor gives them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "export"))
from torchvision_operators import declare_operators

declare_operators()
from transformers import RTDetrV2ForObjectDetection
from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = RTDetrV2ForObjectDetection.from_pretrained(options.checkpoint).eval()
    processor = RTDetrImageProcessorPil.from_pretrained(options.checkpoint)
    pictures = [Image.open(path).convert("RGB") for path in sorted(options.pictures.glob("*.png"))]
    images = np.stack(
        [np.asarray(picture.resize((640, 640), Image.Resampling.BILINEAR)) for picture in pictures]
    ).transpose(0, 3, 1, 2)
    found = []
    for image, picture in zip(images, pictures, strict=True):
        with torch.no_grad():
            outputs = model(pixel_values=torch.from_numpy(image[None] / np.float32(255)))
        found += processor.post_process_object_detection(
            outputs, threshold=0.0, target_sizes=[(picture.height, picture.width)]
        )
    np.savez(
        options.out,
        images=images,
        sizes=np.array([picture.size for picture in pictures], np.int64),
        **{name: torch.stack([one[name] for one in found]).numpy() for name in ("labels", "boxes", "scores")},
    )


if __name__ == "__main__":
    main()
