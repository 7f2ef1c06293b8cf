"""What goes wrong with setters."""

from __future__ import annotations

__all__ = ["SetterError", "SetterMissingError"]


class SetterError(Exception):
    """A document could not be set; says why."""


class SetterMissingError(SetterError):
    """A setter is not on this machine; says what it needs."""
