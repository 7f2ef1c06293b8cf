"""Sets up and runs a vLLM server on this machine, and says on standard error what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.servers.serving import announcer, until_stopped
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.local.places import ServerHome
from docmill.resources.local.vllm.environment import Environment, prepare_environment
from docmill.resources.local.vllm.places import default_vllm_home, shipped
from docmill.resources.local.vllm.server import LocalVllm, VllmSettings
from docmill.resources.weights.embedded_weights import default_folder
from docmill.resources.weights.vlm_checkpoints import GRANITE_DOCLING, VlmCheckpoints

__all__ = ["VllmOptions", "serve_model", "set_up"]


@dataclass(frozen=True)
class VllmOptions:
    """The command's options, as `docmill vllm serve --help` explains them."""

    model: str
    served_name: str
    port: int
    host: str
    max_model_len: int
    max_num_seqs: int
    kv_cache_gb: int
    start_limit: float
    exit_limit: int
    verbose: bool


def set_up(python: Path | None) -> int:
    """Make the environment; the exit code."""
    console = Console(stderr=True)
    environment = _environment(console, default_vllm_home(), python)
    console.print(f"Ready: {escape(str(environment.program))}.")
    return 0


def serve_model(options: VllmOptions) -> int:
    """Serve until a signal says to stop; the exit code. Raises what the server's start raises."""
    console = Console(stderr=True, highlight=False)
    with until_stopped(console):
        home = default_vllm_home()
        model = _checkpoint(options.model)
        environment = _environment(console, home, None)
        settings = VllmSettings(
            model=model,
            served_name=options.served_name,
            port=options.port,
            host=options.host,
            max_model_len=options.max_model_len,
            max_num_seqs=options.max_num_seqs,
            kv_cache_gb=options.kv_cache_gb,
            start_limit_s=options.start_limit,
            exit_limit_s=options.exit_limit,
        )
        console.print(f"vLLM loads {escape(str(model))}: half a minute to two minutes ...")
        with LocalVllm(settings, environment, home, _printer(console, options.verbose)) as server:
            console.print(
                f"vLLM serves {escape(options.served_name)} at {server.url}; everything it says is in "
                f"{escape(str(server.log))}. Ctrl-C stops it."
            )
            if options.model == "tiny":
                console.print("The model is a toy that knows some sample pages by heart; it reads no others.")
            server.wait()
    return 0


def _checkpoint(name: str) -> Path:
    """The folder of a model. Raises `BackendConfigError` when there is none."""
    if name == "tiny":
        return shipped().tiny
    if name == GRANITE_DOCLING.name:
        return VlmCheckpoints(default_folder()).path(GRANITE_DOCLING)
    folder = Path(name).expanduser()
    if not (folder / "config.json").is_file():
        raise BackendConfigError(f"{name} is no folder with a checkpoint: it has no config.json")
    return folder


def _environment(console: Console, home: ServerHome, python: Path | None) -> Environment:
    return prepare_environment(home, shipped(), python, announcer(console))


def _printer(console: Console, everything: bool) -> Callable[[str], None]:
    def show(line: str) -> None:
        if everything or "ERROR" in line:
            console.print(escape(line), soft_wrap=True)

    return show
