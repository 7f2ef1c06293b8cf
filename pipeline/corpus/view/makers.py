"""What computed a stage, for people: the model's own name, and whether workers or a server ran it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Maker", "maker_of"]

_SERVERS = {"triton": "served by Triton", "vllm": "served by vLLM"}


@dataclass(frozen=True)
class Maker:
    """The models of a stage, and where they ran."""

    models: tuple[str, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        """Both, in a line."""
        return ", ".join(part for part in (" + ".join(self.models), self.where) if part) or "not known"


def maker_of(identity: Mapping[str, Any] | None) -> Maker:
    """The maker that a document's metadata names (`engines`); of what it does not have nothing is said."""
    if not identity:
        return Maker()
    backend, models = str(identity.get("backend", "")), identity.get("models")
    if backend == "off":
        return Maker(where="off")
    if backend in _SERVERS:
        named = models.values() if isinstance(models, Mapping) else [identity.get("model", "")]
        version = str(identity.get("version") or identity.get("model_version") or "")
        return Maker(
            tuple(f"{name}, version {version}" if version else str(name) for name in named), _SERVERS[backend]
        )
    runtime = identity.get("runtime")
    return Maker(
        tuple(_file(each) for each in models.values()) if isinstance(models, Mapping) else (),
        f"{backend} in the workers{f', {runtime}' if runtime else ''}",
    )


def _file(model: Any) -> str:
    if not isinstance(model, Mapping):
        return str(model)
    file, package = str(model.get("file", "")), str(model.get("package", ""))
    return f"{file} ({package.replace('==', ' ')})" if package else file
