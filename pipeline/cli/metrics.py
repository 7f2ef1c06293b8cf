"""`docmill metrics`: what Prometheus scrapes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from rich.console import Console

from docmill.pipeline.cli.places import the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.store_size import store_bytes
from docmill.pipeline.defs.automation.alert_sensors import ALERT_ON_TROUBLE, WATCHED
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.settings import settings_in_force
from docmill.pipeline.instance.metrics.counting import LogCounts
from docmill.pipeline.instance.metrics.exporter import Exporter, Part
from docmill.pipeline.instance.metrics.history import EVERY_S, History, history_path
from docmill.pipeline.instance.metrics.standing import Gauge, of_instance, of_ledger, of_prices, of_rooms
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.stages.registry import STAGES
from docmill.resources.settings.pricing import Pricing

__all__ = ["print_metrics", "serve_metrics"]

#: Seconds between readings of what takes longer than the event log.
_LEDGER_S, _ROOMS_S, _STORE_S = 60.0, 300.0, 3600.0
#: Seconds that listing the store may take.
_LISTING_S = 30.0
_LOOK_S = 1.0


def print_metrics(prefix: Sequence[str]) -> int:
    """Print all metrics once, as a scrape would have them. Raises `BackendError`s and `SettingsError`."""
    with _exporter(prefix, 0.0, keep=False) as exporter:
        print(generate_latest(_registry(exporter)).decode(), end="")
    return 0


def serve_metrics(host: str, port: int, every_s: float, prefix: Sequence[str]) -> int:
    """Serve metrics until a signal comes. Raises `BackendConfigError` when the address cannot be had."""
    with _exporter(prefix, every_s, keep=True) as exporter:
        try:
            server, thread = start_http_server(port, host, _registry(exporter))
        except OSError as error:
            raise BackendConfigError(f"cannot listen at {host}:{port}: {error.strerror}") from error
        Console(highlight=False).print(f"metrics at http://{host}:{server.server_port}/metrics")
        try:
            while True:
                threading.Event().wait(_LOOK_S)
                exporter.refresh()
        finally:
            server.shutdown()
            thread.join()


def _registry(exporter: Exporter) -> CollectorRegistry:
    """What a scrape asks, once the exporter has read everything."""
    exporter.refresh()
    registry = CollectorRegistry()
    registry.register(exporter)
    return registry


@contextmanager
def _exporter(prefix: Sequence[str], every_s: float, *, keep: bool) -> Iterator[Exporter]:
    names, store = Names(tuple(prefix)), the_store()
    ledger = open_ledger(store)
    pricing: Pricing = settings_in_force().resources["pricing"]
    price = pricing.price()
    stages = {stage.name: names.key(stage.name) for stage in STAGES}
    watched = {names.of(each) for each in (*WATCHED, ALERT_ON_TROUBLE)}
    with open_instance() as instance:
        home = Path(os.environ["DAGSTER_HOME"])
        places = {"instance": home} | ({"store": Path(store.url)} if store.is_local else {})
        counts = LogCounts(instance, stages, store, currency=price.currency if price else None, keep=keep)

        def rooms(_: datetime) -> Iterator[Gauge]:
            yield from of_rooms({name: path for name, path in places.items() if path.exists()}, home)
            yield from of_prices(price, pricing.budget_per_day)

        def size(_: datetime) -> Iterator[Gauge]:
            if (size := store_bytes(store, _LISTING_S)) is not None:
                yield Gauge("docmill_store_bytes", size)

        parts = (
            Part("log", every_s, counts.read_on),
            Part("instance", every_s, lambda now: of_instance(instance, watched, now)),
            Part("ledger", max(every_s, _LEDGER_S), lambda now: of_ledger(ledger, now)),
            Part("rooms", max(every_s, _ROOMS_S), rooms),
            Part("store", max(every_s, _STORE_S), size),
        )
        history = History(history_path())

        def remember(now: datetime) -> Iterable[Gauge]:
            history.keep(now, exporter.collect())
            return ()

        # the last, so that it has what all others have read
        kept = (Part("history", EVERY_S, remember),) if keep else ()
        exporter = Exporter((*parts, *kept), lambda: counts.tally)
        yield exporter
