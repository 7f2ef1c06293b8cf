"""Fetches files over HTTP: a broken transfer goes on where it was, and failures that pass are borne with.

Proxies and certificates are those of the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import httpx2

from docmill.resources.clients.backoff import pause
from docmill.resources.clients.certificates import certificates

__all__ = ["PATIENT", "Patience", "TransferError", "download", "read"]

T = TypeVar("T")

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_BROKEN = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.ProxyError, httpx2.RemoteProtocolError)
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server. `timeout_s` is for each silence, not for a file."""

    timeout_s: float = 30.0
    attempts: int = 5
    longest_pause_s: float = 20.0


PATIENT = Patience()


class TransferError(Exception):
    """A file could not be fetched, in words."""


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
        with _answer(url, patience.timeout_s, headers) as answer:
            return answer.read()

    return _patiently(fetch, patience)


def _patiently(fetch: Callable[[], T], patience: Patience) -> T:
    attempt = 0
    while True:
        attempt += 1
        try:
            return fetch()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            status = error.response.status_code if isinstance(error, httpx2.HTTPStatusError) else None
            passing = status in _PASSING if status else isinstance(error, _BROKEN)
            if not passing or attempt == patience.attempts:
                reason = f"HTTP status {status}" if status else str(error) or type(error).__name__
                raise TransferError(reason) from error
        time.sleep(pause(attempt, first_s=1.0, longest_s=patience.longest_pause_s))


@contextmanager
def _answer(url: str, timeout_s: float, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
    """The answer to a request; another host that it is redirected to gets no token."""
    sent = {"User-Agent": "docmill", "Accept-Encoding": "identity", **headers}
    with httpx2.stream(
        "GET", url, headers=sent, timeout=timeout_s, verify=certificates(), follow_redirects=True
    ) as answer:
        answer.raise_for_status()
        yield answer


def _append(url: str, target: Path, size: int, timeout_s: float, headers: Mapping[str, str]) -> None:
    have = target.stat().st_size if target.exists() else 0
    if have > size:
        target.unlink()
        have = 0
    if have == size:
        return
    with _answer(url, timeout_s, {**headers, "Range": f"bytes={have}-"} if have else headers) as answer:
        whole = answer.status_code != httpx2.codes.PARTIAL_CONTENT
        with target.open("wb" if whole else "ab") as out:
            for piece in answer.iter_raw():
                out.write(piece)
    if target.stat().st_size < size:
        raise httpx2.RemoteProtocolError("the connection ended early")
