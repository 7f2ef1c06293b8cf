"""What can keep two commits from being compared."""

from __future__ import annotations

__all__ = [
    "ArtifactLayoutError",
    "CommandFailedError",
    "ComparingError",
    "ForeignImportError",
    "RevisionError",
    "TreeLayoutError",
]


class ComparingError(Exception):
    """Two commits could not be compared."""


class RevisionError(ComparingError):
    """Git has no such commit, or cannot check it out."""


class TreeLayoutError(ComparingError):
    """A checkout holds no command line that is known here."""


class ForeignImportError(ComparingError):
    """A checkout's command line would run another checkout's code."""


class CommandFailedError(ComparingError):
    """A command that a figure or a comparison needs ended otherwise than it may."""


class ArtifactLayoutError(ComparingError):
    """What lies in a store is not what a fresh store of one conversion holds."""
