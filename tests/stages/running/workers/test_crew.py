"""Workers that rest between pools: who is used again, what for, and what they are booked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.stages.running.pool import Success, Task, WorkerLimits, WorkerPool
from docmill.pipeline.stages.running.workers.crew import Crew

_WORKERS = "tests.support.workers"


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew() as made:
        yield made


def pool(crew: Crew | None, context: Any = None, *, workers: int = 1, **limits: int) -> WorkerPool:
    bounds = WorkerLimits(workers=workers, **limits)
    return WorkerPool(bounds, f"{_WORKERS}:given_context", [context], [_WORKERS], crew)


def done(workers: WorkerPool, function: str, *args: object, timeout_s: float = 20.0) -> Any:
    """The result of a task."""
    workers.submit(Task(0, f"{_WORKERS}:{function}", args, timeout_s))
    [result] = workers.run()
    assert isinstance(result, Success), result
    return result.value


def pids(crew: Crew, *, workers: int = 1, **limits: int) -> set[int]:
    """Who works in a pool in which all are needed."""
    with pool(crew, workers=workers, **limits) as made:
        for number in range(workers):
            made.submit(Task(number, f"{_WORKERS}:sleep", (0.2,), 20.0))
        return {result.worker for result in made.run()}


def ended(processes: Sequence[int]) -> bool:
    return all(
        not psutil.pid_exists(each) or psutil.Process(each).status() == psutil.STATUS_ZOMBIE
        for each in processes
    )


def test_the_next_pool_has_the_same_workers_with_a_context_of_its_own(crew: Crew) -> None:
    with pool(crew, "first") as workers:
        first = done(workers, "context_of"), done(workers, "pid")
    with pool(crew, "second") as workers:
        second = done(workers, "context_of"), done(workers, "pid")
    assert (first[0], second[0]) == ("first", "second")
    assert first[1] == second[1]


def test_who_rests_has_let_go_of_what_he_held(crew: Crew, tmp_path: Path) -> None:
    left = tmp_path / "left"
    with WorkerPool(WorkerLimits(workers=1), f"{_WORKERS}:Leaving", [str(left)], [_WORKERS], crew) as workers:
        done(workers, "pid")
        assert not left.exists()
    assert left.exists()


def test_no_more_are_taken_than_there_is_work_for(crew: Crew) -> None:
    all_of_them = pids(crew, workers=3)
    assert len(all_of_them) == 3
    one = pids(crew, workers=1)
    assert one < all_of_them
    assert pids(crew, workers=3) == all_of_them


def test_another_limit_of_memory_needs_another_worker(crew: Crew) -> None:
    wide = pids(crew, memory_mb=4096)
    assert wide.isdisjoint(pids(crew, memory_mb=2048))
    assert wide == pids(crew, memory_mb=4096)


def test_one_who_dies_at_rest_is_replaced(crew: Crew) -> None:
    [first] = pids(crew)
    os.kill(first, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first)] if psutil.pid_exists(first) else [], 5.0)
    [second] = pids(crew)
    assert second != first


def test_after_so_many_tasks_of_all_pools_a_worker_is_replaced(crew: Crew) -> None:
    first, second, third = (pids(crew, tasks_per_worker=2) for _ in range(3))
    assert first == second
    assert first != third


def test_nobody_goes_to_rest_who_is_in_the_middle_of_something(crew: Crew) -> None:
    with pool(crew) as workers:
        first = done(workers, "pid")
        workers.submit(Task("long", f"{_WORKERS}:sleep", (1000.0,), 1000.0))
        workers.assign()
    assert ended([first])
    assert pids(crew) != {first}


def test_nobody_goes_to_rest_when_the_step_fails(crew: Crew) -> None:
    with pytest.raises(KeyboardInterrupt), pool(crew) as workers:
        first = done(workers, "pid")
        raise KeyboardInterrupt
    assert ended([first])


def test_one_who_cannot_hold_what_comes_next_ends_the_step(crew: Crew) -> None:
    pids(crew)
    wrong = WorkerPool(WorkerLimits(workers=1), f"{_WORKERS}:misconfigured_context", (), [_WORKERS], crew)
    with pytest.raises(BackendConfigError, match="the settings are wrong"), wrong:
        done(wrong, "pid")


def test_all_end_with_the_crew() -> None:
    with Crew() as crew:
        those = pids(crew, workers=2)
        assert not ended(list(those))
    assert ended(list(those))


def test_a_pool_is_charged_with_what_was_computed_for_it_alone(crew: Crew) -> None:
    with pool(crew) as first:
        done(first, "compute", 0.6)
    with pool(crew) as second:
        done(second, "compute", 0.2)
    with pool(crew) as third:  # it has computed 0.8 seconds elsewhere, and is killed here
        third.submit(Task("killed", f"{_WORKERS}:compute", (30.0,), 0.5))
        list(third.run())
    assert first.cpu_seconds is not None and second.cpu_seconds is not None and third.cpu_seconds is not None
    assert 0.6 <= first.cpu_seconds < 0.75
    assert 0.2 <= second.cpu_seconds < 0.3
    assert 0.2 < third.cpu_seconds < 0.7
