"""How a run went, from its log."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.instance.watching.run_history import run_history


@dg.op
def good() -> None: ...


@dg.op
def bad() -> None:
    raise dg.Failure("the server does not answer:\n it is away", allow_retries=False)


@dg.job
def half() -> None:
    good()
    bad()


def test_steps_are_told_with_what_they_failed_of(instance: dg.DagsterInstance) -> None:
    tags = {"docmill/why": "retry"}
    done = half.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    found = run_history(instance, done.run_id)
    assert found
    assert (found.status, found.why) == ("FAILURE", "retry")
    assert found.seconds is not None and found.seconds >= 0
    assert {step.name: (step.status, step.said) for step in found.steps} == {
        "good": ("SUCCESS", ""),
        "bad": ("FAILURE", "the server does not answer: it is away"),
    }


def test_a_run_that_is_not_there(instance: dg.DagsterInstance) -> None:
    assert run_history(instance, "00000000-0000-0000-0000-000000000000") is None
    assert run_history(instance, "") is None
