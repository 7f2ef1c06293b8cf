"""What settings come to, remembered: the fingerprints that a conversion under them has.

To make them takes Dagster's resources, a second of imports. So whoever has made them notes them under a
digest of all that they are made of: docmill's own code, the Python and the packages that run it, docmill's
variables and those that settings name, the settings file, and the options of the command; and of Dagster's
instance. When any of it is another, there is no note. Of a conversion with a stage that a server does nothing
is noted: the server may have other weights by now.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import typer

import docmill
from docmill.pipeline.cli.options.convert import PASSWORD_VARIABLE
from docmill.resources.home import default_home
from docmill.resources.secrets import is_reference
from docmill.resources.settings_file import read_settings_file

__all__ = ["KnownSettings", "digest_of_settings", "recall", "remember"]

_FILE = "known-settings.json"
#: More are not kept; the oldest goes.
_KEPT = 64
_PREFIX = "DOCMILL_"


class KnownSettings(msgspec.Struct, frozen=True):
    """The fingerprints of the stages in their order, and where results go unless a command says otherwise."""

    fingerprints: dict[str, str]
    out: str = ""


def digest_of_settings(stages: Mapping[str, Any]) -> str:
    """What names all that fingerprints are made of, with these options of the stages.

    Raises `SettingsError` for a file that cannot be read.
    """
    file = read_settings_file()
    said = {name: value for name, value in os.environ.items() if name.startswith(_PREFIX)}
    said.pop(PASSWORD_VARIABLE, None)  # it opens files, and makes no difference to what is in them
    named = {*_variables(file.sections)}.union(*(_variables(_parsed(value)) for value in said.values()))
    parts = [
        sys.version,
        sorted(entry.name for entry in os.scandir(Path(typer.__file__).parents[1])),
        list(_sources(Path(docmill.__file__).parent)),
        os.environ.get("DAGSTER_HOME", str(default_home() / "dagster")),  # another one sees a run of its own
        sorted(said.items()),
        sorted((name, os.environ.get(name)) for name in named),
        [str(file.path), file.text],
        dict(stages),
    ]
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def recall(digest: str) -> KnownSettings | None:
    """What was remembered under this digest."""
    return _known().get(digest)


def remember(digest: str, known: KnownSettings) -> None:
    """Remember it; where the home cannot be written, nothing is."""
    kept = {name: value for name, value in _known().items() if name != digest}
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    written = _path().with_name(f".{_FILE}.{uuid.uuid4().hex[:8]}.partial")
    with suppress(OSError):
        written.write_bytes(msgspec.json.encode({**kept, digest: known}))
        written.replace(_path())


def _path() -> Path:
    return default_home() / _FILE


def _known() -> dict[str, KnownSettings]:
    try:
        return msgspec.json.decode(_path().read_bytes(), type=dict[str, KnownSettings])
    except (OSError, msgspec.DecodeError):
        return {}


def _sources(folder: Path, below: str = "") -> Iterator[tuple[str, int, int]]:
    """docmill's modules: path, size and time of each."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = f"{below}/{entry.name}"
        if entry.is_dir():
            yield from _sources(Path(entry.path), path)
        elif entry.name.endswith(".py"):
            state = entry.stat()
            yield path, state.st_size, state.st_mtime_ns


def _variables(said: Any) -> Iterator[str]:
    """The variables that settings name."""
    if is_reference(said):
        yield from said.values()
    elif isinstance(said, Mapping):
        for value in said.values():
            yield from _variables(value)
    elif isinstance(said, list):
        for value in said:
            yield from _variables(value)


def _parsed(text: str) -> Any:
    """A variable's value as settings take it."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
