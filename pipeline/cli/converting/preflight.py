"""What must be written while files are converted: found wanting before any work, and named rightly."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.room import is_no_room, no_room
from docmill.resources.home import default_home

__all__ = ["Place", "check_places", "homes", "output", "store_place"]

#: What a place must have room for at least.
_PROBE_BYTES = 1 << 20


@dataclass(frozen=True)
class Place:
    """A folder or prefix that is written to: what people call it, and what says where it is.

    `options` are fsspec's.
    """

    what: str
    url: str
    named_by: str
    options: Mapping[str, Any] = field(default_factory=dict)


def homes() -> list[Place]:
    """docmill's home, and that of Dagster's instance."""
    home = default_home()
    instance = os.environ.get("DAGSTER_HOME") or str(home / "dagster")
    return [
        Place("docmill's home", str(home), "$DOCMILL_HOME"),
        Place("Dagster's home", instance, "$DAGSTER_HOME"),
    ]


def store_place(store: DocumentStore) -> Place:
    """The store."""
    return Place(store.what, store.url, "store.url of the settings, or $DOCMILL_STORE", store.options)


def output(url: str) -> Place:
    """Where results go."""
    return Place("the output", url, "--out, --output-file, or exports.out of the settings")


def check_places(places: Iterable[Place]) -> None:
    """Write to each, and take it away again; nothing is made that was not there.

    Raises `BackendConfigError` for a place that cannot be written to, `NoRoomError` for a disk that is full,
    `BackendUnavailableError` for a server that does not answer.
    """
    for place in places:
        if "://" in place.url:
            _check_bucket(place)
        else:
            _check_folder(place)


def _check_folder(place: Place) -> None:
    folder = Path(place.url).expanduser()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    probe = folder / f".docmill.{uuid.uuid4().hex[:8]}.partial"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    except OSError as error:
        if is_no_room(error):
            raise no_room(place.what, place.url, error) from error
        raise BackendConfigError(
            f"cannot write to {place.what} at {place.url}: {error.strerror or error}. Make it writable, or "
            f"name another place: {place.named_by}"
        ) from error
    finally:
        with suppress(OSError):
            probe.unlink()


def _check_bucket(place: Place) -> None:
    try:
        if not DocumentStore(place.url, dict(place.options), place.what).has_bucket():
            raise BackendConfigError(
                f"there is no bucket for {place.what} at {place.url}: make it, or name another place: "
                f"{place.named_by}"
            )
    except BackendUnavailableError as error:
        raise BackendUnavailableError(
            f"{error}. An S3 server that is not AWS's is named by $AWS_ENDPOINT_URL"
        ) from error
