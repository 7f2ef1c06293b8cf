"""Commands that have work done, done again, or removed. What they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from docmill.pipeline.cli.options.stages import with_stage_options

__all__ = ["operating_app"]

operating_app = typer.Typer()


@operating_app.command()
@with_stage_options
def retry(
    stages: dict[str, Any],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="FILE|ADDRESS|ID", help="Documents to try again.")
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="All that failed for it, e.g. timed_out; may be given again.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    prefix: Annotated[str, typer.Option(help="... whose name or address begins so.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE|DURATION", help="... since then.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the password; it is read where the runs are.")
    ] = None,
    here: Annotated[bool, typer.Option("--here", help="Run at once, in this process.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Wait, and show how far it is.")] = False,
) -> None:
    """Try documents again, after what stopped them has been mended, or with other settings.

    They become batches of their own, which Dagster's daemon runs before everything else.

    **Examples**

        docmill retry inbox/report.pdf --here
        docmill retry --reason timed_out --since 24h --follow
        docmill retry --reason encrypted --password-file /run/secrets/pdf
        docmill retry inbox/scan.pdf --ocr triton
    """
    from docmill.pipeline.cli.operate import Asked
    from docmill.pipeline.cli.operate import retry as retry_documents
    from docmill.pipeline.cli.options.selection import selection

    chosen = selection(failed=failed, reasons=reason, prefix=prefix, since=since)
    raise typer.Exit(retry_documents(names or [], chosen, Asked(here, follow, stages, password_file)))


@operating_app.command()
def backfill(
    prefix: Annotated[str, typer.Option(help="Documents whose name or address begins so.")] = "",
    since: Annotated[
        str, typer.Option(metavar="DATE|DURATION", help="Documents that were queued or ran since then.")
    ] = "",
    interrupted: Annotated[
        bool, typer.Option("--interrupted", help="Only those whose run was cancelled, died or failed.")
    ] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only batches that have not run.")] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those with failures that may go well.")
    ] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only those made by other models or settings.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="Batches at most; 0: all.")] = 0,
    gpu_price: Annotated[
        float | None, typer.Option(min=0, help="Price of a GPU hour, for the estimate.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    here: Annotated[bool, typer.Option("--here", help="Run at once, in this process.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Wait, and show how far it is.")] = False,
) -> None:
    """Run batches that are interrupted, missing, failed or stale; says what that takes before it starts.

    **Examples**

        docmill backfill --stale --prefix s3://bucket/in/2025/ --gpu-price 2.50
        docmill backfill --failed --since 7d --yes --follow
    """
    from docmill.pipeline.cli.operate import Asked
    from docmill.pipeline.cli.operate import backfill as backfill_batches
    from docmill.pipeline.cli.options.selection import selection, whys

    chosen = selection(prefix=prefix, since=since)
    reasons = whys(interrupted=interrupted, missing=missing, failed=failed, stale=stale)
    raise typer.Exit(
        backfill_batches(chosen, reasons, Asked(here, follow), limit=limit, gpu_price=gpu_price, yes=yes)
    )


@operating_app.command()
def cancel(
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="As `retry` and `backfill` say it.")],
) -> None:
    """Stop what `docmill retry` or `docmill backfill` asked for: runs that wait, and those under way."""
    from docmill.pipeline.cli.operate import cancel as cancel_request

    raise typer.Exit(cancel_request(request))


@operating_app.command()
def gc(
    older_than: Annotated[str, typer.Option(metavar="DURATION", help="E.g. 30d, 12h.")] = "30d",
    remove: Annotated[bool, typer.Option("--remove", help="Remove it, not only say what it is.")] = False,
) -> None:
    """Find what nobody needs any more: artifacts of older settings, copies of sources, logs of failed runs.

    Without --remove nothing is removed. Current results, manifests and your own files are never touched.

    **Example**

        docmill gc --older-than 90d
        docmill gc --older-than 90d --remove
    """
    from docmill.pipeline.cli.operate import collect_garbage
    from docmill.pipeline.cli.options.selection import parse_duration

    raise typer.Exit(collect_garbage(parse_duration(older_than), remove=remove))
