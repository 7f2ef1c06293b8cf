"""What can go wrong with a local server, each with what to do."""

from __future__ import annotations

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError

__all__ = [
    "CanaryError",
    "NoServableModelError",
    "TritonSetupError",
    "TritonStartError",
    "TritonStoppedError",
]


class TritonSetupError(BackendConfigError):
    """The server's environment cannot be made on this machine."""


class NoServableModelError(BackendConfigError):
    """A model repository lacks the models asked for, or their weights."""


class CanaryError(BackendConfigError):
    """The server says it is ready, and its answers are wrong."""


class TritonStartError(BackendUnavailableError):
    """The server did not become ready."""


class TritonStoppedError(BackendUnavailableError):
    """The server ended by itself."""
