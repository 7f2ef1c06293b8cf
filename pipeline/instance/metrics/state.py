"""What the exporter knows of the past, in one object of the store: written first, shown then."""

from __future__ import annotations

import msgspec

from docmill.pipeline.instance.metrics.replay import Place
from docmill.pipeline.instance.metrics.tally import Row
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Past", "load_past", "save_past"]

_PATH = "metrics/exporter.json"


class Past(msgspec.Struct):
    """The counters, and how far each kind of event was read for them.

    By stage, the storage id of the last batch that it worked on; and, by model, that of the last note that
    its server was given up.
    """

    places: dict[str, Place] = {}
    rows: list[Row] = []
    worked: dict[str, int] = {}
    given_up: dict[str, dict[str, int]] = {}


def load_past(store: DocumentStore) -> Past:
    """What was saved; nothing when nothing was, or what is there is no such state.

    Raises `BackendUnavailableError` and `BackendConfigError`, as a store does.
    """
    try:
        return msgspec.json.decode(store.read(_PATH), type=Past)
    except (FileNotFoundError, msgspec.DecodeError):
        return Past()


def save_past(store: DocumentStore, past: Past) -> None:
    """Replace what was saved, at once."""
    store.write(_PATH, msgspec.json.encode(past))
