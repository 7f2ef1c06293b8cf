"""`docmill`: what its commands have in common. What they do is imported only when they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from docmill.pipeline.cli.commands.asking import asking_app
from docmill.pipeline.cli.commands.converting import converting_app
from docmill.pipeline.cli.commands.instance import instance_app
from docmill.pipeline.cli.commands.ledger import ledger_app
from docmill.pipeline.cli.commands.models import models_app
from docmill.pipeline.cli.commands.operating import operating_app
from docmill.pipeline.cli.commands.ray import ray_app
from docmill.pipeline.cli.commands.triton import triton_app
from docmill.pipeline.cli.commands.vllm import vllm_app
from docmill.pipeline.cli.ending.trouble import trouble
from docmill.resources.settings_file import SETTINGS_VARIABLE

__all__ = ["main"]

_MISUSE = 2

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Turn PDFs into DoclingDocuments.

**Examples**

    docmill convert report.pdf                        Markdown, HTML and JSON beside you, in ./out
    docmill convert inbox/ --out converted            every PDF below a folder
    docmill convert s3://bucket/in --out s3://bucket/out
    docmill convert big.pdf --pages 1-20 --format md  some pages, one format
    docmill models pull embedded                      fetch the embedded models beforehand
    docmill models pull docling                       docling's own models, for Triton
    docmill triton serve                              a Triton server on this machine
    docmill vllm serve                                a vLLM server on this machine
    docmill ray serve                                 Triton's models on Ray Serve instead
    docmill ui                                        the runs, in Dagster's UI

Everything is a Dagster run. docmill keeps its store, its models and Dagster's database in `$DOCMILL_HOME`,
by default ~/.docmill; `$DAGSTER_HOME` names an instance of your own.
""",
)
for commands in (converting_app, asking_app, operating_app, instance_app):
    app.add_typer(commands)
app.add_typer(models_app, name="models")
app.add_typer(triton_app, name="triton")
app.add_typer(ledger_app, name="ledger")
app.add_typer(vllm_app, name="vllm")
app.add_typer(ray_app, name="ray")


def _print_version(wanted: bool) -> None:
    if wanted:
        from docmill.pipeline.convert.pdf.native.compiled import told

        typer.echo(f"docmill {version('docmill')}, reads pages {told()}")
        raise typer.Exit


@app.callback()
def root(
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings. Default: $DOCMILL_SETTINGS, or $DOCMILL_HOME/docmill.toml where that is.",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """What is said before a command."""
    if settings is not None:
        # for the processes that a command starts, too
        os.environ[SETTINGS_VARIABLE] = str(settings.resolve())


def main(interrupted: Callable[[], bool] = lambda: False) -> None:
    """Run the command line; errors of docmill's own, and of disks, are one line on standard error.

    Of what comes of an interruption nothing is said here.
    """
    from docmill.pipeline.convert.errors import DocmillError

    try:
        app(standalone_mode=True)
    except Exception as error:
        said = str(error) if isinstance(error, DocmillError) else trouble(error)
        if said is None:
            raise
        if not interrupted():
            typer.echo(f"docmill: {said}", err=True)
        sys.exit(_MISUSE)
