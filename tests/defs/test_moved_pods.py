"""What becomes of a step that is told to stop: in a pod somebody else goes on, at once."""

import dagster as dg
import pytest

from docmill.pipeline.defs.assets import stage_run
from docmill.pipeline.instance.dagster_internals import RETRY_ON_ASSET_OR_OP_FAILURE_TAG
from docmill.pipeline.instance.runs.pods import is_pod, is_step_pod


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("DAGSTER_RUN_STEP_KEY", raising=False)
    return []


def _told_to_stop(instance: dg.DagsterInstance, attempts: list[int]) -> dg.DagsterRun:
    """The run of a step that is told so each time it begins."""

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
    def stopped(context: dg.AssetExecutionContext) -> None:
        attempts.append(context.retry_number)
        with stage_run.typed_failures(context):
            raise dg.DagsterExecutionInterruptedError

    result = dg.materialize([stopped], instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None and run.status is dg.DagsterRunStatus.FAILURE
    return run


def test_elsewhere_it_ends(instance: dg.DagsterInstance, attempts: list[int]) -> None:
    assert not is_pod() and not is_step_pod()
    run = _told_to_stop(instance, attempts)
    assert attempts == [0]
    assert RETRY_ON_ASSET_OR_OP_FAILURE_TAG not in run.tags


def test_in_a_runs_pod_the_instance_runs_it_again(
    instance: dg.DagsterInstance, attempts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    of_the_command_line = _told_to_stop(instance, attempts)
    assert RETRY_ON_ASSET_OR_OP_FAILURE_TAG not in of_the_command_line.tags
    monkeypatch.setattr(stage_run, "has_code_server", lambda run: True)
    assert _told_to_stop(instance, attempts).tags[RETRY_ON_ASSET_OR_OP_FAILURE_TAG] == "true"
    assert attempts == [0, 0]


def test_in_a_steps_pod_another_goes_on(
    instance: dg.DagsterInstance, attempts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("DAGSTER_RUN_STEP_KEY", "stopped")
    assert is_step_pod()
    _told_to_stop(instance, attempts)
    assert attempts == [0, 1]
