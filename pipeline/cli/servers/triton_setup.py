"""Sets up and runs a Triton server on this machine, and says on standard error what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.servers.repositories import fill, to_serve
from docmill.pipeline.cli.servers.serving import announcer, until_stopped
from docmill.resources.clients.tracing.collector import is_wanted, traces_address
from docmill.resources.local.triton.environment import Environment, prepare_environment
from docmill.resources.local.triton.logs import Entry
from docmill.resources.local.triton.places import TritonHome, default_triton_home, shipped
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.settings_file import from_environment, read_settings_file

__all__ = ["ServeOptions", "serve_models", "set_up"]

_COLOURS = {"warning": "yellow", "error": "red"}


@dataclass(frozen=True)
class ServeOptions:
    """The command's options, as `docmill triton serve --help` explains them."""

    repository: Path | None
    models: tuple[str, ...]
    http_port: int
    grpc_port: int
    metrics_port: int
    host: str
    threads: int
    start_limit: float
    exit_limit: int
    verbose: bool


def set_up(repository: Path | None, python: Path | None) -> int:
    """Make the environment and install the embedded models' weights; the exit code."""
    console = Console(stderr=True)
    _environment(console, default_triton_home(), python)
    fill(console, repository)
    return 0


def serve_models(options: ServeOptions) -> int:
    """Serve until a signal says to stop; the exit code. Raises what the server's start raises."""
    console = Console(stderr=True, highlight=False)
    with until_stopped(console):
        home = default_triton_home()
        environment = _environment(console, home, None)
        folder, models = to_serve(console, options.repository, options.models)
        settings = ServerSettings(
            repository=folder,
            models=models,
            ports=Ports(options.http_port, options.grpc_port, options.metrics_port),
            host=options.host,
            threads=options.threads,
            start_limit_s=options.start_limit,
            exit_limit_s=options.exit_limit,
            traces=_traces(),
        )
        with LocalServer(settings, environment, home, _printer(console, options.verbose)) as server:
            console.print(
                f"Triton serves {', '.join(settings.models)}; a canary request came back right.\n"
                f"gRPC {server.url}, HTTP port {server.ports.http}, metrics port {server.ports.metrics}; "
                f"everything it says is in {escape(str(server.log))}. Ctrl-C stops it."
            )
            server.wait()
    return 0


def _traces() -> str:
    """Where the server's spans go: where docmill's own do."""
    said = from_environment("tracing", "endpoint", text=True)
    endpoint = str(said or read_settings_file().section("tracing").get("endpoint", ""))
    return traces_address(endpoint) if is_wanted(endpoint) else ""


def _environment(console: Console, home: TritonHome, python: Path | None) -> Environment:
    return prepare_environment(home, shipped(), python, announcer(console))


def _printer(console: Console, everything: bool) -> Callable[[Entry], None]:
    def show(entry: Entry) -> None:
        if entry.notable or everything:
            colour = _COLOURS.get(entry.level, "default")
            console.print(f"[dim]{entry.time:8}[/] [{colour}]{escape(entry.words)}[/]", soft_wrap=True)

    return show
