"""Whole conversions through a real Triton server: the embedded models' documents, also when it dies."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import pikepdf
import pytest

from docmill.pipeline.convert.types import PageLayout
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.triton.connection import connect
from docmill.resources.weights.served_digest import model_digest, write_digest
from tests.acceptance.serving import HERON, ROOT, make_repository, server, statistics
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

SAMPLES = ROOT / "tests" / "samples"
MODELS = ("layout_cdla", "slanet_plus")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("triton") / "repository")


@dataclass(frozen=True)
class Place:
    """Where a conversion works, and the command that starts it."""

    home: Path
    out: Path

    def start(self, places: Sequence[Path], *options: str) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
        models = weights("layout").parent
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "docmill.pipeline.cli", "convert", "--ocr", "off", *map(str, places)),
                *(*options, "--out", str(self.out), "--format", "md,json", "--jobs", "2"),
            ],
            env=environment
            | {"DOCMILL_HOME": str(self.home), "DOCMILL_MODELS": str(models), "COLUMNS": "300"},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def documents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.out.iterdir())}

    def layouts(self) -> dict[Path, tuple[int, int]]:
        """The layout artifacts: when each was written, and which file it is."""
        found = (self.home / "store" / "documents").glob("*/*/layout/*.json.zst")
        return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in found}

    def doubts(self) -> list[list[str] | None]:
        """Why the layout model was asked about each page."""
        store = ArtifactStore(DocumentStore(str(self.home / "store")))
        paths = (str(path.relative_to(self.home / "store")) for path in self.layouts())
        return [page.doubts for path in paths for page in store.part_pages(path, PageLayout)]

    def metadata(self) -> list[dict[str, Any]]:
        found = (self.home / "store").glob("documents/*/*/documents/*/metadata.json")
        return [json.loads(path.read_text()) for path in found]


def by_triton(url: str) -> tuple[str, ...]:
    return ("--layout", "triton:cdla", "--tables", "triton:slanet", "--triton-url", url)


def asked(url: str, model: str) -> int:
    """The inferences of a model since its server started, its warm-up's included."""
    return int(statistics(url, model).inference_count)


def finished(run: subprocess.Popen[str]) -> None:
    _, said = run.communicate(timeout=200)
    assert run.returncode == 0, said


def parts(folder: Path, count: int, pages: int) -> list[Path]:
    """Different documents of a few pages each."""
    folder.mkdir()
    made = []
    with pikepdf.open(SAMPLES / "many_pages.pdf") as whole:
        for index in range(count):
            path = folder / f"part{index}.pdf"
            with pikepdf.new() as part:
                part.pages.extend(whole.pages[index * pages : (index + 1) * pages])
                part.save(path)
            made.append(path)
    return made


def test_documents_made_by_triton_are_those_of_the_embedded_models(repository: Path, tmp_path: Path) -> None:
    files = [SAMPLES / f"{name}.pdf" for name in ("two_column_paper", "financial_statement", "annual_report")]
    here = Place(tmp_path / "here", tmp_path / "here" / "out")
    there = Place(tmp_path / "there", tmp_path / "there" / "out")
    with server(repository, *MODELS) as triton:
        warm_up = [asked(triton.url, model) for model in MODELS]
        finished(there.start(files, *by_triton(triton.url)))
        pages, tables = (asked(triton.url, m) - w for m, w in zip(MODELS, warm_up, strict=True))
    finished(here.start(files, "--detector", "always"))
    assert there.documents() == here.documents()
    assert len(here.documents()) == 2 * len(files)
    assert pages == sum(
        len(json.loads((here.out / f"{file.stem}.json").read_text())["pages"]) for file in files
    )
    assert tables > 0


@pytest.mark.parametrize("layout", ["triton:cdla", "triton"])
def test_a_server_is_asked_about_pages_in_doubt_alone_where_that_is_set(
    repository: Path, tmp_path: Path, layout: str
) -> None:
    files = [SAMPLES / f"{name}.pdf" for name in ("two_column_paper", "annual_report")]
    model = "layout_cdla" if layout == "triton:cdla" else HERON
    every, some, here = (
        Place(tmp_path / name, tmp_path / name / "out") for name in ("every", "some", "here")
    )
    with server(repository, model) as triton:
        requests = [asked(triton.url, model)]
        for place, options in ((every, ()), (some, ("--detector", "auto"))):
            finished(place.start(files, "--layout", layout, "--triton-url", triton.url, *options))
            requests.append(asked(triton.url, model))
    with_all, with_some = (after - before for before, after in itertools.pairwise(requests))
    doubts = some.doubts()
    assert every.doubts() == [None] * len(doubts)
    assert (with_all, with_some) == (len(doubts), sum(bool(why) for why in doubts))
    assert 0 < with_some < with_all
    assert every.layouts().keys().isdisjoint(some.layouts())
    assert {each["engines"]["layout"].get("asked") for each in some.metadata()} == {"auto"}
    if layout == "triton:cdla":  # the same rules, and the same model
        finished(here.start(files))
        assert some.documents() == here.documents()


def test_a_server_that_dies_and_comes_back_loses_no_document_and_repeats_none(
    repository: Path, tmp_path: Path
) -> None:
    count, pages = 8, 3
    files = parts(tmp_path / "in", count, pages)
    place = Place(tmp_path / "home", tmp_path / "home" / "out")
    with server(repository, *MODELS) as first:
        run = place.start(files, *by_triton(first.url))
        deadline = time.monotonic() + 90
        while len(place.layouts()) < 2:
            assert run.poll() is None and time.monotonic() < deadline, "the run did not get to its layouts"
            time.sleep(0.05)
        first.kill()
        done = place.layouts()
        assert 2 <= len(done) < count
        time.sleep(2.0)
    with server(repository, *MODELS, ports=first.ports) as second:
        finished(run)
        # the run may already have asked by the time that the warm-up could be counted: it is one inference
        again = asked(second.url, "layout_cdla") - 1
    after = place.layouts()
    assert len(after) == count
    assert {path: after[path] for path in done} == done
    # two workers may have lost what they were at; no page of a finished document was asked for again
    assert (count - len(done) - 2) * pages <= again <= (count - len(done)) * pages
    names = [f"{file.stem}.{extension}" for file in files for extension in ("json", "md")]
    assert sorted(place.documents()) == sorted(names)
    assert all(len(json.loads((place.out / f"{f.stem}.json").read_text())["pages"]) == pages for f in files)


def test_new_weights_behind_a_name_are_another_result(repository: Path, tmp_path: Path) -> None:
    own = tmp_path / "repository"
    for model in MODELS:
        shutil.copytree(repository / model, own / model)
    layout = own / "layout_cdla"
    place = Place(tmp_path / "home", tmp_path / "home" / "out")
    files = [SAMPLES / "two_column_paper.pdf"]
    with server(own, *MODELS) as first:
        finished(place.start(files, *by_triton(first.url)))
    before = place.layouts()
    assert len(before) == 1
    with server(own, *MODELS) as second:
        # another server with the same weights has nothing to do
        warm_up = asked(second.url, "layout_cdla")
        finished(place.start(files, *by_triton(second.url)))
        assert asked(second.url, "layout_cdla") == warm_up
        assert place.layouts() == before
        # other weights, loaded while it runs
        graph = onnx.load(layout / "1" / "model.onnx")
        graph.doc_string = "of another training"
        onnx.save(graph, layout / "1" / "model.onnx")
        write_digest(layout)
        # what lies in the repository is not what is served before it is loaded
        finished(place.start(files, *by_triton(second.url)))
        assert place.layouts() == before
        connect(second.url).load_model("layout_cdla")
        finished(place.start(files, *by_triton(second.url)))
    after = place.layouts()
    assert {path: after[path] for path in before} == before
    assert len(after) == 2
    [metadata] = [
        found
        for path in (place.home / "store").glob("documents/*/*/documents/*/metadata.json")
        if model_digest(layout) in (found := path.read_text())
    ]
    assert json.loads(metadata)["engines"]["layout"]["served"] == {"layout_cdla": model_digest(layout)}
