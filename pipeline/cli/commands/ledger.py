"""`docmill ledger`: the ledger of documents. What the commands do is imported when they run."""

from __future__ import annotations

import typer

__all__ = ["ledger_app"]

ledger_app = typer.Typer(no_args_is_help=True, help="The ledger of documents.")


@ledger_app.command("rebuild")
def rebuild() -> None:
    """Make the ledger again from the manifests and the artifacts, when it was lost or is doubted."""
    from docmill.pipeline.cli.ask_ledger import rebuild_ledger

    raise typer.Exit(rebuild_ledger())
