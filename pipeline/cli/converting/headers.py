"""`--header`: what goes with requests for https:// addresses, so that no secret is kept or shown anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["Headers", "parse_headers"]

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLE = "DOCMILL_HEADER_"


@dataclass(frozen=True)
class Headers:
    """Headers by reference: `named` says the variable or the file, `variables` hold what was typed."""

    named: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]


def parse_headers(given: Sequence[str]) -> Headers:
    """`Name: VALUE`, `Name: @FILE` or `Name: env:VARIABLE`. Raises `BackendConfigError` for anything else."""
    named: dict[str, Mapping[str, str]] = {}
    variables: dict[str, str] = {}
    for number, each in enumerate(given, 1):
        name, colon, value = (part.strip() for part in each.partition(":"))
        if not colon or not value or not _NAME.fullmatch(name) or "\n" in value or "\r" in value:
            # not what was given: it may be a secret
            raise BackendConfigError(f"--header number {number} is not like 'Name: value' or 'Name: @FILE'")
        if value.startswith("@"):
            named[name] = {"file": str(Path(value[1:]).expanduser().resolve())}
        elif value.startswith("env:"):
            named[name] = {"env": value.removeprefix("env:")}
        else:
            variables[f"{_VARIABLE}{number}"] = value
            named[name] = {"env": f"{_VARIABLE}{number}"}
    return Headers(named, variables)
