"""docmill as users install it: from a wheel, in a folder that has packages of the same names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.clean_environment import clean_environment
from tests.support.model_cache import weights

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "financial_statement.pdf"
UV = [sys.executable, "-m", "uv"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new environment's programs."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)], check=True)
    [wheel] = folder.glob("*.whl")
    environment = folder / "env"
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    install = [*UV, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")]
    lock = ["--require-hashes", "--requirements", str(ROOT / "requirements.lock")]
    subprocess.run([*install, "--compile-bytecode", *lock], check=True)
    subprocess.run([*install, "--no-deps", "--compile-bytecode", str(wheel)], check=True)
    return environment / "bin"


def test_a_wheel_converts_beside_packages_of_the_same_names(installed: Path, tmp_path: Path) -> None:
    for name in ("pipeline", "resources"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the user\\'s own')\n")
    models = {"DOCMILL_MODELS": str(weights("layout").parent)}
    weights("tables")
    run = subprocess.run(
        [str(installed / "docmill"), "convert", str(SAMPLE), "--format", "md", "--out", "out"],
        cwd=tmp_path,
        env={**clean_environment(tmp_path / "home"), **models, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "|" in (tmp_path / "out" / "financial_statement.md").read_text("utf-8")
    assert (tmp_path / "home" / "dagster" / "dagster.yaml").is_file()


def test_a_wheel_has_what_local_servers_need(installed: Path) -> None:
    look = (
        "from docmill.resources.local.triton.places import shipped; "
        "from docmill.resources.local.vllm.places import shipped as vllm; "
        "print(shipped().lock.is_file(), shipped().models.is_dir(), vllm().tiny.is_dir())"
    )
    found = subprocess.run(
        [str(installed / "python"), "-c", look], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True", "True", "True"]
