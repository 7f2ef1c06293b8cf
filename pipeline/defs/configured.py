"""A resource from settings as people write them, in a file or in YAML: what is wrong is named by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

import dagster as dg
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from docmill.pipeline.convert.errors import SettingsError
from docmill.resources.secrets import SECRET_OPTIONS, is_reference, is_secret

__all__ = ["WrongSettingError", "backends", "built", "nearest"]


class WrongSettingError(SettingsError):
    """A setting that there is not, or a value that it cannot have; `path` are the keys to it."""

    def __init__(self, message: str, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def built(kind: type[BaseModel], values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Any:
    """An object of a class of settings.

    `{"env": NAME}` stands for the value of an environment variable where a text is expected. Backends are
    `"KIND"` or `{KIND: settings}`, as in Dagster's launchpad. Raises `WrongSettingError`.
    """
    taken = {}
    for key, value in values.items():
        field = kind.model_fields.get(key)
        if field is None:
            raise WrongSettingError(
                f"there is no setting {'.'.join((*path, key))}{nearest(key, kind.model_fields)}", (*path, key)
            )
        taken[key] = _value(field, value, (*path, key))
    try:
        return kind(**taken)
    except ValidationError as error:
        first = error.errors()[0]
        keys = (*path, *(str(each) for each in first["loc"]))
        raise WrongSettingError(f"{'.'.join(keys)}: {first['msg']}, not {first['input']!r}", keys) from error


def backends(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """The classes that a setting chooses from, by kind; none when it is no such choice."""
    if not field.discriminator:
        return {}
    return {each.model_fields["kind"].default: each for each in get_args(field.annotation)}


def nearest(name: str, known: Mapping[str, object]) -> str:
    """What was probably meant, or what there is, as the rest of a sentence."""
    close = get_close_matches(name, known, 1, 0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"


def _value(field: FieldInfo, value: Any, path: tuple[str, ...]) -> Any:
    if kinds := backends(field):
        return _backend(kinds, value, path)
    if field.annotation is str and is_reference(value) and "env" in value:
        return dg.EnvVar(value["env"])
    if (is_secret(field) and value) or any(_open_secrets(value)):
        key = path[-1]
        instead = f'; or {key}_file = "PATH"' if is_secret(field) else ', or { file = "PATH" }'
        raise WrongSettingError(
            f'{".".join(path)} is a secret, and is not written down: {key} = {{ env = "NAME" }}{instead}',
            path,
        )
    return value


def _backend(kinds: Mapping[str, type[BaseModel]], value: Any, path: tuple[str, ...]) -> BaseModel:
    chosen = {value: {}} if isinstance(value, str) else value
    if not isinstance(chosen, Mapping) or len(chosen) != 1:
        raise WrongSettingError(f"{'.'.join(path)} is one of {', '.join(kinds)}", path)
    [(name, settings)] = chosen.items()
    if name not in kinds:
        raise WrongSettingError(f"{'.'.join(path)} cannot be {name}{nearest(name, kinds)}", (*path, name))
    made: BaseModel = built(kinds[name], settings, (*path, name))
    return made


def _open_secrets(value: Any) -> Iterator[str]:
    """The options in `value` that hold a secret themselves."""
    if isinstance(value, Mapping) and not is_reference(value):
        for key, each in value.items():
            if key.lower() in SECRET_OPTIONS and not is_reference(each):
                yield key
            yield from _open_secrets(each)
