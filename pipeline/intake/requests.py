"""Requests to run batches, left in the store for the daemon: requests/20261125T020311-5f0c.json.

Dagster has no public way to launch runs from outside its own processes other than its web server. A request
needs nothing but the store; the sensor `requested_batches` turns it into runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from docmill.pipeline.instance.runs.lanes import Lane
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Request", "RequestCursor", "read_requests", "take", "withdraw", "write_request"]

_FOLDER = "requests"


class Request(msgspec.Struct, frozen=True):
    """Batches that somebody asked for, why, and with what run configuration; `by` is who that was.

    `runs` are runs of some of them that were interrupted, whose settings the next ones are to have besides.
    """

    id: str
    created: datetime
    batches: list[str]
    lane: Lane
    why: str
    config: dict[str, Any] = {}
    by: str = ""
    runs: dict[str, str] = {}


class RequestCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many batches of each request have been asked for; those that are through can be removed."""

    taken: dict[str, int] = {}

    @staticmethod
    def parse(text: str | None) -> RequestCursor:
        """The cursor as Dagster kept it; a new one when there is none or somebody has edited it."""
        try:
            return msgspec.json.decode(text, type=RequestCursor) if text else RequestCursor()
        except (msgspec.DecodeError, msgspec.ValidationError):
            return RequestCursor()

    def dump(self) -> str:
        """The cursor as text."""
        return msgspec.json.encode(self).decode()


def write_request(
    store: DocumentStore,
    batches: Sequence[str],
    lane: Lane,
    why: str,
    config: Mapping[str, Any] | None = None,
    *,
    by: str = "",
    runs: Mapping[str, str] | None = None,
) -> Request:
    """Ask for runs of these batches, with a run configuration that holds no secret.

    Where earlier `runs` are named their settings stay, but for that configuration.
    """
    now = datetime.now(UTC)
    id_ = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    request = Request(id_, now, list(batches), lane, why, dict(config or {}), by, dict(runs or {}))
    store.write(_path(request.id), msgspec.json.encode(request))
    return request


def read_requests(store: DocumentStore) -> list[Request]:
    """The requests that are open, in order of arrival."""
    found = []
    for path in store.list(_FOLDER):
        try:
            found.append(msgspec.json.decode(store.read(path), type=Request))
        except FileNotFoundError:
            continue
    return found


def withdraw(store: DocumentStore, id_: str) -> Request | None:
    """Ask no more for what was not taken yet; the request, where there was one."""
    found = next((request for request in read_requests(store) if request.id == id_), None)
    store.delete([_path(id_)])
    return found


def take(
    store: DocumentStore, cursor: RequestCursor, limit: int
) -> tuple[list[tuple[Request, str]], RequestCursor]:
    """The next batches, at most `limit`, and the cursor that says so once Dagster has kept it.

    Requests that are through by the cursor given, which Dagster has kept, are removed.
    """
    found: list[tuple[Request, str]] = []
    taken: dict[str, int] = {}
    for request in read_requests(store):
        start = cursor.taken.get(request.id, 0)
        if start >= len(request.batches):
            store.delete([_path(request.id)])
            continue
        batches = request.batches[start : start + limit - len(found)]
        found += [(request, batch) for batch in batches]
        taken[request.id] = start + len(batches)
    return found, RequestCursor(taken)


def _path(id_: str) -> str:
    return f"{_FOLDER}/{id_}.json"
