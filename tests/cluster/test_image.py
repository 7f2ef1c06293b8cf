"""deploy/Dockerfile, carried out: its instructions on a Debian, and a conversion in what came of them.

There is no container runtime here. What one adds is left out: layers as archives, and a registry.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.image.built import Built

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "annual_report.pdf"
#: Megabytes of the whole image; more is a package that somebody did not mean to add.
MOST_MB = 2200


def test_a_sample_is_converted_without_rights_network_or_a_root_to_write(
    image: Built, tmp_path: Path
) -> None:
    container = image.container(tmp_path)
    command = ("docmill", "convert", "/mnt/report.pdf", "--out", "/tmp/out", "--format", "md,json,chunks")
    ended = container.run(*command, reading={"/mnt/report.pdf": SAMPLE})
    assert ended.code == 0, ended.err
    document = json.loads(container.written("/tmp/out/report.json").read_text("utf-8"))
    assert (document["schema_name"], len(document["pages"])) == ("DoclingDocument", 7)
    assert container.written("/tmp/out/report.md").stat().st_size > 1000
    print(f"\nconverted in {ended.seconds:.0f} s")


def test_its_programs_have_no_rights(image: Built, tmp_path: Path) -> None:
    container = image.container(tmp_path)
    script = (
        "id -u; touch /x /opt/docmill/x; grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status"
    )
    user, capabilities, privileges = container.run("sh", "-c", script).out.split("\n")[:3]
    assert (user, capabilities.split()[1], privileges.split()[1]) == ("10001", "0" * 16, "1")
    assert container.run("touch", "/opt/docmill/x").code != 0
    assert container.run("touch", "/var/lib/docmill/x").code == 0
    connect = "import socket; socket.create_connection(('192.0.2.1', 443), 5)"
    assert "unreachable" in container.run("python", "-c", connect).err


def test_what_pods_are_told_to_run_is_there(image: Built, tmp_path: Path) -> None:
    container = image.container(tmp_path)
    for command in (image.stage.command, ("dagster-daemon", "--version"), ("dagster-webserver", "--version")):
        assert container.run(*command).code == 0, command
    extras = "import dagster_k8s, dagster_postgres, psycopg2, opentelemetry.sdk, transformers"
    assert container.run("python", "-c", extras).code == 0


def test_nothing_that_builds_is_in_it(image: Built, tmp_path: Path) -> None:
    found = image.container(tmp_path).run("sh", "-c", "command -v gcc cc make git uv hatchling debootstrap")
    assert found.out == ""
    lists = image.container(tmp_path).run(
        "sh", "-c", "ls /var/lib/apt/lists /var/cache/apt/archives/*.deb /src"
    )
    assert lists.out.split() == [] or lists.out.strip() == "/var/lib/apt/lists:"


def test_every_module_is_compiled(image: Built, tmp_path: Path) -> None:
    script = (
        "cd /opt/docmill/lib/python3.11/site-packages/docmill && "
        "for f in $(find . -name '*.py' -not -path './shipped/*'); do "
        "test -f $(dirname $f)/__pycache__/$(basename $f .py).cpython-311.pyc || echo $f; done"
    )
    assert image.container(tmp_path).run("sh", "-c", script).out == ""


def test_it_reads_pages_in_c_without_a_compiler(image: Built, tmp_path: Path) -> None:
    container = image.container(tmp_path)
    assert "reads pages in C" in container.run("docmill", "--version").out
    assert container.run("sh", "-c", "command -v cc gcc").out == ""


def test_it_is_no_larger_than_it_was(image: Built) -> None:
    assert image.root.megabytes < MOST_MB


def test_the_context_is_what_the_wheel_needs(image: Built) -> None:
    """Not tests, benchmarks or anything that is not committed."""
    source = image.folder / "build" / "upper" / "src"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    inside = {str(path.relative_to(source)) for path in source.rglob("*") if not path.is_dir()}
    assert inside <= {*tracked.stdout.splitlines()}
    assert not any(name.startswith(("benchmarks", "deploy/helm", "tests/support")) for name in inside)
