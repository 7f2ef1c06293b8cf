"""The sides of the comparison: what runs beside docmill for a conversion, and how docmill is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.ray_serve.servers import RAY, TRITON, local_ray, local_triton
from benchmarks.same_bytes.served import ASKED, MODELS
from docmill.resources.local.ray.server import LocalRay
from docmill.resources.local.triton.server import LocalServer

__all__ = ["EMBEDDED", "SIDES", "VLLM", "Beside", "beside", "understanding"]

EMBEDDED, VLLM = "embedded", "vLLM"
SIDES = (EMBEDDED, TRITON, RAY)


@dataclass(frozen=True)
class Beside:
    """The options of `docmill convert` that have servers asked, and the servers' processes by their names."""

    options: tuple[str, ...] = ()
    servers: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Beside) -> Beside:
        return Beside((*self.options, *other.options), {**self.servers, **other.servers})


@contextmanager
def beside(side: str, repository: Path, threads: int) -> Iterator[Beside]:
    """What computes the models of a side: started for it, and gone when it is another's turn."""
    if side == EMBEDDED:
        yield Beside()
        return
    made: LocalServer | LocalRay = (
        local_triton(repository, MODELS, threads)
        if side == TRITON
        else local_ray(repository, MODELS, threads, {})
    )
    with made as server:
        yield Beside((*ASKED, "--triton-url", server.url), {side: server.pid})


def understanding(url: str, pid: int) -> Beside:
    """A vision-language model that reads every page."""
    return Beside(("--understanding", "all", "--vlm-url", url), {VLLM: pid})
