"""Sets up and runs a Ray Serve server on this machine, and says on standard error what it is doing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.servers.repositories import fill, to_serve
from docmill.pipeline.cli.servers.serving import announcer, until_stopped
from docmill.resources.local.kserve_server import KServePorts
from docmill.resources.local.places import ServerHome
from docmill.resources.local.ray.environment import Environment, prepare_environment
from docmill.resources.local.ray.places import default_ray_home, shipped
from docmill.resources.local.ray.server import LocalRay, RaySettings

__all__ = ["RayOptions", "serve_models", "set_up"]


@dataclass(frozen=True)
class RayOptions:
    """The command's options, as `docmill ray serve --help` explains them."""

    repository: Path | None
    models: tuple[str, ...]
    http_port: int
    grpc_port: int
    host: str
    threads: int
    start_limit: float
    exit_limit: int
    verbose: bool


def set_up(repository: Path | None, python: Path | None) -> int:
    """Make the environment and install the embedded models' weights; the exit code."""
    console = Console(stderr=True)
    _environment(console, default_ray_home(), python)
    fill(console, repository)
    return 0


def serve_models(options: RayOptions) -> int:
    """Serve until a signal says to stop; the exit code. Raises what the server's start raises."""
    console = Console(stderr=True, highlight=False)
    with until_stopped(console):
        home = default_ray_home()
        environment = _environment(console, home, None)
        folder, models = to_serve(console, options.repository, options.models)
        settings = RaySettings(
            repository=folder,
            models=models,
            ports=KServePorts(options.http_port, options.grpc_port),
            host=options.host,
            threads=options.threads,
            start_limit_s=options.start_limit,
            exit_limit_s=options.exit_limit,
        )
        console.print("Ray starts: half a minute to two minutes ...")
        with LocalRay(settings, environment, shipped(), home, _printer(console, options.verbose)) as server:
            console.print(
                f"Ray Serve serves {', '.join(settings.models)}.\n"
                f"gRPC {server.url}, HTTP port {server.ports.http}; everything it says is in "
                f"{escape(str(server.log))}. Ctrl-C stops it; SIGHUP to process {os.getpid()} "
                "deploys what the repository has by then."
            )
            signal.signal(signal.SIGHUP, lambda *_: server.redeploy())
            server.wait()
    return 0


def _environment(console: Console, home: ServerHome, python: Path | None) -> Environment:
    return prepare_environment(home, shipped(), python, announcer(console))


def _printer(console: Console, everything: bool) -> Callable[[str], None]:
    def show(line: str) -> None:
        if everything or "ERROR" in line:
            console.print(escape(line), soft_wrap=True)

    return show
