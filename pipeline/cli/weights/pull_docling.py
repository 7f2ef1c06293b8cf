"""`docmill models pull docling`: exports docling's models into a model repository, says what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.weights.model_repository import repository_to_fill, repository_to_read
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.docling_models.catalogue import Kind, Variant, export_of
from docmill.resources.weights.docling_models.environment import default_export_home
from docmill.resources.weights.docling_models.export import Check
from docmill.resources.weights.docling_models.install import Source, read_source
from docmill.resources.weights.docling_models.pull import Places, Pulled, pull
from docmill.resources.weights.embedded_weights import default_folder
from docmill.resources.weights.hub import Hub

__all__ = ["PullOptions", "installed_table", "pull_docling"]

T = TypeVar("T", bound=str)

_KINDS: tuple[Kind, ...] = get_args(Kind)
_VARIANTS: tuple[Variant, ...] = get_args(Variant)


@dataclass(frozen=True)
class PullOptions:
    """The command's options, as `docmill models pull --help` explains them."""

    folder: Path | None
    variant: str
    only: str
    repository: Path | None


def pull_docling(options: PullOptions) -> int:
    """Fetch, export, compare and install; the exit code."""
    console = Console(stderr=True, highlight=False)
    kinds = [_one_of(options.only, _KINDS, "--only")] if options.only else _KINDS
    variant = _one_of(options.variant, _VARIANTS, "--variant")
    places = Places(
        shipped=shipped(),
        home=default_export_home(),
        cache=default_folder() / "docling",
        repository=repository_to_fill(options.repository, console),
    )
    for kind in kinds:
        done = pull(
            kind,
            variant,
            places,
            options.folder,
            Hub.of_environment(),
            lambda words: console.print(f"[dim]{escape(words)}[/]", soft_wrap=True),
        )
        _say(console, done, places.repository)
    return 0


def installed_table(repository: Path | None) -> Table:
    """docling's models in a repository: what they are made of, and how far they are from the reference."""
    folder = repository_to_read(repository)
    table = Table(title=f"docling's models in {escape(str(folder))}")
    for column in ("model", "made of", "revision", "parity"):
        table.add_column(column, overflow="fold")
    for kind in _KINDS:
        for model in export_of(kind, "accurate").served:
            source = read_source(folder, model.folder)
            if source is None:
                table.add_row(model.folder, "not installed: docmill models pull docling", "", "")
            else:
                table.add_row(
                    model.folder, _made_of(source), _revision(source), "\n".join(map(str, source.parity))
                )
    return table


def _say(console: Console, done: Pulled, repository: Path) -> None:
    names = ", ".join(model.folder for model in done.export.served)
    if done.parity is None:
        console.print(f"{names}: installed already, of the same weights, in {escape(str(repository))}")
        return
    console.print(f"{names}: installed in {escape(str(repository))}; {_figures(done.parity.checks)}")
    if not done.checkpoint.pinned:
        console.print(
            f"[yellow]The weights are not those of {done.export.checkpoint.repository} at the pinned "
            f"revision {done.export.checkpoint.revision[:12]}.[/]"
        )


def _made_of(source: Source) -> str:
    return f"{source.repository} {source.variant}".strip() if source.revision else "other weights"


def _revision(source: Source) -> str:
    if source.revision:
        return source.revision[:12]
    weights = [digest for name, digest in source.checkpoint.items() if name.endswith(".safetensors")]
    return f"sha256 {weights[0][:12]}" if weights else ""


def _figures(checks: Sequence[Check]) -> str:
    return "; ".join(map(str, checks))


def _one_of(given: str, known: tuple[T, ...], option: str) -> T:
    for value in known:
        if value == given:
            return value
    raise BackendConfigError(f"{option} is one of {', '.join(known)}, not {given!r}")
