"""`docmill convert` and `docmill estimate`: their options and what `--help` teaches."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from docmill.pipeline.cli.options.stages import with_stage_options

__all__ = ["converting_app"]

converting_app = typer.Typer()


@converting_app.command(
    epilog="Exit code: 0 when every document was converted (some perhaps partially), "
    "1 when some were not, 2 for misuse, 130 and 143 after Ctrl-C and SIGTERM: it goes on where it was."
)
@with_stage_options
def convert(
    stages: dict[str, Any],
    places: Annotated[
        list[str], typer.Argument(metavar="FILE|FOLDER|ADDRESS", help="PDFs, folders, s3:// or https://.")
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="Folder or prefix for the results. Default: as set, or ./out.")
    ] = "",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=0, help="Worker processes; 0: one a CPU.")
    ] = None,
    password: Annotated[
        str,
        typer.Option(
            envvar="DOCMILL_PASSWORD", help="Opens encrypted files; better given in the environment."
        ),
    ] = "",
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds for up to 8 pages of a document in one stage.")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(min=0, metavar="MB", help="Private memory of each worker; 0: no limit.")
    ] = None,
    debug_overlays: Annotated[
        bool, typer.Option("--debug-overlays", help="Also draw every page with its regions, as JPEG.")
    ] = False,
    headers: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            metavar="'NAME: VALUE'",
            help="Sent with requests for https:// addresses, to that host alone; may be given again. With "
            "@FILE or env:VARIABLE for VALUE no list of processes shows it.",
        ),
    ] = None,
    output_file: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="One document in one format, there and not in OUT; - is standard output."
        ),
    ] = "",
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Documents of one Dagster partition at most; default 64, or 256 small ones. At first fewer.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON a document, when it is done.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say only what could not be converted.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first document that is not converted.")
    ] = False,
    log_level: Annotated[
        str, typer.Option(help="Dagster's console log: debug, info, warning, error, critical.")
    ] = "critical",
) -> None:
    """Convert PDFs: each becomes OUT/NAME.md, .html, .json, ...

    Finished work is found again: the same file with the same settings is not done twice, and an interrupted
    run goes on where it was. Where nothing at all is left to do, Dagster has no run of it.

    **Examples**

        docmill convert paper.pdf --format md
        docmill convert inbox/ --out converted --jobs 4
        docmill convert scan.pdf --ocr off --debug-overlays
        docmill convert report.pdf --output-file - | less
        docmill convert https://host/report.pdf --header "Authorization: @token"
        DOCMILL_PASSWORD=secret docmill convert statement.pdf
    """
    from docmill.pipeline.cli.converting.starting import convert as convert_places
    from docmill.pipeline.cli.options.convert import ConvertOptions

    options = ConvertOptions(
        places=places,
        out=out,
        stages=stages,
        jobs=jobs,
        password=password,
        timeout=timeout,
        memory=memory,
        debug_overlays=debug_overlays,
        batch_size=batch_size,
        log_level=log_level.upper(),
        headers=headers or [],
        output_file=output_file,
        quiet=quiet,
        as_json=as_json,
        dry_run=dry_run,
        fail_fast=fail_fast,
    )
    raise typer.Exit(convert_places(options))


@converting_app.command()
@with_stage_options
def estimate(
    stages: dict[str, Any],
    places: Annotated[
        list[str],
        typer.Argument(metavar="FILE|FOLDER|ADDRESS|BATCH", help="PDFs, folders, s3://, or a batch's key."),
    ],
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=0, help="Worker processes; 0: one a CPU.")
    ] = None,
    gpu_price: Annotated[
        float | None, typer.Option(min=0, help="Price of a GPU hour. Default: as set in [pricing].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Say what converting files would take: pages, seconds, GPU seconds and money, each as an interval.

    Nothing is converted or written. Files of this machine are opened, up to 400 of them; pages elsewhere are
    guessed by size. The more documents were converted with these settings, the narrower it is. What is done
    already and would be found again is counted, too: `docmill convert --dry-run` names it.

    **Examples**

        docmill estimate inbox/ --jobs 8
        docmill estimate s3://bucket/in/2025/ --ocr off --json
        docmill estimate archive/ --layout triton --gpu-price 2.50
        docmill estimate 2026-11-25-64docs-9be1d2
    """
    from docmill.pipeline.cli.estimate_files import EstimateOptions, estimate_files

    raise typer.Exit(estimate_files(EstimateOptions(places, stages, jobs, gpu_price, as_json)))
