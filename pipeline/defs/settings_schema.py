"""What may stand in the settings file, as a JSON schema: for editors and for the values of the chart."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from docmill.pipeline.defs.configured import backends
from docmill.pipeline.defs.resources import resource_classes
from docmill.pipeline.defs.settings import EXECUTION
from docmill.pipeline.instance.executor import Execution
from docmill.resources.secrets import SECRET_OPTIONS, is_secret

__all__ = ["settings_schema"]


def settings_schema() -> dict[str, Any]:
    """The schema of `docmill.toml`, draft 7: nothing but settings, each with its type and bounds.

    It refuses what `built` refuses; of secrets in `options` those whose spelling is the usual one.
    """
    classes = resource_classes() | {EXECUTION: Execution}
    return _object({name: _section(kind) for name, kind in classes.items()})


def _options(levels: int = 3) -> dict[str, Any]:
    """fsspec's options, or headers: what is a secret is referred to."""
    names = sorted({each for name in SECRET_OPTIONS for each in (name, name.title())})
    inner = [{"not": {"type": "object"}}, _options(levels - 1)] if levels > 1 else [{}]
    return {
        "type": "object",
        "patternProperties": {f"^({'|'.join(names)})$": {"anyOf": [_reference("env"), _reference("file")]}},
        "additionalProperties": {"anyOf": inner},
    }


def _section(kind: type[BaseModel]) -> dict[str, Any]:
    return _object({key: _field(field) for key, field in kind.model_fields.items() if key != "kind"})


def _reference(to: str) -> dict[str, Any]:
    """`{"env": NAME}` or `{"file": PATH}`, in place of the value itself."""
    return _object({to: {"type": "string", "minLength": 1}}) | {"required": [to]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _field(field: FieldInfo) -> dict[str, Any]:
    """A setting's schema, with what it is for."""
    return {"description": field.description, **_type(field)} if field.description else _type(field)


def _type(field: FieldInfo) -> dict[str, Any]:
    if kinds := backends(field):
        chosen = [_object({name: _section(kind)}) | {"required": [name]} for name, kind in kinds.items()]
        return {"anyOf": [{"enum": list(kinds)}, *chosen]}
    if is_secret(field):
        return _reference("env")
    if field.annotation is str:
        return {"anyOf": [{"type": "string"}, _reference("env")]}
    if field.annotation == dict[str, Any] and field.default_factory is not None:
        return _options()
    bounded: Any = Annotated[field.annotation, "bounds", *field.metadata]
    return _plain(TypeAdapter(bounded).json_schema())


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A type's schema without references within it, without names, and without null, which TOML has not."""
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def inner(value: Any) -> Any:
        if isinstance(value, list):
            return [inner(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return inner(definitions[value["$ref"].rpartition("/")[2]])
        return {key: inner(each) for key, each in value.items() if key not in ("title", "description")}

    made: dict[str, Any] = inner(schema)
    alternatives = [each for each in made.pop("anyOf", ()) if each != {"type": "null"}]
    if not alternatives:
        return made
    return made | (alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives})
