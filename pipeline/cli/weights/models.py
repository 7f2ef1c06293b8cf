"""`docmill models`: fetch and list weights."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from docmill.pipeline.cli.console import download_progress
from docmill.pipeline.cli.weights.pull_docling import PullOptions, installed_table, pull_docling
from docmill.pipeline.convert.errors import BackendConfigError, ModelDownloadError
from docmill.resources.weights.embedded_weights import EMBEDDED, ModelCache, default_folder
from docmill.resources.weights.hub import Hub
from docmill.resources.weights.vlm_checkpoints import GRANITE_DOCLING, VlmCheckpoints

__all__ = ["list_models", "pull_models"]


def pull_models(name: str, options: PullOptions) -> int:
    """Fetch what is missing of a set of models; the exit code."""
    if name == "docling":
        return pull_docling(options)
    console = Console(stderr=True)
    if name == GRANITE_DOCLING.name:
        with download_progress(console) as progress:
            folder = VlmCheckpoints(default_folder()).ensure(GRANITE_DOCLING, Hub.of_environment(), progress)
        console.print(
            f"{GRANITE_DOCLING.repository} is in {folder}, checksums verified. Serve it, on a GPU:\n"
            f"vllm serve {folder} --served-model-name {GRANITE_DOCLING.repository}"
        )
        return 0
    if name != "embedded":
        raise BackendConfigError(
            f"there are no models named {name!r}: it is embedded, docling or {GRANITE_DOCLING.name}"
        )
    cache = ModelCache(default_folder())
    with download_progress(console) as progress:
        paths = cache.ensure(EMBEDDED, progress=progress, wheels=options.folder)
    cache.verify()
    console.print(f"{len(paths)} models are in {cache.folder}, checksums verified.")
    return 0


def list_models(repository: Path | None) -> int:
    """Print the state of the cache, and of a model repository; 1 when embedded models are missing."""
    cache = ModelCache(default_folder())
    table = Table(title=str(cache.folder))
    for column in ("model", "file", "package", "licence", "state"):
        table.add_column(column)
    missing = 0
    for name, model in EMBEDDED.items():
        try:
            state = f"{cache.path(name).stat().st_size / 1e6:.1f} MB"
        except ModelDownloadError:
            state, missing = "missing", missing + 1
        package = f"{model.package}=={model.version}"
        table.add_row(name, Path(model.member).name, package, model.licence, state)
    console = Console()
    console.print(table)
    console.print(installed_table(repository))
    return 1 if missing else 0
