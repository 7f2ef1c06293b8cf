"""What can go wrong with a local vLLM server, each with what to do."""

from __future__ import annotations

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError

__all__ = ["VllmSetupError", "VllmStartError", "VllmStoppedError"]


class VllmSetupError(BackendConfigError):
    """The server's environment cannot be made on this machine."""


class VllmStartError(BackendUnavailableError):
    """The server did not become ready."""


class VllmStoppedError(BackendUnavailableError):
    """The server ended by itself."""
