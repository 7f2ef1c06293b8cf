"""The model repository that `docmill triton` and `docmill ray` fill and serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.console import download_progress
from docmill.pipeline.cli.weights.model_repository import repository_to_fill
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import (
    check_digests,
    install_embedded,
    is_for_others,
    servable,
)
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

__all__ = ["fill", "to_serve"]


def fill(console: Console, repository: Path | None) -> None:
    """Put the embedded models' weights into a repository, by default docmill's own, and say what it has."""
    folder = _filled(console, repository)
    console.print(f"Ready: {escape(str(folder))} has weights for {', '.join(servable(folder))}.")


def to_serve(
    console: Console, repository: Path | None, models: Sequence[str]
) -> tuple[Path, tuple[str, ...]]:
    """A repository, and those of its models that are asked for, or all, with the digests that it states.

    docmill's own, the default, is filled first; someone else's is served as it is. All: without those that no
    server of docmill's own can run.
    """
    folder = repository or _filled(console, None)
    chosen = tuple(servable(folder, models))
    if not models:
        others = [name for name in chosen if is_for_others(folder / name)]
        if others:
            console.print(f"Left to NVIDIA's Triton: {escape(', '.join(others))}.")
        chosen = tuple(name for name in chosen if name not in others)
    check_digests(folder, chosen)
    return folder, chosen


def _filled(console: Console, repository: Path | None) -> Path:
    folder = repository_to_fill(repository, console)
    with download_progress(console) as progress:
        install_embedded(folder, shipped().models, ModelCache(default_folder()), progress)
    return folder
