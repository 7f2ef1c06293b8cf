"""Writes safetensors files by hand: the tests' own environment has no torch."""

from __future__ import annotations

import json
from pathlib import Path

from docmill.resources.weights.docling_models.catalogue import Checkpoint
from docmill.resources.weights.hub import HubFile


def write(path: Path, tensors: dict[str, list[int]]) -> bytes:
    """A file of FP32 zeros in these shapes; its bytes."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors.items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}  # type: ignore[dict-item]
        end += size
    words = json.dumps(header).encode()
    data = len(words).to_bytes(8, "little") + words + bytes(end)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data


def checkpoint(*files: HubFile) -> Checkpoint:
    """A repository of these files, which is not docling's."""
    return Checkpoint("somebody/something", "0123456789abcdef", "Apache-2.0", files)
