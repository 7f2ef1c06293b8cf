"""What is told of troubles, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from docmill.pipeline.instance.watching.news import Told, news
from docmill.pipeline.instance.watching.troubles import Trouble

NOW = datetime(2026, 11, 29, 2, 13, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)
INBOX, SENSOR = Trouble("stale", "nobody looks"), Trouble("tick/x", "x fails")


def test_a_long_outage_is_told_when_it_begins_now_and_then_and_when_it_is_over() -> None:
    told, said = Told(), []
    for minute in range(0, 13 * 60, 1):
        lines, told = news(told, [INBOX], NOW + timedelta(minutes=minute), SIX_HOURS)
        told = Told.parse(told.dump())
        said += [(minute, line) for line in lines]
    assert said == [
        (0, ":red_circle: nobody looks"),
        (360, ":red_circle: still, since 2026-11-29 02:13 UTC: nobody looks"),
        (720, ":red_circle: still, since 2026-11-29 02:13 UTC: nobody looks"),
    ]
    lines, told = news(told, [], NOW + timedelta(hours=13, minutes=5), SIX_HOURS)
    assert lines == [":large_green_circle: over, after 13 h 5 min: nobody looks"]
    assert told == Told()


def test_without_reminders_it_is_told_once() -> None:
    _, told = news(Told(), [INBOX], NOW, timedelta())
    assert news(told, [INBOX], NOW + timedelta(days=30), timedelta())[0] == []


def test_each_trouble_is_told_by_itself() -> None:
    _, told = news(Told(), [INBOX], NOW, SIX_HOURS)
    lines, told = news(told, [SENSOR], NOW + timedelta(minutes=1), SIX_HOURS)
    assert lines == [":red_circle: x fails", ":large_green_circle: over, after 1 min: nobody looks"]
    assert set(told.open) == {SENSOR.key}


def test_a_cursor_that_somebody_edited_tells_again() -> None:
    assert Told.parse("{") == Told.parse('{"open": 3}') == Told.parse(None) == Told()


def test_a_long_text_is_cut() -> None:
    [line], told = news(Told(), [Trouble("a", "x" * 5000)], NOW, SIX_HOURS)
    assert len(line) < 700
    assert len(told.dump()) < 1000
