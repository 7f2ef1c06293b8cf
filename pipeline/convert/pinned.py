"""What an engine on a server offers when the server says which weights it has behind a model's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, Self, runtime_checkable

__all__ = ["Pinned", "unchanged"]


@runtime_checkable
class Pinned(Protocol):
    """An engine whose results depend on what its server has at the moment."""

    def served(self) -> dict[str, str]:
        """What the server has, by model: the digest of its weights, or its version. Raises `BackendError`."""
        ...

    def pinned_to(self, served: Mapping[str, str]) -> Self:
        """This engine, for work that these and no other weights are to do."""
        ...

    def check_unchanged(self) -> None:
        """Raise `BackendError` unless the server still has what the engine is pinned to."""
        ...


@contextmanager
def unchanged(engine: Any) -> Iterator[None]:
    """What an engine does within the block is kept only if the same weights have done it all."""
    yield
    if isinstance(engine, Pinned):
        engine.check_unchanged()
