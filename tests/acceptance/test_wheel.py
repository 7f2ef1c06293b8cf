"""docmill as users install it: from a wheel, in a folder that has packages of the same names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.measuring.clean_environment import clean_environment
from docmill.pipeline.convert.pdf.native.compiled import compile_library
from tests.support.model_cache import weights

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "financial_statement.pdf"
UV = [sys.executable, "-m", "uv"]


def built(folder: Path, **environment: str) -> Path:
    """A wheel of this checkout."""
    build = [*UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, env={**os.environ, **environment})
    [wheel] = folder.glob("*.whl")
    return wheel


def libraries(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith((".so", ".part"))]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new environment's programs."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = built(folder)
    environment = folder / "env"
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    install = [*UV, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")]
    locked = ["--constraints", str(ROOT / "requirements.lock")]
    subprocess.run([*install, "--compile-bytecode", *locked, str(wheel)], check=True)
    return environment / "bin"


def convert(installed: Path, folder: Path, formats: str) -> subprocess.CompletedProcess[str]:
    """Convert the sample in `folder`, with weights that are there already."""
    weights("tables")
    models = {"DOCMILL_MODELS": str(weights("layout").parent)}
    return subprocess.run(
        [str(installed / "docmill"), "convert", str(SAMPLE), "--format", formats, "--out", "out"],
        cwd=folder,
        env={**clean_environment(folder / "home"), **models, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wheel_converts_beside_packages_of_the_same_names(installed: Path, tmp_path: Path) -> None:
    for name in ("pipeline", "resources"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the user\\'s own')\n")
    run = convert(installed, tmp_path, "md,html,json")
    assert run.returncode == 0, run.stderr
    assert "|" in (tmp_path / "out" / "financial_statement.md").read_text("utf-8")
    assert "<table" in (tmp_path / "out" / "financial_statement.html").read_text("utf-8")
    document = json.loads((tmp_path / "out" / "financial_statement.json").read_text("utf-8"))
    assert document["tables"] and document["schema_name"] == "DoclingDocument"
    assert (tmp_path / "home" / "dagster" / "dagster.yaml").is_file()


def test_what_only_extras_need_is_not_there_and_is_asked_for_before_any_work(
    installed: Path, tmp_path: Path
) -> None:
    extras = ["transformers", "semchunk", "tree_sitter", "dagster_k8s", "kubernetes", "openvino", "psycopg2"]
    look = f"from importlib.util import find_spec; print([name for name in {extras} if find_spec(name)])"
    found = subprocess.run(
        [str(installed / "python"), "-c", look], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
    run = convert(installed, tmp_path, "md,chunks")
    assert run.returncode == 2
    assert "pip install 'docmill[chunks]'" in run.stderr
    assert not (tmp_path / "out").exists() and not (tmp_path / "home" / "store").exists()


def test_a_wheel_has_what_local_servers_need(installed: Path) -> None:
    look = (
        "from docmill.resources.local.triton.places import shipped; "
        "from docmill.resources.local.vllm.places import shipped as vllm; "
        "from docmill.resources.local.ray.places import shipped as ray; "
        "print(shipped().lock.is_file(), shipped().models.is_dir(), vllm().tiny.is_dir(), end=' '); "
        "print(ray().config.is_file())"
    )
    found = subprocess.run(
        [str(installed / "python"), "-c", look], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True"] * 4


def test_a_wheel_has_the_library_of_its_source_where_there_is_a_compiler(
    installed: Path, tmp_path: Path
) -> None:
    [wheel] = installed.parents[1].glob("*.whl")
    compiled = compile_library(tmp_path)
    told = subprocess.run(
        [str(installed / "docmill"), "--version"], capture_output=True, text=True, check=True
    )
    if compiled is None:
        assert libraries(wheel) == [] and "reads pages by ctypes" in told.stdout
    else:
        assert libraries(wheel) == [f"docmill/pipeline/convert/pdf/native/{compiled.name}"]
        assert "py3-none-linux_" in wheel.name and "reads pages in C" in told.stdout


def test_without_a_compiler_the_wheel_is_for_every_platform(tmp_path: Path) -> None:
    wheel = built(tmp_path, CC="/bin/false")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert libraries(wheel) == []


def test_a_source_distribution_builds_the_same_wheel(installed: Path, tmp_path: Path) -> None:
    [wheel] = installed.parents[1].glob("*.whl")
    subprocess.run([*UV, "build", "--quiet", "--out-dir", str(tmp_path), str(ROOT)], check=True)
    [other] = tmp_path.glob("*.whl")
    assert other.name == wheel.name
    assert libraries(other) == libraries(wheel)
