"""What servers had for the stages of a run: noted by the step that asked, and taken by the steps after it.

A run's steps are processes of their own. A server may get other weights between two of them; then the later
one would look for what the earlier one made under another fingerprint. So the step of a stage asks the
server of that stage, whenever it is begun, and notes the answer in a tag of the run; all others take what is
noted. A run that goes on from a failed one takes the notes of steps that it does not repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import msgspec

from docmill.pipeline.stages.conversion import Conversion

__all__ = ["as_noted", "resolved_for"]

_TAG = "docmill/served."


def resolved_for(
    conversion: Conversion, stage: str, instance: dg.DagsterInstance, run: str, prefix: Sequence[str] = ()
) -> Conversion:
    """The conversion with what servers have for a stage, and had for those before it.

    The server of the stage is asked, and so are those before it that nobody has asked for this run.
    A stage whose server is away falls back where the settings say so, which is noted as what it had.
    `prefix` is that of the assets' keys. Raises `BackendError`.
    """
    concerned = {name for name in (*conversion.before(stage), stage) if conversion.stages[name].pinned}
    if not concerned:
        return conversion
    known = _noted(instance, run, prefix)
    taken = (concerned - {stage}) & known.keys()
    found = conversion.with_served({name: known[name] for name in taken}).asked(
        concerned - taken, fall_back=True
    )
    _note(instance, run, {name: found.served[name] for name in concerned - taken}, prefix)
    return found


def as_noted(conversion: Conversion, instance: dg.DagsterInstance, run: str) -> Conversion:
    """The conversion with what its servers had for the stages of a run, once it has ended."""
    pinned = any(stage.pinned for stage in conversion.stages.values())
    return conversion.with_served(_noted(instance, run, ())) if pinned else conversion


def _noted(instance: dg.DagsterInstance, run: str, prefix: Sequence[str]) -> dict[str, dict[str, str]]:
    """By stage; of a run that goes on from another one also what that one noted."""
    found: dict[str, dict[str, str]] = {}
    for tags in _tags(instance, run):
        for tag, value in tags.items():
            *before, stage = tag.removeprefix(_TAG).split(".")
            if tag.startswith(_TAG) and before == [*prefix]:
                found.setdefault(stage, msgspec.json.decode(value, type=dict[str, str]))
    return found


def _tags(instance: dg.DagsterInstance, run: str | None) -> Iterator[Mapping[str, str]]:
    """Those of a run as they are now, and of the runs that it goes on from."""
    while run and (found := instance.get_run_by_id(run)):
        yield found.tags
        run = found.parent_run_id


def _note(
    instance: dg.DagsterInstance, run: str, served: Mapping[str, Mapping[str, str]], prefix: Sequence[str]
) -> None:
    tags = {
        _TAG + ".".join([*prefix, stage]): msgspec.json.encode(models, order="deterministic").decode()
        for stage, models in served.items()
    }
    if tags:
        instance.add_run_tags(run, tags)
