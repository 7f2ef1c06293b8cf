"""`docmill settings` and `docmill ui`: what docmill works with. What they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["instance_app"]

instance_app = typer.Typer()


@instance_app.command("settings")
def settings_(
    every: Annotated[bool, typer.Option("--all", help="Also what is at its default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a setting.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a settings file with everything in it, as comments.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of a settings file, for editors.")
    ] = False,
) -> None:
    """Print the settings in force, and where each comes from.

    An option of a command comes before the environment, that before the settings file, and that before
    docmill's defaults. The file is read by every command, by `docmill ui`, and by the runs that sensors,
    schedules and backfills ask for.

    **Examples**

        docmill settings --all
        docmill settings --example > ~/.docmill/docmill.toml
        docmill --settings staging.toml settings
    """
    from docmill.pipeline.cli.settings import print_example, print_schema, print_settings

    if example:
        print_example()
    elif schema:
        print_schema()
    else:
        print_settings(every=every, as_json=as_json)


@instance_app.command()
def ui(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=1, help="Port of the web server.")] = 3000,
) -> None:
    """Start Dagster's UI and daemon on what was converted: assets, batches, runs, logs.

    **Example**

        docmill ui --port 3333
    """
    from docmill.pipeline.cli.ui import serve_ui

    serve_ui(host, port)
