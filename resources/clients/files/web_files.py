"""Files behind https:// addresses: fetched in one go, within limits, with headers for one host alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import httpx2

from docmill.pipeline.convert.errors import (
    SourceMissingError,
    SourceUnreadableError,
    TooManyBytesError,
)
from docmill.resources.clients.certificates import certificates
from docmill.resources.clients.files.web_addresses import is_web

__all__ = ["pieces"]

#: Of each silence, not of a file.
_TIMEOUT = httpx2.Timeout(60.0, connect=15.0)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_SENT = {"User-Agent": "docmill", "Accept-Encoding": "identity"}
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 407})


def pieces(address: str, headers: Mapping[str, str], max_bytes: int) -> Iterator[bytes]:
    """The bytes of a file, piece by piece.

    `headers` are sent to the host of `address` alone, whatever it redirects to. Raises `TooManyBytesError`,
    `SourceMissingError`, or `SourceUnreadableError` for a server that refuses or does not answer.
    """
    try:
        with _answer(address, headers) as answer:
            length = answer.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) > max_bytes:
                raise TooManyBytesError(f"it has {length} bytes; the limit is {max_bytes}")
            come = 0
            for piece in answer.iter_bytes():
                come += len(piece)
                if come > max_bytes:
                    raise TooManyBytesError(f"it has more than {max_bytes} bytes, which is the limit")
                yield piece
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise SourceUnreadableError(f"{_shown(address)} cannot be read: {why}") from error


@contextmanager
def _answer(address: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
    with httpx2.Client(timeout=_TIMEOUT, verify=certificates(), follow_redirects=False) as client:
        here = address
        for _ in range(_MOST_REDIRECTS + 1):
            own = headers if _origin(here) == _origin(address) else {}
            with client.stream("GET", here, headers={**_SENT, **own}) as answer:
                target = answer.headers.get("Location", "")
                if answer.status_code in _REDIRECTS and target:
                    here = urljoin(here, target)
                    if not is_web(here):
                        break
                    continue
                _check(address, answer.status_code)
                yield answer
                return
    raise SourceUnreadableError(f"{_shown(address)} leads to no file: it redirects too often, or elsewhere")


def _check(address: str, status: int) -> None:
    if status in _GONE:
        raise SourceMissingError(f"there is no file at {_shown(address)} (HTTP status {status})")
    if status in _REFUSED:
        raise SourceUnreadableError(
            f"{_shown(address)} is refused (HTTP status {status}); --header says who asks"
        )
    if status != httpx2.codes.OK:
        raise SourceUnreadableError(f"{_shown(address)} cannot be read: HTTP status {status}")


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.hostname, parts.port


def _shown(address: str) -> str:
    """The address without its query, which may hold a signature."""
    return urlsplit(address)._replace(query="", fragment="").geturl()
