"""What the engines on a Triton server share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.errors import NotTheContractError
from docmill.resources.engines.triton.pinning import ServedModels

__all__ = ["TritonEngine", "not_the_contract"]


class TritonEngine(ServedModels):
    """One model of a server. The server joins requests of all workers in batches of its own."""

    def __init__(
        self, server: TritonServer, model: str, version: str, inputs: int, outputs: int, optional: int = 0
    ) -> None:
        self._name = model
        self._version = version
        self._model = TritonModel(server, model, version, inputs, outputs, optional)
        super().__init__(self._model)

    def identity(self) -> dict[str, Any]:
        """Model and version as they are asked for; not the server's address, which changes no result."""
        return {"backend": "triton", "model": self._name, "version": self._version}

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Check that the server answers and has the model, with the digest that is set.

        Raises `BackendUnavailableError`, or `BackendConfigError` when waiting would not help.
        """
        self._model.check()
        self.check_digests()


def not_the_contract(model: str, error: ValueError) -> NotTheContractError:
    """The error for an answer that a model of this kind does not give."""
    return NotTheContractError(f"the model {model} does not keep its contract: {error}; check its name")
