"""`docmill overview`: how things stand, on the screen, as JSON, or as a page."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.places import the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.overview import OVERVIEW_COLUMNS, Disk, Overview, overview
from docmill.pipeline.corpus.store_size import store_bytes
from docmill.pipeline.defs.settings import settings_in_force
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.watching.disk import instance_bytes
from docmill.pipeline.instance.watching.queue import active_runs, daemon_lives, last_heartbeat, recent_work

__all__ = ["page", "show_overview"]

_LOOK_BACK = timedelta(minutes=15)
#: Seconds that listing the store may take; it is not said how much is in a bigger one.
_LISTING_S = 5.0


def show_overview(*, as_json: bool, page_path: Path | None, every_s: float) -> int:
    """Print the overview, again every so many seconds (0: once); the exit code is 1 when no daemon runs."""
    console = Console(highlight=False)
    while True:
        found = _look()
        if as_json:
            print(msgspec.json.encode(found).decode(), flush=True)
        elif page_path:
            _write(page_path, page(found))
        else:
            if every_s:
                console.clear()
            _print(console, found)
        if not every_s:
            return 0 if _daemon_lives(found) else 1
        time.sleep(every_s)


def page(found: Overview) -> str:
    """The overview as HTML."""
    rows = "".join(f"<tr><td>{html.escape(name)}<td>{html.escape(value)}" for name, value in _facts(found))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>docmill: overview</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2em auto;max-width:48em}"
        "td{padding:.1em 2em .1em 0;vertical-align:top}</style>"
        f"<h1>docmill on {found.at:%Y-%m-%d, %H:%M:%S} UTC</h1><table>{rows}</table>"
    )


def _look() -> Overview:
    now, store = datetime.now(UTC), the_store()
    ledger = open_ledger(store)
    with open_instance() as instance:
        database, logs = instance_bytes(Path(os.environ["DAGSTER_HOME"]))
        return overview(
            ledger.documents.scan(OVERVIEW_COLUMNS),
            active_runs(instance),
            recent_work(instance, now - _LOOK_BACK, now),
            Disk(store_bytes(store, _LISTING_S), database, logs),
            daemon=last_heartbeat(instance),
            price=settings_in_force().resources["pricing"].price(),
            now=now,
        )


def _print(console: Console, found: Overview) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in _facts(found):
        table.add_row(label, escape(value))
    console.print(table)


def _facts(found: Overview) -> Iterator[tuple[str, str]]:
    """What there is to say, in words."""
    yield "daemon", _daemon(found)
    waiting = f"{found.documents_waiting:,} documents, some {found.pages_waiting:,} pages"
    yield "waiting", waiting if found.documents_waiting else "nothing"
    yield "runs", f"{found.batches_running} under way, {found.batches_queued} in the queue"
    for run in found.stuck:
        yield "stuck", f"run {run.run[:8]} of {run.batch}: silent since {run.said:%H:%M:%S} UTC"
    rate = (
        "nothing was finished" if found.pages_per_second is None else f"{found.pages_per_second:.1f} pages/s"
    )
    yield "last 15 minutes", rate
    if found.eta_s is not None:
        yield "all done in", f"{timedelta(seconds=round(found.eta_s))} at that rate"
    failures = ", ".join(f"{count} {reason}" for reason, count in found.failures.items()) or "none"
    yield "not converted, last hour", failures
    yield "today, UTC", f"{found.documents_today:,} documents, {found.pages_today:,} pages"
    cost = f", {found.cost_today:,.2f} {found.currency}" if found.cost_today is not None else ""
    devices = f", {found.device_seconds_today:,.1f} GPU seconds" if found.device_seconds_today else ""
    yield "spent today", f"{found.worker_seconds_today:,.0f} worker seconds{devices}{cost}"
    sizes = {"store": found.disk.store, "database": found.disk.database, "logs of runs": found.disk.logs}
    yield "disk", ", ".join(f"{name} {_size(size)}" for name, size in sizes.items())


def _daemon(found: Overview) -> str:
    if found.daemon is None:
        return "none has run on this instance: `docmill ui` starts one"
    ago = f"its last sign was at {found.daemon:%F %T} UTC"
    return "runs" if _daemon_lives(found) else f"DOWN: {ago}; nothing is started until it is back"


def _daemon_lives(found: Overview) -> bool:
    return daemon_lives(found.daemon, found.at)


def _size(size: int | None) -> str:
    return "not known" if size is None else f"{size / 1e6:,.1f} MB"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise BackendConfigError(f"cannot write the page {path}: {error.strerror}") from error
