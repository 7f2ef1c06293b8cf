"""Commands that say how things stand. What they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["asking_app"]

asking_app = typer.Typer()


@asking_app.command()
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


@asking_app.command()
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


@asking_app.command()
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


@asking_app.command("overview")
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


@asking_app.command(epilog="Exit code: 0 when all is well, 1 when something is wrong, 2 for misuse.")
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


@asking_app.command()
def metrics(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0: any.")] = 9464,
    every: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Between looks at the database.")
    ] = 15.0,
    once: Annotated[bool, typer.Option("--once", help="Print them, and end.")] = False,
    prefix: Annotated[
        list[str] | None,
        typer.Option(help="The key prefix of docmill's definitions in your project; may be given again."),
    ] = None,
) -> None:
    """Serve metrics for Prometheus: documents, pages, seconds and cost by stage and model, queues, sensors.

    They come from Dagster's database and the store, whoever ran the work, so one of these serves a whole
    installation. What it has counted is kept in the store: a restart loses nothing and counts nothing twice.

    **Examples**

        docmill metrics --host 0.0.0.0
        docmill metrics --once
    """
    from docmill.pipeline.cli.metrics import print_metrics, serve_metrics

    if once:
        raise typer.Exit(print_metrics(prefix or ()))
    raise typer.Exit(serve_metrics(host, port, every, prefix or ()))


@asking_app.command()
def dashboard(
    page: Annotated[Path, typer.Argument(metavar="FILE", help="The page to write (HTML).")],
    prometheus: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The Prometheus that scrapes `docmill metrics`. Default: what that keeps on this machine.",
        ),
    ] = None,
    since: Annotated[str, typer.Option(metavar="DURATION", help="How far back: 6h, 7d, 90m.")] = "6h",
) -> None:
    """Write Grafana's dashboards as a page of plots, for those who have no Grafana.

    It needs no network to be read: mail it, or put it where people look. Servers that are not scraped are
    left out: without a Prometheus, Triton's, vLLM's and the GPU's own figures. `docmill metrics` keeps a
    week.

    **Examples**

        docmill dashboard docmill.html
        docmill dashboard week.html --since 7d --prometheus https://prometheus.example.org
    """
    from docmill.pipeline.cli.dashboard import write_dashboard
    from docmill.pipeline.cli.options.selection import parse_duration

    raise typer.Exit(write_dashboard(prometheus, parse_duration(since), page))


@asking_app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="FILE|ADDRESS|ID", help="A document that docmill has seen.")],
    page: Annotated[
        int | None, typer.Option(min=1, help="Also this page: its text, regions and tables.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="OUT.html", help="Write its pages with their regions, to be looked at."),
    ] = None,
    pages: Annotated[
        str, typer.Option(metavar="RANGE", help="Which pages go into --html, e.g. 3-5,9. 40 at most.")
    ] = "",
    password_file: Annotated[
        str, typer.Option(metavar="FILE", help="Opens an encrypted file, for the pictures of --html.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a document.")] = False,
) -> None:
    """Explain what became of a document: each stage with its seconds, cost, findings and issues.

    What was found again cost nothing this time; the figures are those of when it was done.

    With --html, one file for a browser that needs no network: each page's picture beside its text in reading
    order. Point at a paragraph or a box, and its card says the label, who found it and how sure, the box,
    where the text is from, and its share of what the page took and cost. What was dropped is there too.

    **Examples**

        docmill explain inbox/report.pdf
        docmill explain inbox/report.pdf --page 3
        docmill explain inbox/report.pdf --html report.html --pages 3-5
    """
    if html:
        from docmill.pipeline.cli.explain_html import write_view

        if page or as_json:
            raise typer.BadParameter("--html takes --pages, and neither --page nor --json")
        raise typer.Exit(write_view(name, html, pages=pages, password_file=password_file))
    if pages or password_file:
        raise typer.BadParameter("--pages and --password-file go with --html")
    from docmill.pipeline.cli.explain import show_life

    raise typer.Exit(show_life(name, page=page or 0, as_json=as_json))
