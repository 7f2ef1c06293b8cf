"""The parts of a local Triton server that need no server."""

from __future__ import annotations

import platform
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from google.protobuf import text_format
from onnx import TensorProto, helper
from tritonclient.grpc import model_config_pb2

from docmill.pipeline.convert.layout.detectors import cdla
from docmill.resources.engines.onnx_runtime import OnnxModel
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.canary import CANARY, check_canary, write_canary
from docmill.resources.local.triton.environment import Environment, prepare_environment
from docmill.resources.local.triton.errors import CanaryError, NoServableModelError
from docmill.resources.local.triton.logs import read_line
from docmill.resources.local.triton.places import TritonHome, shipped
from docmill.resources.local.triton.repository import (
    EMBEDDED_SERVED,
    check_digests,
    install_embedded,
    is_for_others,
    model_names,
    servable,
)
from docmill.resources.local.triton.served_detector import served_detector
from docmill.resources.weights.embedded_weights import ModelCache
from docmill.resources.weights.onnx_graphs.dynamic_batch import with_dynamic_batch
from docmill.resources.weights.served_code import shared_code
from docmill.resources.weights.served_digest import model_digest, write_digest, written_digest
from tests.support.kserve_server import KServeServer, Model
from tests.support.model_cache import weights
from tests.support.served_pages import assert_same_regions, sample_pages


@pytest.mark.parametrize(
    ("line", "level", "words", "notable"),
    [
        (
            'I1123 18:39:34.497096 25784 model_lifecycle.cc:472] "loading: tableformer:1"',
            "info",
            "loading: tableformer:1",
            True,
        ),
        (
            'I1123 18:39:36.880689 25784 metrics.cc:770] "Collecting CPU metrics"',
            "info",
            "Collecting CPU metrics",
            False,
        ),
        (
            'E1123 18:39:34.495897 25784 server.cc:241] "CudaDriverHelper has not been initialized."',
            "error",
            "CudaDriverHelper has not been initialized.",
            False,
        ),
        (
            'E1123 18:39:34.495897 7 model.cc:2] "failed to load \'x\':\\nno such \\"file\\""',
            "error",
            "failed to load 'x':\nno such \"file\"",
            True,
        ),
        ("W1123 18:39:34.495897 7 a.cc:2] disk is slow", "warning", "disk is slow", True),
        ("+------+------+", "info", "+------+------+", False),
        ("| Model | Version |", "info", "| Model | Version |", False),
        ("Error: Failed to initialize NVML", "info", "Error: Failed to initialize NVML", False),
        ("Traceback (most recent call last):", "info", "Traceback (most recent call last):", True),
        ("", "info", "", False),
    ],
)
def test_log_lines_are_made_readable(line: str, level: str, words: str, notable: bool) -> None:
    entry = read_line(f"{line}\n")
    assert (entry.level, entry.words, entry.notable) == (level, words, notable)


def test_complaints_about_gpus_are_news_where_there_is_one() -> None:
    line = 'W1123 18:39:36.880515 7 metrics.cc:798] "DCGM unable to start"'
    assert not read_line(line).notable
    assert read_line(line, gpu=True).notable


def test_the_shipped_configurations_are_named_as_their_folders_and_have_no_weights(tmp_path: Path) -> None:
    models = shipped().models
    names = model_names(models)
    assert {served.folder for served in EMBEDDED_SERVED} < set(names)
    for name in names:
        assert f'\nname: "{name}"\n' in (models / name / "config.pbtxt").read_text()
        shutil.copytree(models / name, tmp_path / name, ignore=shutil.ignore_patterns("1"))
    with pytest.raises(NoServableModelError, match="docmill triton setup"):
        servable(tmp_path)  # parses every one


def repository(folder: Path, **models: tuple[str, list[str]]) -> Path:
    """A repository of models with these configurations and files."""
    for name, (config, files) in models.items():
        (folder / name).mkdir()
        (folder / name / "config.pbtxt").write_text(config)
        for file in files:
            path = folder / name / file
            path.parent.mkdir(exist_ok=True)
            path.touch()
    return folder


def test_models_are_served_when_they_have_what_they_need(tmp_path: Path) -> None:
    needs = 'backend: "python" parameters { key: "files" value { string_value: "a.onnx, b.onnx" } }'
    found = repository(
        tmp_path,
        whole=('backend: "onnxruntime"', ["1/model.onnx"]),
        bare=('backend: "onnxruntime"', []),
        newest=('backend: "onnxruntime"', ["2/model.onnx", "10/other.onnx"]),
        named=('backend: "onnxruntime" default_model_filename: "x.onnx"', ["1/x.onnx"]),
        code=('backend: "python"', ["1/model.py"]),
        complete=(needs, ["1/model.py", "1/a.onnx", "1/b.onnx"]),
        lacking=(needs, ["1/model.py", "1/a.onnx"]),
        several=('platform: "ensemble"', []),
    )
    assert servable(found) == ["code", "complete", "named", "several", "whole"]
    assert servable(found, ["whole"]) == ["whole"]
    with pytest.raises(NoServableModelError, match="has no model nobody; it has bare, code"):
        servable(found, ["whole", "nobody"])
    with pytest.raises(NoServableModelError, match=r"lacking lacks 1/b\.onnx; newest lacks 10/model\.onnx"):
        servable(found, ["lacking", "newest"])


def test_engines_are_for_other_servers(tmp_path: Path) -> None:
    found = repository(
        tmp_path,
        engine=('platform: "tensorrt_plan"', ["1/model.plan"]),
        plan=('backend: "tensorrt"', ["1/model.plan"]),
        script=('backend: "pytorch" platform: "pytorch_libtorch"', ["1/model.pt"]),
        graph=('backend: "onnxruntime"', ["1/model.onnx"]),
        code=('backend: "python"', ["1/model.py"]),
        several=('platform: "ensemble"', []),
    )
    assert servable(found) == ["code", "engine", "graph", "plan", "script", "several"]
    assert [name for name in servable(found) if is_for_others(found / name)] == ["engine", "plan", "script"]


def test_a_malformed_configuration_is_named(tmp_path: Path) -> None:
    found = repository(tmp_path, odd=("backend: onnxruntime {", []))
    with pytest.raises(NoServableModelError, match=r"odd/config\.pbtxt is malformed"):
        servable(found)


def test_setup_installs_weights_once_and_keeps_what_users_configured(tmp_path: Path) -> None:
    for model in EMBEDDED_SERVED:
        weights(model.weights)
    cache = ModelCache(weights("layout").parent)
    own = tmp_path / "ocr_detect"
    own.mkdir()
    (own / "config.pbtxt").write_text('backend: "onnxruntime" max_batch_size: 1')
    names = install_embedded(tmp_path, shipped().models, cache)
    assert servable(tmp_path) == sorted(names)
    assert model_names(tmp_path) == model_names(shipped().models)
    assert "max_batch_size: 1" in (own / "config.pbtxt").read_text()
    layout = tmp_path / "layout_cdla" / "1"
    shared = shared_code(shipped().models)
    beside = [path.parent.parent.name for path in tmp_path.glob(f"*/1/{shared.name}")]
    assert beside == ["ocr"]  # the others have no code of their own
    assert (tmp_path / "ocr" / "1" / shared.name).read_bytes() == shared.read_bytes()
    assert all(written_digest(tmp_path / name) == model_digest(tmp_path / name) for name in names)
    first = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/1/*")}
    configured = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/config.pbtxt")}
    install_embedded(tmp_path, shipped().models, cache)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/1/*")} == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/config.pbtxt")} == configured
    (layout / "model.source").write_text("of an older docmill")
    install_embedded(tmp_path, shipped().models, cache)
    assert (layout / "model.onnx").stat().st_mtime_ns > first[layout / "model.onnx"]


def test_setup_says_which_models_ocr_calls_where_a_configuration_does_not(tmp_path: Path) -> None:
    for model in EMBEDDED_SERVED:
        weights(model.weights)
    calls = re.compile(r'\n#[^\n]*\nparameters \{\n  key: "calls"\n.*\n\}')
    older, count = calls.subn("", (shipped().models / "ocr" / "config.pbtxt").read_text())
    assert count == 1
    config = tmp_path / "ocr" / "config.pbtxt"
    config.parent.mkdir()
    config.write_text(older.replace("count: 2", "count: 3"))
    for _ in range(2):
        install_embedded(tmp_path, shipped().models, ModelCache(weights("layout").parent))
        read = text_format.Parse(config.read_text(), model_config_pb2.ModelConfig())
        assert read.parameters["calls"].string_value == "ocr_detect,ocr_recognise"
        assert read.parameters["digest"].string_value == model_digest(tmp_path / "ocr")
        assert read.instance_group[0].count == 3


def test_setup_updates_the_code_of_a_model_that_docmill_installed(tmp_path: Path) -> None:
    for model in EMBEDDED_SERVED:
        weights(model.weights)
    version = tmp_path / "tableformer" / "1"
    shutil.copytree(shipped().models / "tableformer", version.parent)
    code = (version / "model.py").read_text()
    for name in ("encoder.onnx", "step.onnx", "boxes.onnx"):
        (version / name).touch()
    (version / "model.py").write_text("# somebody's own")
    cache = ModelCache(weights("layout").parent)
    install_embedded(tmp_path, shipped().models, cache)
    assert (version / "model.py").read_text() == "# somebody's own"
    shared = version / shared_code(shipped().models).name
    assert not shared.exists()
    (version / "model.source").write_text("{}")
    former = written_digest(version.parent)
    install_embedded(tmp_path, shipped().models, cache)
    assert (version / "model.py").read_text() == code
    assert shared.is_file()
    assert former != written_digest(version.parent) == model_digest(version.parent)


def test_a_model_is_not_served_under_the_digest_of_other_files(tmp_path: Path) -> None:
    found = repository(
        tmp_path,
        ours=('backend: "onnxruntime"', ["1/model.onnx"]),
        theirs=('backend: "onnxruntime"', ["1/model.onnx"]),
    )
    write_digest(found / "ours")
    check_digests(found, ["ours", "theirs"])
    for name in ("ours", "theirs"):
        (found / name / "1" / "model.onnx").write_text("other weights")
    with pytest.raises(NoServableModelError, match=r"^ours in .* other files than its digest says"):
        check_digests(found, ["ours", "theirs"])
    write_digest(found / "ours")
    check_digests(found, ["ours", "theirs"])


def test_a_repository_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    weights("layout")
    (tmp_path / "file").touch()
    with pytest.raises(NoServableModelError, match="--repository"):
        install_embedded(tmp_path / "file", shipped().models, ModelCache(weights("layout").parent))


def test_the_served_detector_sends_the_best_cells_of_the_embedded_one_and_takes_any_batch(
    tmp_path: Path,
) -> None:
    rewritten = tmp_path / "model.onnx"
    rewritten.write_bytes(served_detector(weights("layout").read_bytes()))
    embedded, served = (OnnxModel(path, engine="onnxruntime") for path in (weights("layout"), rewritten))
    pages = sample_pages(2)
    together = served(pages)
    for index in range(2):
        scores, distances, cells = (output[0] for output in served(pages[index : index + 1]))
        assert_same_regions([output[index] for output in together], (scores, distances, cells))
        best = scores.max(axis=1)
        assert len(set(cells)) == len(cells) == 1000
        assert (np.diff(best) <= 0).all()
        every = cdla.all_cells(embedded(normalised(pages[index])))
        np.testing.assert_array_equal(scores, every.scores[cells])
        np.testing.assert_array_equal(distances, every.distances[cells])
        assert (every.scores.max(axis=1) > best[-1]).sum() < 1000


def normalised(page: np.ndarray) -> np.ndarray:
    """What `preprocess` makes of a page that has the detector's size."""
    return cdla.preprocess(np.ascontiguousarray(page[::-1].transpose(1, 2, 0)))


def test_a_graph_of_another_kind_is_no_detector() -> None:
    with pytest.raises(ValueError, match="one input and eight outputs, not 1 and 1"):
        served_detector(graph([1, 2, 3], [1, 6]))


def graph(shape: list[int], target: list[int] | None, **attributes: int) -> bytes:
    """A graph that reshapes its input; without `target`, to what another input says."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    constants = []
    if target is None:
        inputs.append(helper.make_tensor_value_info("target", TensorProto.INT64, [1]))
    else:
        constants.append(helper.make_tensor("target", TensorProto.INT64, [len(target)], target))
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, target or [1])
    node = helper.make_node("Reshape", ["x", "target"], ["y"], **attributes)
    made = helper.make_graph([node], "g", inputs, [output], constants)
    return bytes(helper.make_model(made, opset_imports=[helper.make_opsetid("", 14)]).SerializeToString())


def test_reshapes_follow_the_batch() -> None:
    model = onnx.load_model_from_string(with_dynamic_batch(graph([1, 2, 3], [1, 6])))
    assert list(onnx.numpy_helper.to_array(model.graph.initializer[0])) == [0, 6]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


@pytest.mark.parametrize(
    "data",
    [graph([2, 3], [1, 6]), graph([1, 6], None), graph([1, 6], [1, 6], allowzero=1)],
    ids=["batch of two", "computed target", "zero means zero"],
)
def test_graphs_whose_batch_cannot_be_set_free_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"dimension of 1|cannot be changed"):
        with_dynamic_batch(data)


def canary(**settings: object) -> Model:
    given = {"answer": lambda inputs: [inputs[0] * 2 + 1]} | settings
    return Model(inputs=[("x", "FP32")], outputs=[("y", "FP32")], **given)  # type: ignore[arg-type]


def test_the_canary_knows_its_answer(tmp_path: Path) -> None:
    write_canary(tmp_path)
    assert servable(tmp_path) == [CANARY]
    graph = OnnxModel(tmp_path / CANARY / "1" / "model.onnx", engine="onnxruntime")
    with KServeServer({CANARY: canary(answer=lambda inputs: graph(inputs[0]))}) as server:
        check_canary(server.url)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (canary(answer=lambda inputs: [np.ones_like(inputs[0])]), "answers are wrong.*NumPy 2"),
        (canary(empty=True), "does not fill its shape"),
    ],
    ids=["inputs read as zeros", "outputs without bytes"],
)
def test_the_canary_finds_a_server_whose_tensors_do_not_arrive(model: Model, message: str) -> None:
    with KServeServer({CANARY: model}) as server, pytest.raises(CanaryError, match=message):
        check_canary(server.url)


def test_another_python_does_not_reach_the_server() -> None:
    made = Environment(Path("/env"), Path("/env/lib/site-packages"), "/lib/python", Path("/backends"))
    variables = made.variables(
        {
            "PYTHONPATH": "/new",
            "PYTHONHOME": "/x",
            "VIRTUAL_ENV": "/venv",
            "PATH": "/bin",
            "CUDA_VISIBLE_DEVICES": "1",
        }
    )
    assert set(variables) == {"PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "ORT_DISABLE_TELEMETRY"}
    assert variables["PATH"] == "/env/bin:/bin"
    assert variables["LD_LIBRARY_PATH"] == "/env/lib/site-packages/nvidia_pytriton.libs:/lib/python"


def test_machines_without_a_wheel_are_told_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(EnvironmentSetupError, match=r"no wheel of Triton for Linux aarch64; .*compose\.yaml"):
        prepare_environment(TritonHome(tmp_path), shipped())


def test_a_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentSetupError, match="is no Python"):
        prepare_environment(TritonHome(tmp_path), shipped(), tmp_path / "python")
    newer = tmp_path / "newer"
    newer.write_text("#!/bin/sh\necho 3 13\n")
    newer.chmod(0o755)
    with pytest.raises(
        EnvironmentSetupError, match=r"needs Python 3\.11 to 3\.12, and .*newer is 3\.13.*--python"
    ):
        prepare_environment(TritonHome(tmp_path), shipped(), newer)
