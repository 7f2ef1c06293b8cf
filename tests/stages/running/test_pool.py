"""The worker pool against workers that die, hang, eat memory and raise."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.stages.running.pool import Failure, Success, Task, WorkerLimits, WorkerPool
from docmill.resources.clients.tracing.spans import FinishedSpan, OpenSpan, SpanContext

#: A test that waits for a task of this length is ended for having hung.
_LONG_S = 1000.0


def task(key: object, function: str, *args: object, timeout_s: float = 20.0) -> Task[Any]:
    return Task(key, f"tests.support.workers:{function}", args, timeout_s)


def pool(
    context: str = "no_context", args: Sequence[object] = (), *, workers: int = 2, **limits: int
) -> WorkerPool:
    bounds = WorkerLimits(workers=workers, **limits)
    return WorkerPool(bounds, f"tests.support.workers:{context}", args, preload=["tests.support.workers"])


def results(pool: WorkerPool, tasks: Sequence[Task[Any]]) -> dict[Any, Success[Any] | Failure[Any]]:
    for each in tasks:
        pool.submit(each)
    return {result.task.key: result for result in pool.run()}


def failure(result: Success[Any] | Failure[Any]) -> Failure[Any]:
    assert isinstance(result, Failure), result
    return result


def value(result: Success[Any] | Failure[Any]) -> Any:
    assert isinstance(result, Success), result
    return result.value


def gone(pids: Sequence[int], within_s: float = 60.0) -> bool:
    """Whether the processes end within that time; a zombie has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_task_s_cpu_seconds_are_those_of_its_worker() -> None:
    with pool(workers=1) as workers:
        tasks = [
            task("works", "compute", 0.3),
            task("waits", "sleep", 0.3),
            task("fails", "compute", 0.3, "no"),
        ]
        found = results(workers, tasks)
    assert 0.3 <= found["works"].cpu_seconds < 0.5
    assert found["waits"].cpu_seconds < 0.1 < found["waits"].seconds
    assert 0.3 <= failure(found["fails"]).cpu_seconds < 0.5


def test_what_workers_computed_is_known_however_they_ended() -> None:
    """A worker that hangs is killed in the middle of its task, and says nothing of it."""
    with pool(workers=1) as workers:
        killed = task("killed", "compute", 30.0, timeout_s=0.8)
        found = results(workers, [task("works", "compute", 0.3), killed])
    assert failure(found["killed"]).worker_lost
    assert failure(found["killed"]).cpu_seconds == 0.0
    assert workers.cpu_seconds is not None
    assert 0.3 + 0.2 < workers.cpu_seconds < 0.3 + 0.8 + 0.5


def test_a_pool_that_has_started_nobody_computed_nothing() -> None:
    with pool() as workers:
        pass
    assert workers.cpu_seconds is None


def test_every_task_has_its_result() -> None:
    with pool() as workers:
        found = results(workers, [task(n, "add", n, 1) for n in range(50)])
    assert {key: value(result) for key, result in found.items()} == {n: n + 1 for n in range(50)}


def test_the_context_is_made_once_a_worker(tmp_path: Path) -> None:
    with pool("counting_context", [str(tmp_path)]) as workers:
        found = results(workers, [task(n, "context_of") for n in range(20)])
    assert {value(result) for result in found.values()} == {tmp_path}
    assert 1 <= len(list(tmp_path.iterdir())) <= 2


def test_the_context_and_arguments_reach_the_task() -> None:
    with pool("given_context", [{"answer": 42}]) as workers:
        found = results(workers, [task("x", "context_of"), task("y", "add", 2, 3)])
    assert (value(found["x"]), value(found["y"])) == ({"answer": 42}, 5)


def test_no_more_workers_than_allowed_and_no_more_than_needed() -> None:
    with pool(workers=2) as workers:
        found = results(workers, [task(n, "pid", n) for n in range(30)])
        assert len({value(result) for result in found.values()}) <= 2
    with pool(workers=8) as workers:
        results(workers, [task("only", "pid")])
        assert len(workers._workers) == 1


def test_tasks_run_at_the_same_time(tmp_path: Path) -> None:
    with pool(workers=2) as workers:
        found = results(workers, [task(n, "meet", str(tmp_path), n, 1) for n in range(2)])
    assert {key: value(result) for key, result in found.items()} == {0: 0, 1: 1}


def test_results_come_in_order_of_completion_and_tasks_may_follow() -> None:
    with pool(workers=2) as workers:
        workers.submit(task("slow", "sleep", 1.0))
        workers.submit(task("fast", "sleep", 0.0))
        order = []
        for result in workers.run():
            order.append(result.task.key)
            if result.task.key == "fast":
                workers.submit(task("after", "sleep", 0.0))
    assert order == ["fast", "after", "slow"]


def test_first_tasks_go_before_the_others() -> None:
    with pool(workers=1) as workers:
        for n in range(3):
            workers.submit(task(n, "add", 0, 0))
        workers.submit(task("urgent", "add", 0, 0), first=True)
        assert [result.task.key for result in workers.run()] == ["urgent", 0, 1, 2]


def test_tasks_that_weigh_more_go_before_the_others_and_first_ones_before_them() -> None:
    with pool(workers=1) as workers:
        for n, weight in enumerate([0.0, 2.0, 0.0, 3.0, 2.0]):
            workers.submit(replace(task(n, "add", 0, 0), weight=weight))
        for urgent in ("urgent", "more urgent"):
            workers.submit(task(urgent, "add", 0, 0), first=True)
        workers.submit(replace(task("late", "add", 0, 0), weight=2.0))
        order = [result.task.key for result in workers.run()]
    assert order == ["more urgent", "urgent", 3, 1, 4, "late", 0, 2]


def test_queued_tasks_can_be_withdrawn() -> None:
    with pool(workers=1) as workers:
        for n in range(6):
            workers.submit(task(n, "add", 0, 0))
        workers.withdraw(lambda each: each.key % 2 == 0)
        assert [result.task.key for result in workers.run()] == [1, 3, 5]


def test_large_arguments_and_results_pass() -> None:
    size = 30 << 20
    with pool(workers=1) as workers:
        found = results(workers, [task("out", "blob", size), task("in", "context_of")])
    assert len(value(found["out"])) == size


@pytest.mark.parametrize(
    ("how", "reason", "word"),
    [
        (signal.SIGKILL, "out_of_memory", "KILL"),
        (signal.SIGSEGV, "crashed", "SIGSEGV"),
        (signal.SIGTRAP, "crashed", "SIGTRAP"),
        (signal.SIGABRT, "out_of_memory", "4096 MB"),
        (-3, "crashed", "status 3"),
    ],
)
def test_a_dying_worker_costs_its_task_only(how: int, reason: str, word: str) -> None:
    with pool(workers=2) as workers:
        tasks = [task(n, "sleep", 0.05) for n in range(6)]
        found = results(workers, [*tasks[:2], task("bad", "die", int(how)), *tasks[2:]])
        assert value(results(workers, [task("next", "add", 1, 1)])["next"]) == 2
    bad = failure(found.pop("bad"))
    assert (bad.error.reason, bad.worker_lost) == (reason, True)
    assert word in bad.error.message
    assert all(value(result) == 0.05 for result in found.values())
    assert len(found) == 6


def test_a_worker_that_aborts_without_a_memory_limit_crashed() -> None:
    with pool(workers=1, memory_mb=0) as workers:
        found = failure(results(workers, [task("bad", "die", int(signal.SIGABRT))])["bad"])
    assert (found.error.reason, "SIGABRT" in found.error.message) == ("crashed", True)


def test_a_single_worker_is_replaced_each_time_it_dies() -> None:
    with pool(workers=1) as workers:
        tasks = [task(n, "die", -1) if n % 2 else task(n, "add", n, 0) for n in range(6)]
        found = results(workers, tasks)
    assert [isinstance(found[n], Failure) for n in range(6)] == [False, True] * 3


def test_a_worker_killed_while_idle_is_replaced_and_no_task_is_blamed() -> None:
    with pool(workers=1) as workers:
        first = value(results(workers, [task("a", "pid")])["a"])
        os.kill(first, signal.SIGKILL)
        assert workers._workers[0].process.pipe.poll(5.0)  # its end is closed once its last thread is gone
        second = value(results(workers, [task("b", "pid")])["b"])
    assert second != first


def test_a_hanging_task_is_killed_within_its_limit() -> None:
    with pool(workers=2) as workers:
        results(workers, [task(n, "sleep", 0.1) for n in range(2)])
        pids = [worker.process.pid for worker in workers._workers]
        found = results(
            workers,
            [task("hang", "sleep", _LONG_S, timeout_s=0.5), *(task(n, "sleep", 0.1) for n in range(8))],
        )
        hang = failure(found.pop("hang"))
        assert (hang.error.reason, hang.worker_lost) == ("timed_out", True)
        assert "0.5 s" in hang.error.message
        assert 0.5 <= hang.seconds < _LONG_S
        assert all(value(result) == 0.1 for result in found.values())
        assert sum(alive(pid) for pid in pids if pid) == 1


def test_the_time_that_a_worker_needs_to_start_is_not_the_task_s() -> None:
    with pool("slow_context", workers=1) as workers:
        found = results(workers, [task("quick", "add", 1, 1, timeout_s=0.5)])
    assert value(found["quick"]) == 2


def test_the_memory_limit_is_typed_and_spares_the_worker() -> None:
    with pool(workers=1, memory_mb=300) as workers:
        found = results(workers, [task("big", "allocate", 2000), task("small", "allocate", 10)])
        big = failure(found["big"])
        assert (big.error.reason, big.worker_lost) == ("out_of_memory", False)
        assert value(found["small"]) == 10 << 20
    with pool(workers=1, memory_mb=0) as workers:
        assert value(results(workers, [task("big", "allocate", 400)])["big"]) == 400 << 20


def test_document_errors_keep_reason_message_and_page() -> None:
    with pool(workers=1) as workers:
        found = failure(results(workers, [task("x", "raise_document_error")])["x"])
    assert (found.error.reason, found.error.message, found.error.page) == ("encrypted", "it is locked", 3)
    assert not found.worker_lost


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("raise_bug", ["IndexError", "off by one", "workers.py:"]),
        ("unpicklable", ["pickle"]),
        ("there_is_no_such_function", ["AttributeError", "there_is_no_such_function"]),
    ],
)
def test_a_bug_is_internal_and_says_where(function: str, words: list[str]) -> None:
    with pool(workers=1) as workers:
        found = results(workers, [task("bug", function), task("ok", "add", 1, 1)])
        bug = failure(found["bug"])
    assert (bug.error.reason, bug.worker_lost) == ("internal", False)
    assert all(word in bug.error.message for word in words), bug.error.message
    assert value(found["ok"]) == 2


def test_a_backend_error_is_raised_in_the_parent_and_stops_the_workers() -> None:
    with pytest.raises(BackendUnavailableError, match="nobody answers"), pool(workers=2) as workers:
        workers.submit(task("busy", "sleep", 60.0))
        workers.submit(task("bad", "raise_backend_error"))
        pids = []
        for _ in workers.run():
            pids.append(0)
    assert workers._workers == []


@pytest.mark.parametrize(
    ("context", "words"),
    [("broken_context", "cannot start.*status 1"), ("misconfigured_context", "the settings are wrong")],
)
def test_a_worker_that_cannot_start_is_no_document_s_fault(context: str, words: str) -> None:
    with pytest.raises(BackendConfigError, match=words), pool(context) as workers:
        results(workers, [task("x", "add", 1, 1)])


def test_a_worker_that_is_killed_while_it_starts_is_started_anew(tmp_path: Path) -> None:
    with pool("killed_context", (str(tmp_path), 2), workers=1) as workers:
        found = results(workers, [task("x", "add", 1, 1), task("y", "add", 1, 2)])
    assert {key: value(result) for key, result in found.items()} == {"x": 2, "y": 3}
    assert len(list(tmp_path.iterdir())) == 3


def test_workers_that_are_always_killed_cannot_start(tmp_path: Path) -> None:
    words = "cannot start.*killed"
    with (
        pytest.raises(BackendConfigError, match=words),
        pool("killed_context", (str(tmp_path), 99), workers=1) as workers,
    ):
        results(workers, [task("x", "add", 1, 1)])
    assert len(list(tmp_path.iterdir())) == 3


def test_workers_are_replaced_after_so_many_tasks() -> None:
    with pool(workers=1, tasks_per_worker=2) as workers:
        found = results(workers, [task(n, "pid", n) for n in range(5)])
    assert len({value(result) for result in found.values()}) == 3


@pytest.fixture
def busy() -> Iterator[tuple[WorkerPool, list[int]]]:
    """A pool whose two workers are in the middle of long tasks."""
    workers = pool(workers=2)
    running = workers.run()
    for n in range(2):
        workers.submit(task(n, "pid"))
    pids = [value(result) for result in running]
    for n in range(2):
        workers.submit(task(n, "sleep", _LONG_S, timeout_s=_LONG_S))
    workers.assign()
    pids = [worker.process.pid or 0 for worker in workers._workers]
    yield workers, pids
    workers.close(kill=True)


def test_an_interrupt_kills_the_workers_at_once(busy: tuple[WorkerPool, list[int]]) -> None:
    workers, pids = busy
    assert all(alive(pid) for pid in pids)
    with pytest.raises(KeyboardInterrupt), workers:
        raise KeyboardInterrupt
    assert gone(pids)


def test_leaving_early_stops_workers_that_are_busy(busy: tuple[WorkerPool, list[int]]) -> None:
    workers, pids = busy
    with workers:
        pass
    assert gone(pids)


def test_idle_workers_end_by_themselves() -> None:
    with pool(workers=2) as workers:
        found = results(workers, [task(n, "pid", n) for n in range(4)])
    assert gone([value(result) for result in found.values()])


@pytest.fixture
def document() -> tuple[OpenSpan, list[FinishedSpan]]:
    """The span of a document, and what is kept of its trace."""
    kept: list[FinishedSpan] = []
    context = SpanContext("1" * 32, "2" * 16)
    return OpenSpan("document", context, kept.append, inherited={"docmill.document.id": "d"}), kept


def asking(span: OpenSpan, then: str = "") -> Task[Any]:
    return Task(then, "tests.support.workers:ask", (then,), 20.0, span, {"docmill.pages": (1, 2)})


def test_the_spans_of_a_worker_come_with_its_results(document: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = document
    before = time.time_ns()
    with pool() as workers:
        imported = value(results(workers, [asking(span)])[""])
    first, second, chunk = kept
    assert [each.name for each in kept] == ["request", "request", "chunk"]
    assert chunk.parent_id == span.context.span_id
    assert {first.parent_id, second.parent_id} == {chunk.context.span_id}
    assert {each.context.trace_id for each in kept} == {"1" * 32}
    assert chunk.attributes["docmill.pages"] == (1, 2)
    assert all(each.attributes["docmill.document.id"] == "d" for each in kept)
    assert (first.kind, first.error, second.error, chunk.error) == ("client", "", "refused", "")
    assert before <= chunk.start_ns <= first.start_ns <= first.end_ns <= chunk.end_ns <= time.time_ns()
    assert not imported  # of OpenTelemetry, in a worker


def test_a_killed_worker_loses_its_own_spans_alone(document: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = document
    with pool() as workers:
        results(workers, [asking(span), asking(span, "die")])
    good, bad = sorted((each for each in kept if each.name == "chunk"), key=lambda each: each.error)
    assert (good.error, bad.error) == ("", "its worker died of signal SIGSEGV")
    requests = [each for each in kept if each.name == "request"]
    assert [each.parent_id for each in requests] == [good.context.span_id] * 2


def test_a_chunk_that_takes_too_long_has_a_span(document: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = document
    with pool() as workers:
        results(workers, [Task("slow", "tests.support.workers:sleep", (60.0,), 0.3, span)])
    [chunk] = kept
    assert "no answer within 0.3 s" in chunk.error
    assert chunk.end_ns - chunk.start_ns >= 3e8


def test_the_spans_before_a_backend_error_are_kept(document: tuple[OpenSpan, list[FinishedSpan]]) -> None:
    span, kept = document
    with pytest.raises(BackendUnavailableError), pool(workers=1) as workers:
        results(workers, [asking(span, "backend")])
    assert [(each.name, each.error) for each in kept] == [
        ("request", ""),
        ("request", "refused"),
        ("chunk", "nobody answers"),
    ]


def test_without_a_trace_nothing_is_recorded() -> None:
    with pool() as workers:
        assert value(results(workers, [task(1, "ask")])[1]) is False
