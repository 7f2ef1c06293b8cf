"""Secrets by reference: what is said of them names an environment variable or a file, never themselves.

Settings are kept in Dagster's database, shown in its UI and printed by `docmill settings`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docmill.pipeline.convert.errors import BackendConfigError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["SECRET", "SECRET_OPTIONS", "is_reference", "is_secret", "resolved", "secret"]

#: Marks a field of a resource, in `json_schema_extra`. Beside it is one of that name and `_file`.
SECRET = {"secret": True}
#: What fsspec's file systems and HTTP call theirs, in lower case.
SECRET_OPTIONS = frozenset(
    {
        *("secret", "token", "password", "account_key", "sas_token", "connection_string"),
        *("authorization", "proxy-authorization", "cookie", "x-api-key", "private-token"),
    }
)


def is_secret(field: FieldInfo) -> bool:
    """Whether a field of a resource is marked with `SECRET`."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("secret"))


def is_reference(value: object) -> bool:
    """Whether it is `{"env": NAME}` or `{"file": PATH}`."""
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and value.keys() <= {"env", "file"}
        and all(isinstance(each, str) for each in value.values())
    )


def secret(value: str, file: str) -> str:
    """The secret that was given, else what stands in the file. Raises `BackendConfigError`."""
    return value or (_read(file) if file else "")


def resolved(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with what their references refer to; `BackendConfigError` where that is missing."""
    return {
        key: _referred(value)
        if is_reference(value)
        else resolved(value)
        if isinstance(value, Mapping)
        else value
        for key, value in options.items()
    }


def _referred(reference: Mapping[str, str]) -> str:
    if path := reference.get("file"):
        return _read(path)
    name = reference["env"]
    if name not in os.environ:
        raise BackendConfigError(f"the environment variable {name} is not set, which the settings refer to")
    return os.environ[name]


def _read(file: str) -> str:
    try:
        return Path(file).expanduser().read_text().strip()
    except OSError as error:
        raise BackendConfigError(f"the secret in {file} cannot be read: {error.strerror}") from error
