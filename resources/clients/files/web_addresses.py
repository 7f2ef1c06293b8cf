"""http:// and https:// addresses of files: which they are, and what their files are called."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["check_address", "is_web", "web_name"]

_SCHEMES = ("https://", "http://")
_PDF = ".pdf"


def is_web(address: str) -> bool:
    """Whether it is an http:// or https:// address."""
    return address.lower().startswith(_SCHEMES)


def check_address(address: str) -> None:
    """Raise `BackendConfigError` for an address with a password in it, or without a host."""
    parts = urlsplit(address)
    if not parts.hostname:
        raise BackendConfigError(f"{address} names no host")
    if parts.username or parts.password:
        # it would stand in manifests, in the ledger and in Dagster's database
        raise BackendConfigError(
            f"the address of {parts.hostname} has a user or a password in it; give them as a header instead: "
            '--header "Authorization: @FILE"'
        )


def web_name(address: str) -> str:
    """A file's name: the last part of its path, with .pdf at the end."""
    parts = urlsplit(address)
    name = PurePosixPath(unquote(parts.path)).name.replace("\x00", "") or str(parts.hostname)
    return name if name.lower().endswith(_PDF) else f"{name}{_PDF}"
