"""docmill's definitions under other names, beside others'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.defs.building import docmill_definitions
from docmill.resources.alerts import Alerts
from docmill.resources.inbox import Inbox
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.store import Store
from docmill.resources.triton import Triton
from tests.support.webhook_receiver import WebhookReceiver


def kinds(defs: dg.Definitions) -> dict[str, set[str]]:
    return {node.key.to_user_string(): set(node.kinds) for node in defs.resolve_asset_graph().asset_nodes}


def test_two_of_them_stand_side_by_side() -> None:
    """With nothing of the same name; Dagster refuses two of one."""
    first = docmill_definitions(resources={"store": Store(url="/one")})
    second = docmill_definitions(key_prefix=["team", "papers"], resources={"store": Store(url="/two")})
    both = dg.Definitions.merge(first, second, dg.Definitions(executor=dg.in_process_executor))
    assert {"exports", "team/papers/exports"} <= set(kinds(both))
    assert both.resolve_job_def("team_papers_convert_documents").partitions_def == (
        dg.DynamicPartitionsDefinition(name="team_papers_batches")
    )
    resources = both.resources or {}
    assert (resources["store"].url, resources["team_papers_store"].url) == ("/one", "/two")


@pytest.mark.parametrize("unwanted", ["jobs", "automation"])
def test_what_is_not_wanted_is_left_out(unwanted: str) -> None:
    options: dict[str, Any] = {unwanted: False}
    defs = docmill_definitions(key_prefix="mill", **options)
    assert not defs.sensors
    assert not defs.schedules
    assert bool(defs.jobs) == (unwanted != "jobs")


def test_an_executor_is_of_docmills_jobs_alone() -> None:
    pods = dg.in_process_executor.configured({}, name="pods")
    defs = dg.Definitions.merge(
        docmill_definitions(executor=pods), dg.Definitions(executor=dg.multiprocess_executor)
    )
    assert defs.resolve_job_def("convert_documents").executor_def.name == "pods"
    assert defs.resolve_implicit_global_asset_job_def().executor_def.name == "multiprocess"


def test_what_has_a_place_to_look_or_to_tell_is_on() -> None:
    def running(**resources: Any) -> set[str]:
        defs = docmill_definitions(resources=resources)
        on = dg.DefaultSensorStatus.RUNNING
        return {each.name for each in defs.sensors or () if each.default_status is on}

    always = {"interrupted_runs", "requested_batches", "unretried_runs"}
    assert running() == always
    assert running(inbox=Inbox(url="s3://bucket/in")) == {*always, "new_pdfs"}
    told = {"alert_on_failure", "alert_on_trouble"}
    assert running(alerts=Alerts(webhook="https://hooks.example/x")) == always | told


def test_variables_need_not_be_set_where_the_definitions_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_TRITON", raising=False)
    defs = docmill_definitions(
        resources={
            "triton": Triton(url=dg.EnvVar("SOME_TRITON")),
            "layout": Layout(backend=TritonLayoutConfig()),
        }
    )
    assert kinds(defs)["layout"] == {"triton"}


def test_resources_that_are_none_of_docmills_are_named() -> None:
    with pytest.raises(BackendConfigError, match=r"no resource 'stoer'; it has alerts, .*store"):
        docmill_definitions(resources={"stoer": Store()})
    with pytest.raises(BackendConfigError, match=r"'store' is a .*\.Store, not"):
        docmill_definitions(resources={"store": Inbox()})


def test_failures_of_others_are_not_told_of(tmp_path: Path) -> None:
    @dg.op
    def fails() -> None:
        raise dg.Failure("not ours")

    @dg.job
    def their_job() -> None:
        fails()

    defs = docmill_definitions(key_prefix="mill", resources={"alerts": Alerts(webhook="http://127.0.0.1:9")})
    [alert] = [each for each in defs.sensors or () if each.name == "mill_alert_on_failure"]
    sensor: Any = alert
    with (
        WebhookReceiver() as receiver,
        dg.instance_for_test(temp_dir=str(tmp_path)) as instance,
        dg.build_sensor_context(instance=instance, cursor="0") as context,
    ):
        their_job.execute_in_process(instance=instance, raise_on_error=False)
        result = sensor(context, mill_alerts=Alerts(webhook=receiver.url))
    assert receiver.texts == []
    assert result.cursor != "0"
