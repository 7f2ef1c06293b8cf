"""`docmill dashboard` where there is no Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docmill.pipeline.cli.dashboard import write_dashboard
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.instance.metrics.exporter import Exporter, Part
from docmill.pipeline.instance.metrics.history import History, history_path
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.metrics.tally import Tally


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def keep(tally: Tally, *ages_s: float) -> None:
    """Keep what an exporter shows, so long ago."""
    exporter = Exporter([Part("queue", 0.0, lambda _: [Gauge("docmill_waiting_pages", 4711)])], lambda: tally)
    exporter.refresh()
    for age_s in ages_s:
        now = datetime.now(UTC) - timedelta(seconds=age_s)
        History(history_path()).keep(now, exporter.collect())


def test_nothing_was_kept_and_what_to_do_is_said(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendConfigError, match="--prometheus") as error:
        write_dashboard(None, timedelta(hours=6), tmp_path / "page.html")
    assert str(home / "metrics.sqlite") in str(error.value)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.usefixtures("home")
def test_the_history_is_drawn_and_says_that_it_is_one(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    keep(Tally(), 90, 60, 30)
    assert write_dashboard(None, timedelta(hours=6), page) == 0
    text = page.read_text()
    assert "metrics.sqlite" in text
    assert "4.71 k" in text
    assert "need a Prometheus" in text
    assert "Device seconds a page" not in text, "no server has a device"
    tally = Tally()
    tally.add("docmill_device_seconds", 3.0, "layout", "heron")
    keep(tally, 1)
    write_dashboard(None, timedelta(hours=6), page)
    assert "Device seconds a page" in page.read_text()


@pytest.mark.usefixtures("home")
def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    keep(Tally(), 30)
    with pytest.raises(BackendConfigError, match="cannot write"):
        write_dashboard(None, timedelta(hours=1), tmp_path / "none" / "page.html")
