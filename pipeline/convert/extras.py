"""Packages that only some settings need: the extras of docmill's distribution."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Literal

from docmill.pipeline.convert.errors import MissingExtraError

__all__ = ["Extra", "is_installed", "need"]

Extra = Literal["chunks", "kubernetes", "openvino", "tracing"]

#: What each brings, of what is imported.
_MODULES: Mapping[Extra, tuple[str, ...]] = MappingProxyType(
    {
        "chunks": ("semchunk", "transformers", "tree_sitter"),
        "kubernetes": ("dagster_k8s",),
        "openvino": ("openvino",),
        "tracing": ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    }
)


def is_installed(extra: Extra) -> bool:
    """Whether all that an extra brings is there; imports none of it."""
    return all(find_spec(module) for module in _MODULES[extra])


def need(extra: Extra, setting: str) -> None:
    """Raise `MissingExtraError` where a setting needs an extra that is not installed."""
    if not is_installed(extra):
        raise MissingExtraError(f"{setting} needs an extra: pip install 'docmill[{extra}]'")
