"""What is asked of `trtexec`: in its place a program that writes down how it was called."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, shape_inference

from benchmarks.serving.tensorrt.engine import (
    Batches,
    EngineError,
    Precision,
    build_engine,
    builder_command,
    find_trtexec,
)
from tests.support.small_detector import small_detector

BATCHES = Batches(1, 16, 32)


def command(precision: Precision, batches: Batches = BATCHES) -> list[str]:
    places = Path("in.onnx"), Path("out.plan")
    return builder_command(small_detector(), *places, precision, batches, Path("trtexec"), Path("cache"))


def trtexec(folder: Path, last: str) -> Path:
    """Keeps its arguments and the graph, then does what the line says."""
    program = folder / "trtexec"
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.said"\n'
        'for each in "$@"; do case "$each" in\n'
        '  --onnx=*) cp "${each#--onnx=}" "$0.onnx" ;;\n  --saveEngine=*) plan="${each#--saveEngine=}" ;;\n'
        f"esac; done\n{last}\n"
    )
    program.chmod(0o755)
    return program


def test_the_batch_is_free_between_the_least_and_the_most() -> None:
    shapes = [each for each in command("fp16") if "Shapes=" in each]
    assert shapes == [
        "--minShapes=images:1x3x640x640,orig_target_sizes:1x2",
        "--optShapes=images:16x3x640x640,orig_target_sizes:16x2",
        "--maxShapes=images:32x3x640x640,orig_target_sizes:32x2",
    ]
    assert "--maxShapes=images:8x3x640x640,orig_target_sizes:8x2" in command("fp16", Batches(1, 4, 8))


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_no_precision_is_left_to_tensorrt(precision: Precision) -> None:
    assert {"--stronglyTyped", "--noTF32"} <= set(command(precision))
    assert not {"--fp16", "--best"} & set(command(precision))


def test_tf32_is_what_is_asked_for_or_nothing() -> None:
    assert set(command("fp32")) - set(command("tf32")) == {"--noTF32"}


@pytest.mark.parametrize("sizes", [(0, 1, 2), (2, 1, 4), (1, 8, 4)])
def test_batches_out_of_order_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(EngineError):
        Batches(*sizes)


@pytest.mark.parametrize(("precision", "kind"), [("fp16", TensorProto.FLOAT16), ("fp32", TensorProto.FLOAT)])
def test_it_gets_the_graph_with_the_types_of_the_precision(
    tmp_path: Path, precision: Precision, kind: int
) -> None:
    small_detector(tmp_path / "model.onnx")
    program = trtexec(tmp_path, 'echo engine > "$plan"')
    plan = build_engine(
        tmp_path / "model.onnx", tmp_path, precision, BATCHES, program, tmp_path / "timing.cache"
    )
    assert plan == tmp_path / "model.plan" and plan.read_text() == "engine\n"
    given = shape_inference.infer_shapes(onnx.load(tmp_path / "trtexec.onnx")).graph.value_info
    found = {value.name: value.type.tensor_type.elem_type for value in given}
    assert found["second_active"] == kind
    assert found["projection"] == TensorProto.FLOAT
    assert f"--timingCacheFile={tmp_path}/timing.cache" in (tmp_path / "trtexec.said").read_text()
    assert not (tmp_path / "typed.onnx").exists()


@pytest.mark.parametrize("last", ['echo "no kernel" >&2; exit 1', 'echo "no kernel"'])
def test_what_builds_nothing_is_an_error_that_says_why(tmp_path: Path, last: str) -> None:
    small_detector(tmp_path / "model.onnx")
    with pytest.raises(EngineError, match="no kernel"):
        build_engine(
            tmp_path / "model.onnx", tmp_path, "fp16", BATCHES, trtexec(tmp_path, last), tmp_path / "cache"
        )


def test_trtexec_is_the_named_one_or_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = trtexec(tmp_path, "true")
    assert find_trtexec(str(program)) == program
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_trtexec() == program
    with pytest.raises(EngineError, match="TRTEXEC"):
        find_trtexec(str(tmp_path / "other"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="container"):
        find_trtexec()
