"""What can go wrong with programs in environments of their own, each with what to do."""

from __future__ import annotations

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError

__all__ = ["EnvironmentSetupError", "ServerPathError", "ServerStartError", "ServerStoppedError"]


class EnvironmentSetupError(BackendConfigError):
    """An environment cannot be made on this machine."""


class ServerPathError(BackendConfigError):
    """A server cannot work with a folder of this name."""


class ServerStartError(BackendUnavailableError):
    """A server did not become ready."""


class ServerStoppedError(BackendUnavailableError):
    """A server ended by itself."""
