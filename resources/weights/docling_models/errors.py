"""Why docling's models cannot be installed, each with what to do."""

from __future__ import annotations

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = [
    "CheckpointError",
    "DamagedCheckpointError",
    "ExportError",
    "InstallError",
    "MissingCheckpointError",
    "ParityError",
    "UnfitCheckpointError",
]


class CheckpointError(BackendConfigError):
    """A folder does not hold a checkpoint that can be exported."""


class MissingCheckpointError(CheckpointError):
    """Files of the checkpoint are not there."""


class DamagedCheckpointError(CheckpointError):
    """A file is truncated, malformed, or no safetensors file at all."""


class UnfitCheckpointError(CheckpointError):
    """The files are sound, and are those of another model."""


class ExportError(BackendConfigError):
    """The exporter failed."""


class ParityError(ExportError):
    """The exported graphs do not give the reference's answers; nothing was installed."""


class InstallError(BackendConfigError):
    """The model repository cannot be written, or lacks the model's configuration."""
