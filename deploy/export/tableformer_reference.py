"""docling's own TableFormer, docling-ibm-models' `TableModel04_rs`: any weights, and tags prescribed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from table_decoding.architecture import VARIANTS
from table_decoding.control import TAGS
from torchvision_operators import declare_operators

__all__ = ["Reference"]


class Reference:
    """The reference implementation: one table at a time."""

    def __init__(self, weights: Path | None, variant: str, max_tags: int) -> None:
        declare_operators()
        from docling_ibm_models.tableformer.models.table04_rs.tablemodel04_rs import TableModel04_rs

        words = {"word_map": {"word_map_tag": {tag: number for number, tag in enumerate(TAGS)}}}
        self.model: Any = TableModel04_rs(_configuration(variant, max_tags), words, "cpu").eval()
        if weights is not None:
            self.model.load_state_dict(load_file(weights), strict=True)
        self._max_tags = max_tags

    def predict(
        self, image: np.ndarray, script: Sequence[int] | None = None
    ) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Tags, boxes [C, 4] as corners, and classes [C] of a picture [3, 448, 448].

        `script` is what the model is made to find likeliest, step by step.
        """
        layer = self.model._tag_transformer._fc
        if script is not None:
            self.model._tag_transformer._fc = _Script(script)
        try:
            with torch.no_grad():
                tags, classes, boxes = self.model.predict(torch.from_numpy(image[None]), self._max_tags, 1)
        finally:
            self.model._tag_transformer._fc = layer
        middle, size = boxes.reshape(-1, 4)[:, :2], boxes.reshape(-1, 4)[:, 2:]
        corners = torch.cat([middle - 0.5 * size, middle + 0.5 * size], dim=1)
        return tags, corners.numpy(), classes.reshape(-1, 3).argmax(dim=1).numpy()


class _Script(torch.nn.Module):
    def __init__(self, tags: Sequence[int]) -> None:
        super().__init__()
        self._left = list(reversed(tags))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(hidden), len(TAGS))
        logits[:, self._left.pop()] = 1.0
        return logits


def _configuration(variant: str, max_tags: int) -> dict[str, Any]:
    """What the reference reads of docling's tm_config.json."""
    layers = VARIANTS[variant]
    return {
        "model": {
            "type": "TableModel04_rs",
            "save_dir": ".",
            "enc_image_size": 28,
            "tag_embed_dim": 16,
            "hidden_dim": 512,
            "tag_decoder_dim": 512,
            "bbox_embed_dim": 256,
            "tag_attention_dim": 256,
            "bbox_attention_dim": 512,
            "enc_layers": layers.encoder_layers,
            "dec_layers": layers.decoder_layers,
            "nheads": 8,
            "dropout": 0.1,
            "bbox_classes": 2,
        },
        "train": {"bbox": True},
        "predict": {"max_steps": max_tags, "beam_size": 5, "bbox": True, "profiling": False},
    }
