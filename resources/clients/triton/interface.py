"""What a model takes and gives, by its own metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.clients.triton.told import ACCOUNT

__all__ = ["Interface", "Tensor", "read_interface"]


@dataclass(frozen=True)
class Tensor:
    """A tensor's name, and its datatype as Triton writes it: FP32, INT64, ..."""

    name: str
    datatype: str


@dataclass(frozen=True)
class Interface:
    """A model's tensors, in the order of its metadata, and the largest batch of one request.

    One that `tells` has the output `ACCOUNT` besides.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    max_batch: int
    tells: bool = False


def read_interface(
    client: Any, model: str, version: str, counts: tuple[int, int, int], place: str, patience: float
) -> Interface:
    """Ask the server; the model must have `counts` inputs and outputs, and may have optional outputs.

    Raises `BackendConfigError` for another kind of model; `place` names it. Errors of tritonclient pass.
    """
    metadata = client.get_model_metadata(model, version, client_timeout=patience)
    config = client.get_model_config(model, version, client_timeout=patience).config
    found = tuple(Tensor(t.name, t.datatype) for t in metadata.inputs)
    given = tuple(Tensor(t.name, t.datatype) for t in metadata.outputs if t.name != ACCOUNT)
    inputs, outputs, optional = counts
    if len(found) != inputs or len(given) < outputs:
        raise BackendConfigError(
            f"{place} has {len(found)} inputs and {len(given)} outputs instead of {inputs} and "
            f"{outputs}: it is another kind of model; check the model's name"
        )
    tells = len(metadata.outputs) > len(given)
    return Interface(found, given[: outputs + optional], max(1, config.max_batch_size), tells)
