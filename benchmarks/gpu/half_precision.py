"""docling's layout architecture in half precision, but for what chooses and refines detections.

The encoder's best 300 of 8,400 places go on to the decoder. Rounded scores choose other ones, and the decoder
adds small steps to boxes, so both stay in single precision; backbone and encoder, where nearly all of the
arithmetic is, do not.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["PRECISIONS", "at_precision", "in_full"]

#: By name: what autocast computes in, and whether matrix products may use TF32.
PRECISIONS: dict[str, tuple[Any, bool]] = {
    "fp32": (None, False),
    "tf32": (None, True),
    "bf16": (torch.bfloat16, True),
    "fp16": (torch.float16, True),
}
#: From where the encoder's features are chosen from on, by their names in transformers' `RTDetrV2Model`.
_FULL = ("enc_output", "enc_score_head", "enc_bbox_head", "decoder")


class _InFull(torch.nn.Module):
    """A module that computes in single precision, whatever goes on around it."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """As the inner module, on single precision."""
        device = next(self.inner.parameters()).device.type
        with torch.autocast(device, enabled=False):
            return self.inner(
                *map(_single, arguments), **{name: _single(value) for name, value in named.items()}
            )


def in_full(detector: Any) -> None:
    """Change a `RTDetrV2ForObjectDetection`: what chooses and refines is in single precision from now on."""
    model = detector.model
    for name in _FULL:
        setattr(model, name, _InFull(getattr(model, name)))
    for level, projection in enumerate(model.decoder_input_proj):
        model.decoder_input_proj[level] = _InFull(projection)


def at_precision(detector: Any, name: str, device: str) -> Any:
    """A function of pictures [N, 3, 640, 640] in 0..1 to the detector's output; see `PRECISIONS`."""
    kind, fast = PRECISIONS[name]

    def run(pictures: Any) -> Any:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = fast
        with torch.inference_mode(), torch.autocast(device, dtype=kind, enabled=kind is not None):
            return detector(pixel_values=pictures, return_dict=True)

    return run


def _single(value: Any) -> Any:
    halves = isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16)
    return value.float() if halves else value
