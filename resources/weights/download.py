"""Fetches files over HTTP: a broken transfer goes on where it was, and failures that pass are borne with.

Proxies and certificates are those of the environment.
"""

from __future__ import annotations

import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from docmill.resources.clients.backoff import pause

__all__ = ["PATIENT", "Patience", "TransferError", "download", "read"]

T = TypeVar("T")

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_PIECE = 1 << 20
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server. `timeout_s` is for each silence, not for a file."""

    timeout_s: float = 30.0
    attempts: int = 5
    longest_pause_s: float = 20.0


PATIENT = Patience()


class TransferError(Exception):
    """A file could not be fetched, in words; `status` is the server's answer where it gave one."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


def download(
    url: str, target: Path, size: int, patience: Patience = PATIENT, headers: Mapping[str, str] = _NONE
) -> None:
    """Append to `target` what it lacks of a file of `size` bytes, or begin anew where that cannot be had.

    Raises `TransferError`, which leaves what has come, and `OSError` for the disk.
    """
    _patiently(lambda: _append(url, target, size, patience.timeout_s, headers), patience)


def read(url: str, patience: Patience = PATIENT, headers: Mapping[str, str] = _NONE) -> bytes:
    """A small file. Raises `TransferError`."""

    def fetch() -> bytes:
        with urllib.request.urlopen(_request(url, headers), timeout=patience.timeout_s) as answer:
            return bytes(answer.read())

    return _patiently(fetch, patience)


def _patiently(fetch: Callable[[], T], patience: Patience) -> T:
    attempt = 0
    while True:
        attempt += 1
        try:
            return fetch()
        except urllib.error.HTTPError as error:
            if error.code not in _PASSING or attempt == patience.attempts:
                raise TransferError(f"HTTP status {error.code}", error.code) from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
                raise  # the disk, not the network
            if attempt == patience.attempts:
                reason = getattr(error, "reason", error)
                raise TransferError(f"{reason or type(error).__name__}") from error
        time.sleep(pause(attempt, first_s=1.0, longest_s=patience.longest_pause_s))


def _append(url: str, target: Path, size: int, timeout_s: float, headers: Mapping[str, str]) -> None:
    have = target.stat().st_size if target.exists() else 0
    if have > size:
        target.unlink()
        have = 0
    if have == size:
        return
    request = _request(url, {**headers, "Range": f"bytes={have}-"} if have else headers)
    with urllib.request.urlopen(request, timeout=timeout_s) as answer:
        mode = "ab" if answer.status == http.HTTPStatus.PARTIAL_CONTENT else "wb"
        with target.open(mode) as out:
            shutil.copyfileobj(answer, out, _PIECE)
    if target.stat().st_size < size:
        raise ConnectionError("the connection ended early")


def _request(url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    return urllib.request.Request(
        url, headers={"User-Agent": "docmill", "Accept-Encoding": "identity", **headers}
    )
