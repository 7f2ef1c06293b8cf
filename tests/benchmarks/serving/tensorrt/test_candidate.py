"""The model folder of an engine: its model's contract, and how it comes into a repository."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from benchmarks.serving.places.official import official
from benchmarks.serving.tensorrt.__main__ import main
from benchmarks.serving.tensorrt.admission import add_reference, let_in, linked
from benchmarks.serving.tensorrt.candidate import CandidateError, engine_config, graph_config
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import check_digests, is_complete, servable
from docmill.resources.weights.served_digest import CONFIG, write_digest, written_digest

HERON = "docling-project--docling-layout-heron"
BOTH = pytest.mark.parametrize("of", [HERON, f"{HERON}-uint8"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """heron's models as they are installed, but for the graph."""
    for name in (HERON, f"{HERON}-uint8"):
        model = tmp_path / "models" / name
        (model / "1").mkdir(parents=True)
        (model / "1" / "model.onnx").write_bytes(b"a graph")
        shutil.copy(shipped().models / name / CONFIG, model)
        write_digest(model)
    return tmp_path / "models"


def candidate(folder: Path, repository: Path, plan: bytes = b"an engine") -> Path:
    model = folder / f"{HERON}-tensorrt"
    (model / "1").mkdir(parents=True)
    (model / CONFIG).write_text(engine_config(repository, HERON, model.name, 32))
    (model / "1" / "model.plan").write_bytes(plan)
    return model


def parsed(text: str) -> Any:
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@BOTH
def test_the_contract_is_that_of_the_model(repository: Path, of: str) -> None:
    own = parsed((repository / of / CONFIG).read_text())
    config = parsed(engine_config(repository, of, "engine", 32))
    assert (config.name, config.platform, config.backend) == ("engine", "tensorrt_plan", "")
    assert list(config.input) == list(own.input) and list(config.output) == list(own.output)
    assert config.dynamic_batching.default_queue_policy == own.dynamic_batching.default_queue_policy
    assert list(config.model_warmup) == list(own.model_warmup)


@BOTH
def test_batches_are_the_engine_s(repository: Path, of: str) -> None:
    config = parsed(engine_config(repository, of, "engine", 32))
    assert config.max_batch_size == 32
    assert list(config.dynamic_batching.preferred_batch_size) == [4, 8, 16, 32]
    assert list(parsed(engine_config(repository, of, "engine", 2)).dynamic_batching.preferred_batch_size) == [
        2
    ]
    assert [group.kind for group in config.instance_group] == [model_config_pb2.ModelInstanceGroup.KIND_GPU]


def test_another_model_s_digest_does_not_come_along(repository: Path) -> None:
    assert written_digest(repository / HERON)
    for text in (engine_config(repository, HERON, "a", 8), graph_config(repository, HERON, "b")):
        assert "digest" not in text
    assert parsed(graph_config(repository, HERON, "b")).backend == "onnxruntime"


def test_what_is_no_onnx_model_has_no_engine(repository: Path) -> None:
    with pytest.raises(CandidateError, match="models pull docling"):
        engine_config(repository, "other", "engine", 8)
    config = repository / HERON / CONFIG
    config.write_text(config.read_text().replace("onnxruntime", "python"))
    with pytest.raises(CandidateError, match="no ONNX model"):
        engine_config(repository, HERON, "engine", 8)


def test_what_is_let_in_can_be_served_under_its_own_digest(repository: Path, tmp_path: Path) -> None:
    made = candidate(tmp_path / "new", repository)
    folder = let_in(made, repository)
    assert folder == repository / made.name
    assert is_complete(folder) and made.name in servable(repository)
    assert re.fullmatch("[0-9a-f]{64}", written_digest(folder))
    check_digests(repository, [made.name])


def test_it_takes_the_place_of_the_former_one(repository: Path, tmp_path: Path) -> None:
    folder = let_in(candidate(tmp_path / "one", repository), repository)
    first = written_digest(folder)
    let_in(candidate(tmp_path / "two", repository, b"another engine"), repository)
    assert (folder / "1" / "model.plan").read_bytes() == b"another engine"
    assert written_digest(folder) not in ("", first)
    assert sorted(path.name for path in folder.iterdir()) == ["1", CONFIG]


def test_a_scratch_copy_leaves_the_original(repository: Path, tmp_path: Path) -> None:
    linked(repository / HERON, tmp_path / "copy")
    (tmp_path / "copy" / CONFIG).unlink()
    assert (tmp_path / "copy" / "1" / "model.onnx").read_bytes() == b"a graph"
    assert (repository / HERON / CONFIG).is_file()


def test_the_reference_is_single_precision_on_the_cpu(repository: Path, tmp_path: Path) -> None:
    before = (repository / HERON / CONFIG).read_text()
    add_reference(repository / HERON, tmp_path / HERON)
    [group] = parsed((tmp_path / HERON / CONFIG).read_text()).instance_group
    assert group.kind == model_config_pb2.ModelInstanceGroup.KIND_CPU
    assert (repository / HERON / CONFIG).read_text() == before


def test_the_official_server_needs_its_program_and_its_onnx_backend(tmp_path: Path) -> None:
    assert official(tmp_path) is None
    program, backend = tmp_path / "bin" / "tritonserver", tmp_path / "backends" / "onnxruntime"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert official(tmp_path) is None
    backend.mkdir(parents=True)
    (backend / "libtriton_onnxruntime.so").touch()
    found = official(tmp_path)
    assert found is not None
    assert (found.program, found.backends) == (program, tmp_path / "backends")
    given = {"PATH": "/venv/bin:/usr/bin", "VIRTUAL_ENV": "/venv", "PYTHONPATH": "/mine", "CUDA": "1"}
    assert found.variables(given) == {"PATH": "/usr/bin", "VIRTUAL_ENV": "/venv", "CUDA": "1"}


def test_without_the_container_nothing_is_built(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(repository.rglob("*"))
    assert main(["--repository", str(repository)]) == 2
    assert "run this in its container" in capsys.readouterr().out
    assert sorted(repository.rglob("*")) == before


def test_onnxruntime_is_given_fp16_alone(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # the precision is looked at before a server is needed or made
    status = main(["--repository", str(repository), "--engine", "onnxruntime", "--precision", "fp32"])
    assert status == 2
    assert "use_tf32" in capsys.readouterr().out


def test_a_folder_without_documents_is_no_gate(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    assert main([str(tmp_path / "mine"), "--repository", str(repository)]) == 2
    assert "no PDF in" in capsys.readouterr().out.replace("\n", "")
