"""`docmill settings`: what is in force, where it comes from, a file to begin with, and its schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.defs.settings import Setting, settings_in_force
from docmill.pipeline.defs.settings_schema import settings_schema

__all__ = ["print_example", "print_schema", "print_settings"]

_WIDTH = 100


def print_settings(*, every: bool, as_json: bool) -> None:
    """Print what is set; with `every` also what is at its default. Raises `SettingsError`."""
    settings = settings_in_force()
    found = [each for each in settings.each() if every or each.origin != "default"]
    if as_json:
        for each in found:
            print(msgspec.json.encode(each).decode())
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"Settings file: {escape(str(settings.file.path or 'none'))}")
    table = Table(box=box.SIMPLE)
    for column in ("setting", "value", "from"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            f"{each.section}.{each.key}",
            escape(_toml(each.value)),
            escape(each.origin.removeprefix(f"{settings.file.path}, ")),
        )
    if found:
        Console(highlight=False).print(table)
    elif not every:
        console.print("Everything is at its default: `docmill settings --all` shows it.")
    if unknown := sorted(settings.unknown_variables(os.environ)):
        console.print(f"[yellow]not a setting:[/] {', '.join(unknown)}")


def print_example() -> None:
    """Print a file with every setting at its default, as comments."""
    print("# Settings of docmill. What stands here comes before docmill's defaults, after the environment.")
    print('# A secret is named, not written down: password = { env = "NAME" }, or password_file = "PATH".')
    for section, settings in groupby(settings_in_force().defaults(), lambda each: each.section):
        print(f"\n[{section}]")
        for each in settings:
            for line in _wrapped(each):
                print(f"# {line}")
            print(f"# ({each.key})" if each.value is None else f"#{each.key} = {_toml(each.value)}")


def print_schema() -> None:
    """Print the JSON schema of a settings file."""
    print(msgspec.json.format(msgspec.json.encode(settings_schema()), indent=2).decode())


def _wrapped(setting: Setting) -> Iterator[str]:
    line = ""
    for word in setting.description.split():
        if line and len(line) + len(word) >= _WIDTH:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    if line:
        yield line


def _toml(value: Any) -> str:
    """A value as it would stand in the file; of none, nothing."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return msgspec.json.encode(value).decode()
