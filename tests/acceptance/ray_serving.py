"""A real Ray Serve server for tests: its environment is made once."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.kserve_server import KServePorts
from docmill.resources.local.places import ServerHome
from docmill.resources.local.ray.environment import Environment, prepare_environment
from docmill.resources.local.ray.places import shipped
from docmill.resources.local.ray.server import LocalRay, RaySettings

ROOT = Path(__file__).parents[2]


@functools.cache
def home() -> ServerHome:
    """Kept from run to run: the environment takes a minute and half a gigabyte."""
    return ServerHome(Path(os.environ.get("DOCMILL_HOME") or ROOT / ".docmill") / "ray")


@functools.cache
def environment() -> Environment:
    """The server's environment; skips the test where it cannot be made."""
    try:
        return prepare_environment(home(), shipped())
    except EnvironmentSetupError as error:
        pytest.skip(str(error))


def ray_server(repository: Path, *models: str, **settings: Any) -> LocalRay:
    """A server that listens at ports of its own and computes on one thread."""
    given: dict[str, Any] = {
        "ports": KServePorts(0, 0),
        "threads": 1,
        "exit_limit_s": 5,
        "start_limit_s": 900.0,
    } | settings
    return LocalRay(RaySettings(repository, models, **given), environment(), shipped(), home())


def processes(server: LocalRay) -> list[psutil.Process]:
    """All of a server's."""
    return psutil.Process(server.pid).children(recursive=True)


def named(server: LocalRay, words: str) -> list[psutil.Process]:
    """The processes with these words in their command, as Ray names its workers."""
    found = []
    for process in processes(server):
        try:
            if words in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
