"""The scripts that `helm test` runs in a cluster, on real servers, and on servers that are not well."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from tests.acceptance import serving, vllm_serving
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

FILES = Path(__file__).parents[2] / "deploy" / "helm" / "docmill" / "files"
MODELS = "layout_cdla,slanet_plus,ocr_detect,ocr_recognise"


def script(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FILES / name)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    repository = serving.make_repository(tmp_path_factory.mktemp("models"))
    settings = ServerSettings(
        repository, tuple(MODELS.split(",")), Ports(0, 0, 0), threads=1, start_limit_s=300
    )
    with LocalServer(settings, serving.environment(), serving.home()) as server:
        yield server


def test_every_model_infers_over_both_protocols(triton: LocalServer) -> None:
    ports = triton.ports
    addresses = {"TRITON_HTTP": f"127.0.0.1:{ports.http}", "TRITON_GRPC": f"127.0.0.1:{ports.grpc}"}
    done = script("inference.py", MODELS=MODELS, **addresses)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == MODELS.split(",")
    missing = script("inference.py", MODELS="no_such_model", PATIENCE_S="1", **addresses)
    assert missing.returncode == 1 and "no_such_model" in missing.stderr
    away = script(
        "inference.py", MODELS=MODELS, PATIENCE_S="1", **(addresses | {"TRITON_HTTP": "127.0.0.1:9"})
    )
    assert away.returncode == 1


def test_a_text_is_completed() -> None:
    with vllm_serving.serve() as server:
        said = {"VLLM_URL": server.url, "VLLM_MODEL": vllm_serving.MODEL}
        done = script("completion.py", **said)
        assert done.returncode == 0, done.stderr
        assert "tokens" in done.stdout
        assert "not served" in script("completion.py", **(said | {"VLLM_MODEL": "other"})).stderr


def test_a_sample_is_converted(tmp_path: Path) -> None:
    """As its pod does it, with embedded models; it writes to /tmp/out, as there."""
    home = {"DOCMILL_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path / "dagster")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    models = str(weights("layout").parent)
    done = script("conversion.py", PATH=path, DOCMILL_MODELS=models, OUT=str(tmp_path / "out"), **home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("7 pages, ")
