"""Who is told of troubles wants to hear of each once: when it begins, now and then, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from docmill.pipeline.instance.watching.troubles import Trouble

__all__ = ["Told", "news"]

_MAX_TEXT = 600


class _Open(msgspec.Struct, frozen=True):
    """A trouble that was told of: since when, when last, and what was said."""

    since: datetime
    told: datetime
    text: str


class Told(msgspec.Struct, frozen=True):
    """What was told and is not over, by the troubles' keys: a sensor's cursor."""

    open: dict[str, _Open] = {}

    @staticmethod
    def parse(text: str | None) -> Told:
        """The cursor as Dagster kept it; a new one when there is none or somebody has edited it."""
        try:
            return msgspec.json.decode(text, type=Told) if text else Told()
        except (msgspec.DecodeError, msgspec.ValidationError):
            return Told()

    def dump(self) -> str:
        """The cursor as text."""
        return msgspec.json.encode(self).decode()


def news(told: Told, found: Iterable[Trouble], now: datetime, remind: timedelta) -> tuple[list[str], Told]:
    """The lines to be said now, in Slack's mrkdwn, and what was told when they are said.

    Nothing is said again of a trouble before `remind` has passed; with no time, never.
    """
    troubles = {each.key: each for each in found}
    lines: list[str] = []
    open_: dict[str, _Open] = {}
    for key, trouble in troubles.items():
        before = told.open.get(key)
        text = trouble.text if len(trouble.text) <= _MAX_TEXT else f"{trouble.text[: _MAX_TEXT - 1]}…"
        if before is None:
            lines.append(f":red_circle: {text}")
            open_[key] = _Open(now, now, text)
        elif remind and now - before.told >= remind:
            lines.append(f":red_circle: still, since {before.since:%F %H:%M} UTC: {text}")
            open_[key] = _Open(before.since, now, text)
        else:
            open_[key] = before
    for key, before in told.open.items():
        if key not in troubles:
            lines.append(f":large_green_circle: over, after {_long(now - before.since)}: {before.text}")
    return lines, Told(open_)


def _long(time: timedelta) -> str:
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
