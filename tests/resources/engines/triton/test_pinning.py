"""What engines learn of the weights on their server, over real gRPC."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from docmill.pipeline.convert.engines import LayoutView
from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.convert.pinned import Pinned, unchanged
from docmill.pipeline.convert.types import Box, PageContent
from docmill.resources.clients.triton import TritonServer
from docmill.resources.clients.triton.errors import ModelChangedError, UnknownModelError
from docmill.resources.engines.embedded import EmbeddedLayout
from docmill.resources.engines.triton import TritonDoclingOcr, TritonLayout, TritonOcr
from docmill.resources.settings.layout import TritonLayoutConfig
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.served_heron import heron

PAGE = PageContent(number=3, width=612.0, height=792.0)


def render(scale: float, box: Box | None) -> np.ndarray:
    return np.full((round(792 * scale), round(612 * scale), 3), 255, np.uint8)


def layout(server: KServeServer, version: str = "") -> TritonLayout:
    return TritonLayout(TritonServer(server.url, retries=1), "heron", version)


def plain(parameters: dict[str, str] | None = None, steps: Sequence[str] = ()) -> Model:
    same = ([("x", "FP32")], [("y", "FP32")], lambda inputs: inputs)
    return Model(*same, parameters=parameters or {}, steps=steps)


def test_a_model_is_known_by_the_digest_of_its_configuration() -> None:
    with KServeServer({"heron": heron("3f2a")}) as server:
        assert layout(server).served() == {"heron": "3f2a"}


def test_a_model_without_one_is_known_by_the_version_that_answers() -> None:
    with KServeServer({"heron": heron(versions=("2", "10", "9"))}) as server:
        assert layout(server).served() == {"heron": "version 10"}
        assert layout(server, "2").served() == {"heron": "version 2"}


def test_what_a_model_calls_belongs_to_it() -> None:
    models = {
        "ocr": plain(parameters={"digest": "0c", "calls": "detect, recognise"}),
        "detect": plain(parameters={"digest": "de"}),
        "recognise": plain(),
        "whole": plain(steps=("detect", "ocr")),
    }
    with KServeServer(models) as server:
        at = TritonServer(server.url)
        parts = {"ocr": "0c", "detect": "de", "recognise": "version 1"}
        assert TritonDoclingOcr(at, "ocr").served() == parts
        assert TritonDoclingOcr(at, "whole").served() == parts | {"whole": "version 1"}
        assert TritonOcr(at, Path("nowhere"), "detect", "recognise").served() == {
            "detect": "de",
            "recognise": "version 1",
        }


def test_who_cannot_be_asked_says_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(BackendUnavailableError, match="no Triton server answers"):
        TritonLayout(TritonServer(nobody), "heron").served()
    with KServeServer({}) as server, pytest.raises(BackendConfigError, match="heron"):
        layout(server).served()


def test_work_that_other_weights_have_done_is_not_kept() -> None:
    model = heron("a")
    with KServeServer({"heron": model}) as server:
        engine = layout(server)
        # as it goes to a worker
        worker = pickle.loads(pickle.dumps(engine.pinned_to(engine.served())))
        with unchanged(worker):
            list(worker.detect_pages([LayoutView(PAGE, None, None, render)]))
        model.parameters["digest"] = "b"
        with (
            pytest.raises(ModelChangedError, match=r"heron was changed.*were a, and are b"),
            unchanged(worker),
        ):
            list(worker.detect_pages([LayoutView(PAGE, None, None, render)]))
        assert issubclass(ModelChangedError, BackendUnavailableError)  # so the step is tried again


def test_a_model_that_lost_its_digest_has_changed() -> None:
    model = heron("a")
    with KServeServer({"heron": model}) as server:
        engine = layout(server).pinned_to({"heron": "a"})
        model.parameters.clear()
        with pytest.raises(ModelChangedError), unchanged(engine):
            list(engine.detect_pages([LayoutView(PAGE, None, None, render)]))


def test_a_server_that_was_not_asked_for_anything_is_not_asked_for_this() -> None:
    with KServeServer({}) as server:
        engine = layout(server).pinned_to({"heron": "a"})
        with unchanged(engine):
            assert list(engine.detect_pages([])) == []


def test_a_failure_of_the_work_itself_is_the_one_that_is_told() -> None:
    with KServeServer({}) as server:
        engine = layout(server).pinned_to({"heron": "a"})
        with pytest.raises(UnknownModelError), unchanged(engine):
            list(engine.detect_pages([LayoutView(PAGE, None, None, render)]))


def test_a_digest_that_is_set_needs_no_server_and_refuses_another_model() -> None:
    away = TritonLayoutConfig(model="heron", url="127.0.0.1:1", digests={"heron": "a"})
    assert away.engine(Triton()).served() == {"heron": "a"}
    model = heron("a")
    with KServeServer({"heron": model}) as server:
        config = TritonLayoutConfig(model="heron", url=server.url, digests={"heron": "a", "other": "x"})
        engine = config.engine(Triton())
        engine.prepare()
        model.parameters["digest"] = "b"
        with pytest.raises(BackendConfigError, match="the weights b behind the model heron, and a are set"):
            engine.prepare()
        with pytest.raises(ModelChangedError), unchanged(engine):
            list(engine.detect_pages([LayoutView(PAGE, None, None, render)]))


def test_a_digest_that_is_set_is_believed_where_the_server_knows_none() -> None:
    with KServeServer({"heron": heron()}) as server:
        config = TritonLayoutConfig(model="heron", url=server.url, digests={"heron": "release 7"})
        engine = config.engine(Triton())
        engine.prepare()
        with unchanged(engine):
            list(engine.detect_pages([LayoutView(PAGE, None, None, render)]))


def test_embedded_engines_are_what_they_are() -> None:
    assert not isinstance(EmbeddedLayout(Path("models")), Pinned)
