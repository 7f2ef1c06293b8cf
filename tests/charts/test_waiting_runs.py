"""What KEDA asks Dagster's database, of a real one."""

from __future__ import annotations

from collections import Counter

import sqlalchemy
from dagster import DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster_postgres.run_storage import PostgresRunStorage

from tests.charts.rendering import CHARTS
from tests.support.postgres import PostgresServer

QUERY = (CHARTS / "serving" / "files" / "waiting_runs.sql").read_text()
LOCATION = GrpcServerCodeLocationOrigin("localhost", 1)
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "repository"), "docmill")
#: Runs that wait or work; what is being cancelled asks servers for nothing more.
COUNTED = {
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
}


def test_runs_that_wait_or_work_are_counted() -> None:
    with PostgresServer() as postgres:
        url = postgres.database("dagster")
        storage = PostgresRunStorage.create_clean_storage(url)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        expected = Counter[bool]()
        for status in DagsterRunStatus:
            run = DagsterRun("docmill", status.value, status=status, remote_job_origin=ORIGIN)
            storage.add_run(run)
            expected[status in COUNTED] += 1
            with engine.connect() as connection:
                assert connection.exec_driver_sql(QUERY).scalar_one() == expected[True]
        storage.dispose()
    assert expected[True] == len(COUNTED) < sum(expected.values())
