"""The version of `fold`, apart from it: fingerprints have it, and whoever makes those need not load ONNX."""

from __future__ import annotations

__all__ = ["FOLD_VERSION"]

#: Changes whenever `fold_hard_swish` would write another graph, so that cached graphs are made anew.
FOLD_VERSION = 2
