"""The `docmill` command: thin over the same Dagster job that the UI runs."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line. Signals are watched for before anything else is imported."""
    try:
        from docmill.pipeline.cli.ending.interrupting import Interruptions
    except KeyboardInterrupt:  # there are some milliseconds before
        raise SystemExit(130) from None

    with Interruptions() as interruptions:
        from docmill.pipeline.cli.app import main as run

        with interruptions.unwinding():
            run(interruptions.interrupted)
