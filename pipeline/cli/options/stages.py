"""Options of `docmill convert` that stages bring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Annotated, Any

import typer

from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.spec import StageOption

__all__ = ["STAGE_OPTIONS", "with_stage_options"]

#: By name, in the order of the stages.
STAGE_OPTIONS: Mapping[str, StageOption] = MappingProxyType(
    {option.name: option for stage in STAGES for option in stage.options}
)


def with_stage_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each of the stages' own, after its first two parameters.

    What was given of them is handed to it in the mapping `stages`.
    """

    @wraps(command)
    def taken(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in STAGE_OPTIONS}
        command(**given, stages={name: value for name, value in chosen.items() if value is not None})

    own = [
        each
        for each in inspect.signature(command, eval_str=True).parameters.values()
        if each.name != "stages"
    ]
    parameters = [*own[:2], *(_parameter(option) for option in STAGE_OPTIONS.values()), *own[2:]]
    taken.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    taken.__annotations__ = {each.name: each.annotation for each in parameters}
    return taken


def _parameter(option: StageOption) -> inspect.Parameter:
    kind: Any = int if type(option.default) is int else str if isinstance(option.default, str) else bool
    flags = [option.flag, *([option.short] if option.short else [])]
    made = typer.Option(
        *flags,
        help=option.help,
        metavar=option.metavar,
        show_default=str(option.default) if option.default else False,
        autocompletion=_completion(option) if option.choices else None,
    )
    own = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(option.name, own, default=None, annotation=Annotated[kind | None, made])


def _completion(option: StageOption) -> Callable[[str], list[str]]:
    """What may follow what was typed; of several choices, those that were not named yet."""

    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",") if option.several else ("", "", incomplete)
        named = before.split(",")
        fitting = (each for each in option.choices if each.startswith(begun) and each not in named)
        return [f"{before}{comma}{each}" for each in fitting]

    return complete
