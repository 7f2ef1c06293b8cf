"""`docmill health`: whether the daemon is there, and what is wrong, for cron, monitoring and probes.

It asks Dagster's instance, which is a database: no web server has to be there, and no daemon.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import msgspec

from docmill.pipeline.convert.errors import DocmillError
from docmill.pipeline.defs.automation.alert_sensors import ALERT_ON_TROUBLE, WATCHED, troubles_of
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.settings import settings_in_force
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.watching.troubles import Trouble, silent_daemons
from docmill.pipeline.stages.registry import STAGES

__all__ = ["show_health"]


class _Line(msgspec.Struct):
    what: str
    says: str


def show_health(*, daemons: bool, silent_seconds: float, prefix: Sequence[str], as_json: bool) -> int:
    """Print what is wrong, a line each; the exit code is 1 when anything is.

    With `daemons` only daemons that are not heard of for `silent_seconds` count: what a restart may help.
    `prefix` is the key prefix of docmill's definitions. Raises `DocmillError` for settings that are wrong.
    """
    longest = timedelta(seconds=silent_seconds)
    try:
        with open_instance() as instance:
            found = list(_found(instance, longest, Names(tuple(prefix)), daemons=daemons))
    except DocmillError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a database's driver raises, it is down
        found = [Trouble("instance", f"Dagster's instance does not answer: {' '.join(str(error).split())}")]
    for each in found:
        print(msgspec.json.encode(_Line(each.key, each.text)).decode() if as_json else each.text)
    if not found and not as_json:
        print("all is well")
    return 1 if found else 0


def _found(
    instance: dg.DagsterInstance, longest: timedelta, names: Names, *, daemons: bool
) -> Sequence[Trouble]:
    now = datetime.now(UTC)
    silent = silent_daemons(instance, longest, now, errors=not daemons)
    if daemons:
        return silent
    resources = settings_in_force().resources
    others = troubles_of(
        instance,
        names,
        resources["alerts"],
        resources["inbox"],
        STAGES[-1].name,
        now,
        watched=(*WATCHED, ALERT_ON_TROUBLE),
    )
    return [*silent, *others]
