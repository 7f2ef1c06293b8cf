"""The settings file `docmill.toml`: where it is, what stands in it, and on which line.

It imports no Dagster, so that commands which only ask can read it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.errors import SettingsError
from docmill.resources.home import default_home

__all__ = ["SETTINGS_VARIABLE", "SettingsFile", "from_environment", "read_settings_file", "variable"]

#: Names another file than the one in docmill's home.
SETTINGS_VARIABLE = "DOCMILL_SETTINGS"
_NAME = "docmill.toml"

#: Variables that are not named after their section and key.
_SHORT_VARIABLES = {
    ("store", "url"): "DOCMILL_STORE",
    ("inbox", "url"): "DOCMILL_INBOX",
    ("exports", "out"): "DOCMILL_OUT",
    ("alerts", "webhook"): "DOCMILL_ALERT_WEBHOOK",
    ("alerts", "ui_url"): "DOCMILL_UI_URL",
    ("reader", "password"): "DOCMILL_PASSWORD",
    ("execution", "executor"): "DOCMILL_EXECUTOR",
}


@dataclass(frozen=True)
class SettingsFile:
    """What stands in the file, by section; empty where there is none."""

    path: Path | None = None
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    def section(self, name: str) -> Mapping[str, Any]:
        """A section's settings; none where the file does not have it."""
        return self.sections.get(name, {})

    def where(self, *keys: str) -> str:
        """The file and the line of a setting, or of the nearest table around it."""
        line = self.line(*keys)
        return f"{self.path}, line {line}" if line else str(self.path)

    def line(self, *keys: str) -> int | None:
        """The line that says it, counted from 1; None where no line does."""
        best, found = 0, None
        for number, path in self._paths():
            common = min(len(path), len(keys))
            if common > best and path[:common] == keys[:common]:
                best, found = common, number
        return found

    def _paths(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The lines that begin a table or a setting, and the keys that they name."""
        table: tuple[str, ...] = ()
        for number, text in enumerate(self.text.splitlines(), 1):
            line = text.strip()
            if line.startswith("["):
                table = _keys(line.strip("[").partition("]")[0])
                yield number, table
            elif "=" in line and not line.startswith("#"):
                yield number, (*table, *_keys(line.partition("=")[0]))


def read_settings_file() -> SettingsFile:
    """The file of $DOCMILL_SETTINGS, else of $DOCMILL_HOME/docmill.toml where there is one.

    Raises `SettingsError` for a file that is named and missing, that cannot be read, or that is not TOML.
    """
    named = os.environ.get(SETTINGS_VARIABLE)
    path = Path(named).expanduser() if named else default_home() / _NAME
    if not named and not path.exists():
        return SettingsFile()
    try:
        text = path.read_text(encoding="utf-8")
        sections = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not a text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    found = SettingsFile(path, sections, text)
    for key, value in sections.items():
        if not isinstance(value, dict):
            raise SettingsError(f"{found.where(key)}: {key} stands in no section, such as [inbox]")
    return found


def variable(section: str, key: str) -> str:
    """The environment variable that says a setting, whatever the file says."""
    return _SHORT_VARIABLES.get((section, key)) or f"DOCMILL_{section}_{key}".upper()


def from_environment(section: str, key: str, *, text: bool) -> Any:
    """What a setting's variable says; None where it is not set, or empty.

    A `text` is taken as it is, anything else as it would stand in the file, where quotes may be left out.
    """
    said = os.environ.get(variable(section, key), "")
    if not said or text:
        return said or None
    try:
        return tomllib.loads(f"value = {said}")["value"]
    except tomllib.TOMLDecodeError:
        return said


def _keys(text: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in text.split("."))
