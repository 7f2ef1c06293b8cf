"""The heron exporter with a mistake in its graph: boxes as corner and size. Its parity has to fail."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "export"))
import heron


class Mistaken(heron.Contract):
    """Boxes that begin at their middle."""

    def forward(
        self, images: torch.Tensor, sizes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """As the contract's, but for the boxes."""
        labels, boxes, scores = super().forward(images, sizes)
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2
        return labels, torch.cat([middle, boxes[..., 2:]], -1), scores


if __name__ == "__main__":
    heron.Contract = Mistaken
    sys.exit(heron.main())
