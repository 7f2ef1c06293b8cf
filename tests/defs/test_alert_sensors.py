"""Whom the sensors tell, and of what: against a webhook of the test's own, and in Dagster's sensor daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.defs.automation.alert_sensors import ALERT_ON_TROUBLE, WATCHED
from docmill.pipeline.defs.automation.sensors import NEW_PDFS
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.watching.news import Told
from docmill.resources.alerts import Alerts
from docmill.resources.clients.webhook import Webhook
from docmill.resources.inbox import Inbox
from tests.support.ticking import ticking
from tests.support.webhook_receiver import WebhookReceiver

SENSORS: dict[str, Any] = {sensor.name: sensor for sensor in defs.sensors or ()}
alert_on_failure, alert_on_trouble = SENSORS["alert_on_failure"], SENSORS[ALERT_ON_TROUBLE]
EXPORTS = dg.AssetKey("exports")
NO_SENSOR = Inbox(url="/nowhere")


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as made:
        yield made


# --- alert_on_failure ---


def failures(instance: dg.DagsterInstance, alerts: Alerts, cursor: str | None = None) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"alerts": alerts}) as context:
        result = alert_on_failure(context)
    assert isinstance(result, dg.SensorResult)
    return result


def fail_a_run(instance: dg.DagsterInstance, **tags: str) -> None:
    @dg.op
    def layout() -> None:
        raise dg.Failure("triton at localhost:8001 does not answer", allow_retries=False)

    @dg.job
    def convert_documents() -> None:
        layout()

    convert_documents.execute_in_process(
        instance=instance,
        raise_on_error=False,
        tags={"dagster/partition": "2026-11-25-64docs-3f2a9c", **tags},
    )


def test_runs_that_fail_from_now_on_are_told_of_once(
    instance: dg.DagsterInstance, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_UI_URL", "https://dagster.example/")
    alerts = Alerts(webhook=receiver.url)
    fail_a_run(instance)
    first = failures(instance, alerts)
    assert receiver.texts == []
    fail_a_run(instance)
    second = failures(instance, alerts, first.cursor)
    [text] = receiver.texts
    assert receiver.types == ["application/json"]
    assert "`convert_documents` of batch `2026-11-25-64docs-3f2a9c` failed" in text
    assert "`layout`: triton at localhost:8001 does not answer" in text
    assert "<https://dagster.example/runs/" in text
    assert failures(instance, alerts, second.cursor).cursor == second.cursor
    assert len(receiver.got) == 1


def test_the_cursor_of_a_run_failure_sensor_is_no_place_to_go_on(
    instance: dg.DagsterInstance, receiver: WebhookReceiver
) -> None:
    """As the sensor of that name had it before it was docmill's own."""
    fail_a_run(instance)
    before = '{"__class__": "RunStatusSensorCursor", "record_id": 0, "update_timestamp": null}'
    after = failures(instance, Alerts(webhook=receiver.url), before)
    assert receiver.texts == []
    assert int(after.cursor or "") > 0


def test_many_failures_are_one_message(instance: dg.DagsterInstance, receiver: WebhookReceiver) -> None:
    for _ in range(12):
        fail_a_run(instance)
    failures(instance, Alerts(webhook=receiver.url), "0")
    [text] = receiver.texts
    assert text.count("`layout`") == 10
    assert text.endswith("and 2 more runs")


def test_who_runs_docmill_at_a_terminal_sees_it_there(
    instance: dg.DagsterInstance, receiver: WebhookReceiver
) -> None:
    fail_a_run(instance, **{HOST_TAG: "here"})
    failures(instance, Alerts(webhook=receiver.url), "0")
    assert receiver.texts == []


@pytest.mark.parametrize(("answer", "error"), [(503, BackendUnavailableError), (404, BackendConfigError)])
def test_who_cannot_be_told_is_told_later(
    instance: dg.DagsterInstance, receiver: WebhookReceiver, answer: int, error: type[Exception]
) -> None:
    fail_a_run(instance)
    receiver.answer = answer
    with pytest.raises(error, match=str(answer)):
        failures(instance, Alerts(webhook=receiver.url), "0")
    receiver.answer = 200
    failures(instance, Alerts(webhook=receiver.url), "0")
    assert len(receiver.got) == 1


def test_the_webhook_is_a_secret_and_an_address() -> None:
    with pytest.raises(BackendUnavailableError) as error:
        Webhook("http://127.0.0.1:9/services/secret", 1.0).post("x")
    assert "secret" not in str(error.value)
    with pytest.raises(BackendConfigError):
        Webhook("file:///etc/passwd")


def test_without_a_webhook_the_tick_fails(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCMILL_ALERT_WEBHOOK", raising=False)
    with pytest.raises(BackendConfigError, match="DOCMILL_ALERT_WEBHOOK"):
        failures(instance, Alerts())
    with pytest.raises(BackendConfigError, match="DOCMILL_ALERT_WEBHOOK"):
        troubles(instance, Alerts())


# --- alert_on_trouble ---


def troubles(
    instance: dg.DagsterInstance, alerts: Alerts, cursor: str | None = None, inbox: Inbox = NO_SENSOR
) -> dg.SensorResult:
    needed = {"alerts": alerts, "inbox": inbox}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=needed) as context:
        result = alert_on_trouble(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_every_sensor_and_schedule_is_looked_after() -> None:
    all_ = {each.name for each in [*(defs.sensors or ()), *(defs.schedules or ())]}
    assert {*WATCHED, ALERT_ON_TROUBLE} == all_


def exported(instance: dg.DagsterInstance, batch: str, documents: int, failed: int, quarantined: int) -> None:
    """A batch's exports, as `outcome_metadata` says them."""
    numbers = {"documents": documents, "failed": failed, "quarantined": quarantined}
    metadata = {name: float(number) for name, number in numbers.items()}
    instance.report_runless_asset_event(dg.AssetMaterialization(EXPORTS, partition=batch, metadata=metadata))


def test_many_documents_that_were_not_converted_are_told_of(
    instance: dg.DagsterInstance, receiver: WebhookReceiver
) -> None:
    alerts = Alerts(webhook=receiver.url, max_failed_share=0.2, min_documents=20)
    exported(instance, "a", documents=10, failed=1, quarantined=9)
    few = troubles(instance, alerts)
    assert receiver.texts == []
    exported(instance, "b", documents=10, failed=0, quarantined=0)
    many = troubles(instance, alerts, few.cursor)
    [text] = receiver.texts
    assert "10 of 20 documents of the last 60 minutes were not converted" in text
    exported(instance, "c", documents=10, failed=10, quarantined=0)
    again = troubles(instance, alerts, many.cursor)
    assert len(receiver.got) == 1
    for batch in "ac":  # they were run again, and went well
        exported(instance, batch, documents=10, failed=0, quarantined=0)
    troubles(instance, alerts, again.cursor)
    assert ":large_green_circle: over" in receiver.texts[-1]
    assert len(receiver.got) == 2


def test_documents_of_a_terminal_are_not_told_of(
    instance: dg.DagsterInstance, receiver: WebhookReceiver
) -> None:
    @dg.asset(key=EXPORTS)
    def exports() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"documents": 100.0, "failed": 100.0})

    alerts = Alerts(webhook=receiver.url)
    dg.materialize([exports], instance=instance, tags={HOST_TAG: "here"})
    troubles(instance, alerts)
    assert receiver.texts == []
    dg.materialize([exports], instance=instance)
    troubles(instance, alerts)
    assert "100 of 100 documents" in receiver.texts[0]


def test_a_share_of_one_is_never_told_of(instance: dg.DagsterInstance, receiver: WebhookReceiver) -> None:
    exported(instance, "a", documents=100, failed=100, quarantined=0)
    troubles(instance, Alerts(webhook=receiver.url, max_failed_share=1.0))
    assert receiver.texts == []


def test_what_could_not_be_told_is_still_to_be_told(
    instance: dg.DagsterInstance, receiver: WebhookReceiver
) -> None:
    exported(instance, "a", documents=100, failed=100, quarantined=0)
    receiver.answer = 500
    with pytest.raises(BackendUnavailableError):
        troubles(instance, Alerts(webhook=receiver.url))
    receiver.answer = 200
    assert Told.parse(troubles(instance, Alerts(webhook=receiver.url)).cursor).open
    assert len(receiver.got) == 1


# --- in the daemon ---


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: WebhookReceiver) -> Path:
    """The settings of a deployment in the environment; the inbox, which is there."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DOCMILL_INBOX", str(inbox))
    monkeypatch.setenv("DOCMILL_ALERT_WEBHOOK", receiver.url)
    return inbox


def test_an_inbox_that_goes_away_is_told_of_and_so_is_its_return(
    instance: dg.DagsterInstance, deployed: Path, receiver: WebhookReceiver
) -> None:
    with ticking(instance) as daemon:
        daemon.go_on()
        before = daemon.cursor(NEW_PDFS)
        assert before
        deployed.rmdir()
        for _ in range(6):
            daemon.go_on()
        failed = [tick for tick in daemon.ticks(NEW_PDFS) if tick.status.value == "FAILURE"]
        assert len(failed) == 6
        assert "no inbox at" in str(failed[0].error)
        assert daemon.cursor(NEW_PDFS) == before
        [text] = receiver.texts  # once in six ticks
        assert text == f":red_circle: the sensor `new_pdfs` fails: there is no inbox at {deployed}"
        deployed.mkdir()
        for _ in range(3):
            daemon.go_on()
        assert [text.partition(",")[0] for text in receiver.texts[1:]] == [":large_green_circle: over"]


def test_a_run_that_failed_while_the_webhook_was_away_is_told_of(
    instance: dg.DagsterInstance, deployed: Path, receiver: WebhookReceiver
) -> None:
    with ticking(instance) as daemon:
        daemon.go_on()
        run = instance.create_run_for_job(
            defs.resolve_job_def("report_corpus"),
            remote_job_origin=daemon.origin("report_corpus"),
            status=dg.DagsterRunStatus.STARTED,
        )
        instance.report_run_failed(run, "its machine is gone")
        receiver.answer = 503
        daemon.go_on()
        assert daemon.ticks("alert_on_failure")[0].status.value == "FAILURE"
        receiver.answer = 200
        for _ in range(2):
            daemon.go_on()
    [text] = [text for text in receiver.texts if "report_corpus" in text]
    assert "its machine is gone" in text


def test_a_sensor_that_does_not_tick_is_told_of(
    instance: dg.DagsterInstance, deployed: Path, receiver: WebhookReceiver
) -> None:
    """As when the daemon was away: nothing ticks, and nothing fails."""
    inbox = Inbox(url=str(deployed))
    alerts = Alerts(webhook=receiver.url, stale_minutes=0.001)
    with ticking(instance) as daemon:
        # as the daemon's clock has it, this was an hour ago
        daemon.go_on(-3600.0)
    receiver.got.clear()  # it may have told itself, by the real clock
    first = troubles(instance, alerts, inbox=inbox)
    [text] = receiver.texts
    assert ":red_circle: the sensor `new_pdfs` has not ticked for 60 minutes" in text.splitlines()
    troubles(instance, Alerts(webhook=receiver.url, stale_minutes=90.0), first.cursor, inbox)
    assert "over" in receiver.texts[-1]


def test_what_is_off_is_not_missed(instance: dg.DagsterInstance, receiver: WebhookReceiver) -> None:
    alerts = Alerts(webhook=receiver.url, stale_minutes=0.001)
    troubles(instance, alerts, inbox=Inbox(url="/in"))
    assert receiver.texts == []
