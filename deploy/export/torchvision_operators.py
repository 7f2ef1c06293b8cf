"""Lets torchvision be imported beside torch's build for CPUs.

PyPI's torchvision has its operators in a library that is linked to CUDA and does not load then; its Python
part attaches to two of them and fails. Declared here, without code, they do no harm: no exporter calls them.
"""

from __future__ import annotations

import torch

__all__ = ["declare_operators"]

#: The declarations last as long as this object.
_library = torch.library.Library("torchvision", "FRAGMENT")


def declare_operators() -> None:
    """Declare what torchvision's own library would have."""
    if torch.version.cuda is None and not hasattr(torch.ops.torchvision, "nms"):
        for name in ("nms", "qnms"):
            _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
