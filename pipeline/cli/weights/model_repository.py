"""Which model repository a command works on: docmill's own, or the one that it was given."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from docmill.resources.local.triton.carried import carry_over
from docmill.resources.local.triton.errors import ShippedRepositoryError
from docmill.resources.local.triton.places import default_triton_home, shipped

__all__ = ["repository_to_fill", "repository_to_read"]


def repository_to_read(given: Path | None) -> Path:
    """The folder given, else docmill's own."""
    return given or default_triton_home().models


def repository_to_fill(given: Path | None, console: Console) -> Path:
    """The same, for weights. docmill's own takes over those that docmill up to 0.2 put beside what it ships.

    Raises `ShippedRepositoryError` for the folder that docmill ships, and `NoServableModelError`.
    """
    configs, folder = shipped().models, repository_to_read(given)
    if folder.resolve() == configs.resolve():
        raise ShippedRepositoryError(
            f"{folder} is what docmill ships, and nothing is written there: name another folder with "
            f"--repository, or leave it out for {default_triton_home().models}"
        )
    if given is None and (names := carry_over(configs, folder)):
        console.print(
            f"Copied {', '.join(names)} from {escape(str(configs))}, where docmill kept weights before, to "
            f"{escape(str(folder))}: those there are not used any more, and may be deleted.",
            soft_wrap=True,
        )
    return folder
