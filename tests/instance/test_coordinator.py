"""The lanes of runs that come without one: of the UI, of its backfills, of other people's sensors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from docmill.pipeline.instance.coordinator import LanedRunCoordinator

ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("docmill"), "__repository__"), "any"
)


@dg.op
def nothing() -> None:
    pass


@dg.job
def work() -> None:
    nothing()


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the coordinator that deploy/dagster.yaml names."""
    coordinator = {"module": LanedRunCoordinator.__module__, "class": LanedRunCoordinator.__name__}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides={"run_coordinator": coordinator}) as made:
        yield made


def submitted(
    instance: dg.DagsterInstance, headers: dict[str, str] | None = None, **tags: str
) -> dict[str, Any]:
    """The tags of a run that Dagster has put into the queue."""
    named = {key.replace("__", "/"): value for key, value in tags.items()}
    run = instance.create_run_for_job(work, tags=named, remote_job_origin=ORIGIN)
    asked = SimpleNamespace(headers=headers or {})
    context = SimpleNamespace(dagster_run=run, get_request_header=asked.headers.get)
    done = instance.run_coordinator.submit_run(context)  # type: ignore[arg-type]
    assert done.status is dg.DagsterRunStatus.QUEUED
    return dict(done.tags)


def lane(tags: dict[str, Any]) -> tuple[str | None, str | None]:
    return tags.get("lane"), tags.get("dagster/priority")


def test_a_run_of_the_launchpad_is_before_what_the_inbox_brings(queued: dg.DagsterInstance) -> None:
    assert lane(submitted(queued)) == ("interactive", "10")


def test_a_backfill_of_the_ui_waits_for_everything_else(queued: dg.DagsterInstance) -> None:
    assert lane(submitted(queued, dagster__backfill="abcd")) == ("backfill", "-1")


def test_a_lane_that_was_chosen_stands(queued: dg.DagsterInstance) -> None:
    assert lane(submitted(queued, dagster__backfill="abcd", lane="inbox")) == ("inbox", "0")
    assert lane(submitted(queued, lane="backfill", dagster__priority="3")) == ("backfill", "3")
    assert lane(submitted(queued, dagster__priority="3")) == (None, "3")
    assert lane(submitted(queued, lane="express")) == ("express", None)


@pytest.mark.parametrize("tag", ["dagster/sensor_name", "dagster/schedule_name"])
def test_what_launches_by_itself_is_as_it_is(queued: dg.DagsterInstance, tag: str) -> None:
    assert lane(submitted(queued, None, **{tag: "theirs"})) == (None, None)


def test_who_signed_in_at_a_proxy_is_told(queued: dg.DagsterInstance) -> None:
    assert submitted(queued, {"X-Forwarded-Email": "anna@example.org"})["user"] == "anna@example.org"
    assert "user" not in submitted(queued)
