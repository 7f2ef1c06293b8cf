"""The `docmill` command: thin over the same Dagster job that the UI runs."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line. Signals are watched for before anything else is imported."""
    from docmill.pipeline.cli.interrupting import Interruptions

    with Interruptions() as interruptions:
        from docmill.pipeline.cli.app import main as run

        with interruptions.unwinding():
            run()
