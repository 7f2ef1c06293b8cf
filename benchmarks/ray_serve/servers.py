"""Both servers, with the same models: from nothing to ready, and what each takes while nobody asks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.ray_serve.made_models import SLEEPER
from benchmarks.ray_serve.scaling import RULES
from benchmarks.serving import server_tree
from docmill.resources.local.kserve_server import KServePorts
from docmill.resources.local.ray import environment as ray_environment
from docmill.resources.local.ray import places as ray_places
from docmill.resources.local.ray.server import LocalRay, RaySettings
from docmill.resources.local.triton import environment as triton_environment
from docmill.resources.local.triton import places as triton_places
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings

__all__ = ["RAY", "TRITON", "Beginning", "Side", "local_ray", "local_triton", "ray_side", "triton_side"]

TRITON, RAY = "Triton", "Ray Serve"
_START_S = 900.0
_IDLE_S = 5.0


class Beginning(msgspec.Struct, frozen=True):
    """From nothing to ready, and what it then takes while nobody asks."""

    server: str
    models: int
    ready_s: float
    ready_cpu_s: float
    memory_mb: float
    idle_cores: float
    processes: int


@dataclass(frozen=True)
class Side:
    """A running server."""

    name: str
    url: str
    pid: int
    idle_cores: float


def local_triton(repository: Path, models: Sequence[str], threads: int) -> LocalServer:
    """A Triton with so many threads a model, at ports of its own."""
    home = triton_places.default_triton_home()
    made = triton_environment.prepare_environment(home, triton_places.shipped())
    settings = ServerSettings(
        repository, tuple(models), Ports(0, 0, 0), threads=threads, start_limit_s=_START_S
    )
    return LocalServer(settings, made, home)


def local_ray(
    repository: Path, models: Sequence[str], threads: int, of_models: Mapping[str, Mapping[str, Any]]
) -> LocalRay:
    """A Ray Serve with the same; `of_models` are its own options of models."""
    home, source = ray_places.default_ray_home(), ray_places.shipped()
    made = ray_environment.prepare_environment(home, source)
    settings = RaySettings(
        repository,
        tuple(models),
        KServePorts(0, 0),
        threads=threads,
        start_limit_s=_START_S,
        of_models=of_models,
    )
    return LocalRay(settings, made, source, home)


def triton_side(
    running: ExitStack, repository: Path, models: Sequence[str], threads: int
) -> tuple[Side, Beginning]:
    """Triton, until `running` ends."""
    return _begun(running, TRITON, local_triton(repository, models, threads), len(models))


def ray_side(
    running: ExitStack, repository: Path, models: Sequence[str], threads: int
) -> tuple[Side, Beginning]:
    """Ray Serve, until `running` ends; beside the models one that is scaled, of which none is there yet."""
    scaled = {SLEEPER: {"autoscaling_config": RULES}}
    return _begun(running, RAY, local_ray(repository, (*models, SLEEPER), threads, scaled), len(models))


def _begun(
    running: ExitStack, name: str, server: LocalServer | LocalRay, models: int
) -> tuple[Side, Beginning]:
    began = time.monotonic()
    running.enter_context(server)
    ready = time.monotonic() - began
    spent = sum(server_tree.cpu_seconds(server.pid).values())
    memory = server_tree.memory_mb(server.pid)
    idle, count = server_tree.idle_cores(server.pid, _IDLE_S), len(server_tree.tree(server.pid))
    side = Side(name, server.url, server.pid, idle)
    return side, Beginning(name, models, ready, spent, memory, idle, count)
