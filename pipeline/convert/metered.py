"""What an engine on a server offers when the server counts what it spends."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Metered", "UsageWindow"]


class UsageWindow(Protocol):
    """A stretch of an engine's work whose cost is measured."""

    def close(self) -> dict[str, float]:
        """The device seconds since it was opened that this engine's own requests took, by model.

        A model whose server does not say is left out. Raises nothing: work that is done is not lost for it.
        """
        ...


@runtime_checkable
class Metered(Protocol):
    """An engine on a server that counts what it spends."""

    def open_window(self) -> UsageWindow:
        """Begin to measure."""
        ...
