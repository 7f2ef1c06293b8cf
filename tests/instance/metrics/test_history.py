"""The exporter's own history: what is kept, and that it is no more than it is to be."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.instance.metrics.history import History
from docmill.pipeline.instance.metrics.samples import tracks

START = datetime(2026, 11, 29, 6, tzinfo=UTC)


def scraped(value: float, *lanes: str) -> Iterator[Metric]:
    family = GaugeMetricFamily("docmill_batches", "Batches.", labels=["lane"])
    for lane in lanes:
        family.add_metric([lane], value)
    yield family


def moments(history: History) -> list[datetime]:
    with closing(sqlite3.connect(history.path)) as database:
        rows = database.execute("SELECT at FROM scrapes ORDER BY at").fetchall()
    return [datetime.fromtimestamp(at, UTC) for (at,) in rows]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "home" / "metrics.sqlite")


def test_what_is_kept_is_read_and_what_a_scrape_lacks_has_gone(history: History) -> None:
    for number, lanes in enumerate((["inbox", "backfill"], ["inbox"], ["inbox", "backfill"])):
        history.keep(START + timedelta(seconds=30 * number), scraped(number, *lanes))
    samples = history.read(START, START + timedelta(minutes=1))
    inbox, backfill = sorted(samples["docmill_batches"], key=lambda track: track.labels, reverse=True)
    begin = START.timestamp()
    assert inbox.labels == (("lane", "inbox"),)
    assert (inbox.times, inbox.values) == ([begin, begin + 30, begin + 60], [0, 1, 2])
    assert backfill.values[0] == 0
    assert math.isnan(backfill.values[1])
    assert backfill.values[2] == 2
    assert backfill.present[0] == [begin, begin + 60]
    [later] = history.read(START + timedelta(seconds=31), START + timedelta(hours=1))["docmill_batches"][:1]
    assert later.times == [begin + 60]


def test_what_is_older_than_hours_is_thinned_and_what_is_older_than_a_week_goes(history: History) -> None:
    end = START + timedelta(hours=8)
    for number in range(8 * 60 + 1):
        history.keep(START + timedelta(minutes=number), scraped(number, "inbox"))
    kept = moments(history)
    young = [at for at in kept if at >= end - timedelta(hours=6)]
    assert len(young) == 361
    old = kept[: -len(young)]
    assert {after - before for before, after in pairwise(old)} == {timedelta(minutes=2)}
    assert kept[0] == START
    history.keep(START + timedelta(days=7, hours=2), scraped(0, "inbox"))
    after = moments(history)
    assert after[0] == START + timedelta(hours=2)
    assert all(second - first >= timedelta(minutes=2) for first, second in pairwise(after))
    history.keep(START + timedelta(days=20), scraped(0, "inbox"))
    assert moments(history) == [START + timedelta(days=20)]


def test_nothing_kept_is_nothing_and_a_file_that_is_something_else_is_said(history: History) -> None:
    assert history.read(START, START + timedelta(days=1)) == {}
    history.path.parent.mkdir()
    history.path.write_bytes(b"this is no database" * 99)
    with pytest.raises(BackendUnavailableError, match=r"metrics\.sqlite"):
        history.read(START, START + timedelta(days=1))


def test_a_counter_that_begins_anew_goes_on_growing() -> None:
    values = [3.0, 5.0, 1.0, 4.0, 2.0]
    scrapes = ((float(at), [("runs", (), value)]) for at, value in enumerate(values))
    [track] = tracks(scrapes)["runs"]
    assert track.present == ([0, 1, 2, 3, 4], values, [3, 5, 6, 9, 11])
