"""Runs that start warm, from code servers as a daemon has them; and what becomes of them when parts die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import dagster as dg
import psutil
import pytest

from docmill.pipeline.instance.dagster_internals import is_served_here, start_run_processes_by
from docmill.pipeline.instance.warm.wanted_image import IMAGE
from docmill.pipeline.instance.warm.warm_runs import RunContext, expect_runs, start_runs_warm
from tests.support.postgres import PostgresServer
from tests.support.warm_location import WarmLocation, served, until
from tests.support.warm_settings import OTHER_DAGSTER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere runs start as Dagster has them")

OWN = "docmill.pipeline.defs.definitions"
WARM, CANCELED = "docmill-warm", dg.DagsterRunStatus.CANCELED
STARTED, SUCCESS, FAILURE = (
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmLocation]:
    folder = tmp_path_factory.mktemp("warm")
    (folder / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(folder / "dagster")) as made, served(made, folder) as found:
        yield found


@pytest.fixture
def location(shared: WarmLocation) -> WarmLocation:
    """With its warm parent."""
    shared.run()
    return shared


def kill(pid: int) -> None:
    """And wait until it is gone."""
    process = psutil.Process(pid)
    process.kill()
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_runs_are_forked_from_one_process_that_has_everything(location: WarmLocation) -> None:
    first, second = location.run(), location.run()
    assert (first["parent"], first["docling"]) == (WARM, True)
    assert second["parent_pid"] == first["parent_pid"] != location.server.pid
    # what keeps libraries to one thread is not for runs
    assert first["openblas"] == os.environ.get("OPENBLAS_NUM_THREADS")
    # and their temporary files are not those of the code server, which may end before them
    assert first["temporary"] != second["temporary"]


def test_it_works_on_postgresql(tmp_path: Path) -> None:
    (tmp_path / "dagster").mkdir()
    with PostgresServer() as postgres:
        storage = {"postgres": {"postgres_url": postgres.database("warm")}}
        with (
            dg.instance_for_test(temp_dir=str(tmp_path / "dagster"), overrides={"storage": storage}) as made,
            served(made, tmp_path) as location,
        ):
            assert {location.run()["parent"] for _ in range(2)} == {WARM}


def test_a_location_that_is_loaded_again_has_runs_with_what_is_new(location: WarmLocation) -> None:
    location.setting.write_text("second", "utf-8")
    # as the web server shows it until then
    assert location.run()["setting"] == "first"
    location.reload()
    found = location.run()
    assert (found["setting"], found["parent"]) == ("second", WARM)


def test_another_warm_parent_follows_one_that_was_killed_between_runs(location: WarmLocation) -> None:
    killed = location.run()["parent_pid"]
    kill(killed)
    found = location.run()
    assert found["parent"] == WARM
    assert found["parent_pid"] != killed


def test_a_run_goes_on_when_its_warm_parent_is_killed(location: WarmLocation) -> None:
    with location.staying():
        run = location.launch()
        kill(location.told(run)["parent_pid"])
        # the code server has looked at it more than once meanwhile
        other = location.launch()
        assert location.told(other)["parent"] == WARM
        assert {location.status(run), location.status(other)} == {STARTED}
    assert (location.ended(run), location.ended(other)) == (SUCCESS, SUCCESS)


def test_a_run_that_is_killed_has_failed_whether_its_warm_parent_lives_or_not(location: WarmLocation) -> None:
    with location.staying():
        runs = [location.launch(), location.launch()]
        first, second = (location.told(run) for run in runs)
        os.kill(first["pid"], signal.SIGKILL)
        assert location.ended(runs[0]) is FAILURE
        kill(second["parent_pid"])
        os.kill(second["pid"], signal.SIGKILL)
        assert location.ended(runs[1]) is FAILURE


def test_runs_can_be_cancelled_whether_their_warm_parent_lives_or_not(location: WarmLocation) -> None:
    launcher = location.instance.run_launcher
    with location.staying():
        runs = [location.launch(), location.launch()]
        parent = location.told(runs[0])["parent_pid"]
        location.told(runs[1])
        assert launcher.terminate(runs[0])
        assert location.ended(runs[0]) is CANCELED
        kill(parent)
        assert launcher.terminate(runs[1])
        assert location.ended(runs[1]) is CANCELED


def test_a_run_starts_without_a_warm_parent_that_dies_while_it_imports(location: WarmLocation) -> None:
    kill(location.run()["parent_pid"])

    def importing() -> psutil.Process | None:
        children = [each for each in location.server.children() if each.status() != psutil.STATUS_ZOMBIE]
        return next((each for each in children if each.name() == WARM), None)

    run: list[str] = []
    launching = threading.Thread(target=lambda: run.append(location.launch()))
    launching.start()
    until(importing).kill()
    launching.join()
    assert location.ended(run[0]) is SUCCESS
    assert location.told(run[0])["parent"] != WARM
    assert location.run()["parent"] == WARM


def test_a_run_outlives_its_code_server_and_then_nothing_is_left(location: WarmLocation) -> None:
    with location.staying():
        run = location.launch()
        told = location.told(run)
        kill(location.server.pid)
        assert psutil.Process(told["pid"]).is_running()
    assert location.ended(run) is SUCCESS
    until(lambda: not psutil.pid_exists(told["parent_pid"]))


def test_a_dagster_that_starts_runs_in_another_way_is_left_to_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with served(instance, tmp_path, {OTHER_DAGSTER: "1"}) as location:
        found = location.run()
        assert found["parent_pid"] == location.server.pid
        assert not found["docling"]


def test_where_the_name_is_gone_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Servicer:
        def StartRun(self) -> None:  # noqa: N802
            """As another Dagster may have it."""

    monkeypatch.setattr(sys, "argv", ["dagster", "api", "grpc"])
    for module in (None, ModuleType("empty"), SimpleNamespace(DagsterApiServer=Servicer)):
        monkeypatch.setitem(sys.modules, "dagster._grpc.server", module)
        assert not start_run_processes_by(RunContext())
        assert not start_runs_warm("anything")
    assert not hasattr(Servicer, "_mp_ctx")
    assert IMAGE not in os.environ


def test_only_the_code_server_of_a_module_serves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["dagster", "api", "grpc", "--socket", "s", "-m", OWN]
    monkeypatch.setattr(sys, "argv", command)
    assert is_served_here(OWN)
    assert not is_served_here("docmill.pipeline.defs")
    for other in (["dagster", "dev", *command[3:]], ["dagster", "api", "execute_run", *command[3:]], []):
        monkeypatch.setattr(sys, "argv", other)
        assert not is_served_here(OWN)


@pytest.mark.parametrize(
    ("served_module", "variables", "warm"),
    [
        (OWN, {}, True),
        (OWN, {"DOCMILL_EXECUTION_WARM": "false"}, False),
        ("theirs", {}, False),
    ],
)
def test_docmills_own_code_location_has_it_and_no_other_that_imports_it(
    served_module: str, variables: dict[str, str], warm: bool
) -> None:
    code = f"""
import sys
sys.argv = ["dagster", "api", "grpc", "-m", "{served_module}"]
import dagster._grpc.server, {OWN}
from docmill.pipeline.instance.warm.wanted_image import is_wanted
print(is_wanted(), hasattr(dagster._grpc.server.DagsterApiServer, "_mp_ctx"))
"""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(warm)] * 2


def test_nobody_but_a_code_server_that_starts_runs_expects_any(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr("docmill.pipeline.instance.warm.warm_runs.ensure_running", lambda: started.append(1))
    expect_runs(instance)
    assert started == []
    monkeypatch.setenv(IMAGE, "{}")
    expect_runs(instance)
    assert started == [1]
