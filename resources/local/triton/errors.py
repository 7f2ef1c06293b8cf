"""What can go wrong with a local Triton server alone, each with what to do."""

from __future__ import annotations

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["CanaryError", "NoServableModelError", "ShippedRepositoryError"]


class NoServableModelError(BackendConfigError):
    """A model repository lacks the models asked for, or their weights."""


class ShippedRepositoryError(BackendConfigError):
    """Weights were to be put into the folder of what docmill ships."""


class CanaryError(BackendConfigError):
    """The server says it is ready, and its answers are wrong."""
