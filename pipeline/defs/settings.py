"""The settings in force: from the environment, else from the settings file, else docmill's defaults.

Everything reads them here: definitions, and with them sensors, schedules, backfills and the runs that they
ask for; and every command, whose own options come before them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docmill.pipeline.convert.errors import SettingsError
from docmill.pipeline.defs.configured import WrongSettingError, built, nearest
from docmill.pipeline.defs.resources import resource_classes
from docmill.pipeline.instance.executor import Execution
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.spec import Stage
from docmill.resources.secrets import is_secret
from docmill.resources.settings_file import (
    SETTINGS_VARIABLE,
    SettingsFile,
    from_environment,
    read_settings_file,
    variable,
)

__all__ = ["Setting", "Settings", "settings_in_force"]

EXECUTION = "execution"
#: Those that are no settings: where things are, and what tests are told.
_OTHER_VARIABLES = {
    SETTINGS_VARIABLE,
    "DOCMILL_HOME",
    "DOCMILL_MODELS",
    "DOCMILL_CONFORMANCE",
    "DOCMILL_QUALITY",
}


@dataclass(frozen=True)
class Setting:
    """One setting: its value as it is shown, and where that comes from."""

    section: str
    key: str
    value: Any
    origin: str
    description: str


@dataclass(frozen=True)
class Settings:
    """What the file and the environment say."""

    file: SettingsFile
    stages: Sequence[type[Stage]] = STAGES

    @cached_property
    def resources(self) -> dict[str, Any]:
        """docmill's resources by key, as they are set. Raises `SettingsError`."""
        return {name: self._built(name, kind) for name, kind in resource_classes(self.stages).items()}

    @cached_property
    def execution(self) -> Execution:
        """How runs are executed. Raises `SettingsError`."""
        made: Execution = self._built(EXECUTION, Execution)
        return made

    def check(self) -> None:
        """Raise `SettingsError` for a section that there is not; the message names file and line."""
        for section in self.file.sections:
            if section not in self._classes:
                raise SettingsError(
                    f"{self.file.where(section)}: there is no section [{section}]"
                    f"{nearest(section, self._classes)}"
                )

    def each(self) -> Iterator[Setting]:
        """Every setting, by section."""
        for section, kind in self._classes.items():
            made = self.execution if section == EXECUTION else self.resources[section]
            for key, field in kind.model_fields.items():
                yield Setting(
                    section,
                    key,
                    _shown(getattr(made, key), field),
                    self._origin(section, key),
                    field.description or "",
                )

    def defaults(self) -> Iterator[Setting]:
        """Every setting with its default."""
        for section, kind in self._classes.items():
            made = kind()
            for key, field in kind.model_fields.items():
                shown = _shown(getattr(made, key), field)
                yield Setting(section, key, shown, "default", field.description or "")

    def unknown_variables(self, names: Iterable[str]) -> set[str]:
        """The variables among these that look like docmill's, and are none."""
        known = {
            variable(section, key) for section, kind in self._classes.items() for key in kind.model_fields
        }
        return {name for name in names if name.startswith("DOCMILL_")} - known - _OTHER_VARIABLES

    @cached_property
    def _classes(self) -> dict[str, type[BaseModel]]:
        return resource_classes(self.stages) | {EXECUTION: Execution}

    def _built(self, section: str, kind: type[BaseModel]) -> Any:
        given = dict(self.file.section(section))
        variables = {}
        for key, field in kind.model_fields.items():
            if (said := _said(section, key, field)) is not None:
                variables[key] = variable(section, key)
                given[key] = said
        try:
            return built(kind, given, (section,))
        except WrongSettingError as error:
            key = error.path[1] if len(error.path) > 1 else ""
            where = f"${variables[key]}" if key in variables else self.file.where(*error.path)
            raise SettingsError(f"{where}: {error.message}") from error

    def _origin(self, section: str, key: str) -> str:
        if os.environ.get(name := variable(section, key)):
            return f"${name}"
        return self.file.where(section, key) if key in self.file.section(section) else "default"


def settings_in_force(stages: Sequence[type[Stage]] = STAGES) -> Settings:
    """The settings of now. Raises `SettingsError` for a file that cannot be read or has unknown sections."""
    settings = Settings(read_settings_file(), stages)
    settings.check()
    return settings


def _said(section: str, key: str, field: FieldInfo) -> Any:
    """What a setting's variable says, if anything; of a secret, where it is to be found."""
    name = variable(section, key)
    if is_secret(field):
        return {"env": name} if os.environ.get(name) else None
    return from_environment(section, key, text=field.annotation is str)


def _shown(value: Any, field: FieldInfo) -> Any:
    """A value as JSON has it; of a variable its name, and of a secret nothing else."""
    if isinstance(value, dg.EnvVar):
        return f"${value.env_var_name}"
    if is_secret(field) and value:
        return "(set)"
    if isinstance(value, BaseModel):
        inner = {key: _shown(getattr(value, key), each) for key, each in type(value).model_fields.items()}
        kind = inner.pop("kind", None)
        defaults = {key: each.default for key, each in type(value).model_fields.items()}
        set_ = {key: each for key, each in inner.items() if each != defaults[key]}
        return {kind: set_} if set_ else kind
    return json.loads(json.dumps(value, default=str))
