"""The model in torch, from a checkpoint: for machines where no GPU build of onnxruntime can be had.

Everything stays on the device but the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from table_decoding import architecture
from table_decoding.architecture import HEAD_WIDTH, HEADS, Boxes, Encoder, Step, load_checkpoint

__all__ = ["TorchEngine"]

Array = NDArray[Any]

#: Places for tags in a new cache; it is doubled when it is full.
_FIRST_CAPACITY = 64
#: Pictures that the encoder takes at a time, and cells whose boxes are computed at a time.
_ENCODED_AT_ONCE = {"cpu": 1, "cuda": 32}
_BOXES_AT_ONCE = {"cpu": 4, "cuda": 512}
_SHRINK_AT = {"cpu": 1.0, "cuda": 0.75}


class TorchEngine:
    """A checkpoint's model on a device: `cpu`, or `cuda` and its number."""

    def __init__(self, checkpoint: Path, variant: str, device: str = "cpu", number: int = 0) -> None:
        torch.backends.cudnn.allow_tf32 = False  # a GPU is to find what a CPU finds
        self.kind = device
        self.device = torch.device(device, number) if device != "cpu" else torch.device(device)
        model = load_checkpoint([checkpoint], variant).to(self.device).requires_grad_(False)
        self.layers = architecture.VARIANTS[variant].decoder_layers
        self.encoder, self.writer, self.boxes = Encoder(model), Step(model), Boxes(model)

    def encode(self, images: Array) -> TorchPictures:
        """Encode pictures [N, 3, 448, 448], float32, one row each."""
        with torch.inference_mode():
            return TorchPictures(self, torch.from_numpy(np.ascontiguousarray(images, np.float32)))


class TorchPictures:
    """Encoded pictures and what has been written of each."""

    def __init__(self, engine: TorchEngine, images: Tensor) -> None:
        self.shrink_at = _SHRINK_AT[engine.kind]
        self._engine = engine
        batches = images.split(_ENCODED_AT_ONCE[engine.kind])
        parts = [engine.encoder(batch.to(engine.device)) for batch in batches]
        features, keys, gates, *memory = (torch.cat(part) for part in zip(*parts, strict=True))
        self._features, self._keys, self._gates = features, keys, gates
        self._picture = [part.contiguous() for part in memory]
        shape = (len(images), HEADS, _FIRST_CAPACITY, HEAD_WIDTH)
        self._past = [torch.zeros(shape, device=engine.device) for _ in range(2 * engine.layers)]

    @torch.inference_mode()
    def step(self, tags: Sequence[int], position: int) -> tuple[Array, Tensor]:
        """Logits [R, 13] on the host and hidden states [R, 512] on the device."""
        if position >= self._past[0].shape[2]:
            self._past = [torch.cat([past, torch.zeros_like(past)], dim=2) for past in self._past]
        device = self._engine.device
        written = torch.tensor(tags, device=device)
        at = torch.tensor([position], device=device)
        logits, hidden, *self._past = self._engine.writer(written, at, *self._picture, *self._past)
        return logits.cpu().numpy(), hidden

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone."""
        kept = torch.tensor(rows, device=self._engine.device)
        self._picture = [part.index_select(0, kept) for part in self._picture]
        self._past = [part.index_select(0, kept) for part in self._past]

    @torch.inference_mode()
    def boxes(self, table: int, hidden: Sequence[Tensor]) -> tuple[Array, Array]:
        """Boxes [C, 4] and class logits [C, 3] of a table's cells."""
        own = [part[table : table + 1] for part in (self._features, self._keys, self._gates)]
        states = torch.stack(list(hidden))
        found = [self._engine.boxes(*own, some) for some in states.split(_BOXES_AT_ONCE[self._engine.kind])]
        boxes, classes = (torch.cat(part).cpu().numpy() for part in zip(*found, strict=True))
        return boxes, classes
