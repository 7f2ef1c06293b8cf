"""One control plane and one node for all tests here."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.deploying import DOCUMENTS, LIMIT_S, Deploy
from tests.killing.gates import GATES
from tests.killing.settings import BATCH
from tests.support.cluster.build import programs
from tests.support.cluster.containers import Image
from tests.support.cluster.control_plane import ControlPlane
from tests.support.cluster.deployment import IMAGE, ClusterDeployment, docmill_image
from tests.support.cluster.kills import Passed, pass_through
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.serving import SERVER_IMAGE, server_image
from tests.support.image.built import Built, built_image
from tests.support.model_cache import all_weights
from tests.support.postgres import PostgresServer

#: An image with the machine's own programs.
PLAIN = Image({"PATH": "/usr/bin:/bin"})

#: The autoscalers' turns come more often.
_CONTROLLERS = {"horizontal-pod-autoscaler-sync-period": "2s"}
#: As deployed, but quicker to find that something is gone.
_SETTINGS = {"run_monitoring": {"poll_interval_seconds": 3, "start_timeout_seconds": 180}}


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    folder = Path(tempfile.mkdtemp(prefix="docmill-k8s-", dir="/tmp"))
    try:
        with ControlPlane(folder / "plane", programs(), _CONTROLLERS) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kubelet(plane: ControlPlane) -> Iterator[ProcessKubelet]:
    images = {"plain": PLAIN, IMAGE: docmill_image(), SERVER_IMAGE: server_image()}
    with ProcessKubelet(plane, plane.folder / "kubelet", images) as made:
        yield made


@pytest.fixture(scope="session")
def objects(plane: ControlPlane, kubelet: ProcessKubelet) -> Objects:
    return Objects(plane)


@pytest.fixture(scope="session")
def deploy(kubelet: ProcessKubelet) -> Deploy:
    @contextmanager
    def deployed(
        namespace: str, batch: int, variables: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[ClusterDeployment]:
        # the path of a socket may not be long
        folder = Path(tempfile.mkdtemp(prefix="docmill-k8s-", dir="/tmp"))
        more = {
            "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "2",
            BATCH: str(batch),
            GATES: "/run/docmill/gates",
            **(variables or {}),
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        try:
            with ClusterDeployment(
                folder,
                "tests.killing.definitions",
                all_weights(),
                _SETTINGS,
                more,
                kubelet=kubelet,
                namespace=namespace,
                postgres_port=port,
                **options,
            ) as made:
                yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return deployed


@pytest.fixture
def database() -> Iterator[str]:
    """A database for Dagster, on a port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with PostgresServer(port) as server:
        yield server.database("dagster")


@pytest.fixture(scope="session")
def image() -> Built:
    """docmill's own, as deploy/Dockerfile makes it."""
    return built_image()


@pytest.fixture(scope="session")
def undisturbed(deploy: Deploy) -> Passed:
    """What comes of the documents when nobody is killed."""
    with deploy("undisturbed", 5) as deployment:
        passed = pass_through(deployment, DOCUMENTS, 5, [], LIMIT_S)
        assert len(deployment.jobs("run_worker")) == 4
        assert deployment.jobs("step_worker") == []
        return passed
