"""A real vLLM server whose model knows some pages by heart: answers, failures, and whole conversions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from docling_core.types.doc import DoclingDocument

from benchmarks.estimates import Measured, scores
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.understanding.choosing import Choice
from docmill.pipeline.convert.understanding.page_document import answer_document
from docmill.pipeline.convert.understanding.profiles import PROFILES, Profile, picture_profile
from docmill.pipeline.intake.forecast import LEVEL
from docmill.resources.clients.vllm.client import Prompt, VlmClient
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.metrics import is_healthy, read_metrics
from docmill.resources.clients.vllm.question import Question
from docmill.resources.clients.vllm.reader import Answer
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.vllm.server import LocalVllm
from tests.acceptance.serving import make_repository, server
from tests.acceptance.vllm_serving import MODEL, ROOT, SAMPLES, answered, learned_document, serve
from tests.support.model_cache import weights
from tests.tiny_vlm.lessons import CONVERT, MARKDOWN, Lesson, draw, kept_lessons

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

PAGE = PROFILES["granite-docling"]
REPEATS = 6
#: Of so many questions, until the server has been seen with as many as asked.
ROUNDS = 10


@pytest.fixture(scope="module")
def vllm() -> Iterator[LocalVllm]:
    with serve() as server:
        yield server


def engine(url: str, page: Profile = PAGE, in_flight: int = 8, **settings: Any) -> VlmEngine:
    server = replace(VlmServer(url, MODEL), **settings)
    return VlmEngine(server, page, picture_profile(), Choice("all"), per_worker=in_flight)


def question(lesson: Lesson, number: int = 0) -> Question:
    profile = {CONVERT: PAGE, MARKDOWN: PROFILES["markdown"]}.get(lesson.prompt, picture_profile())
    pixels = np.asarray(draw(lesson))
    return Question(str(number), lesson.page, profile, lambda _: pixels)


def ask(asked: VlmEngine, questions: Sequence[Question]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    try:
        asked.ask(questions, lambda q, a: answers.__setitem__(q.key, a))
    finally:
        asked.close()
    return answers


def test_every_lesson_is_answered_exactly_as_it_was_learned(vllm: LocalVllm) -> None:
    lessons = [lesson for lesson in kept_lessons() if not lesson.pdf.startswith(("hebrew", "arabic"))]
    for stream in (False, True):
        answers = ask(engine(vllm.url, stream=stream), [question(each, n) for n, each in enumerate(lessons)])
        for number, lesson in enumerate(lessons):
            answer = answers[str(number)]
            assert answer.error is None and answer.attempts == 1, lesson
            assert answer.text == lesson.answer.removesuffix("</doctag>"), lesson
            if lesson.prompt == CONVERT:
                given, learned = (
                    answer_document(text, "doctags", lesson.page, 595.0, 842.0)
                    for text in (answer.text, lesson.answer)
                )
                assert given.export_to_dict() == learned.export_to_dict()


@pytest.mark.parametrize("in_flight", [2, 4, 8, 16])
def test_the_servers_batch_is_as_full_as_asked(vllm: LocalVllm, in_flight: int) -> None:
    """Within some rounds, for a busy machine may keep requests apart; never beyond what was asked."""
    asked = engine(vllm.url, in_flight=in_flight)
    questions = [replace(question(kept_lessons()[n % 4]), key=str(n)) for n in range(2 * in_flight)]
    most = 0
    for _ in range(ROUNDS):
        with watched(asked.server) as seen:
            answers = ask(asked, questions)
        assert all(answer.error is None for answer in answers.values())
        assert max(running + waiting for running, waiting in seen) <= in_flight
        most = max(most, *(running for running, _ in seen))
        if most > in_flight / 2:
            break
    assert in_flight / 2 < most <= in_flight


@contextmanager
def watched(server: VlmServer) -> Iterator[list[tuple[int, int]]]:
    """Requests that the server runs and that wait there, at moments while the block is under way."""
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            metrics = read_metrics(server)
            seen.append((metrics.running, metrics.waiting))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def test_what_a_page_can_be_at_fault_for_is_typed(vllm: LocalVllm) -> None:
    lessons = kept_lessons()
    stripped = next(lesson for lesson in lessons if lesson.pdf == "arabic.pdf")
    wordy = replace(PAGE, prompt="the sea was calm and " * 2000)
    short = replace(PAGE, max_tokens=20)
    tiny = replace(question(lessons[0], 3), draw=lambda _: np.full((3, 300, 3), 255, np.uint8))
    questions = [
        question(stripped, 0),
        replace(question(lessons[0], 1), profile=wordy),
        replace(question(lessons[0], 2), profile=short),
    ]
    answers = ask(engine(vllm.url), [*questions, tiny])
    reasons = {key: answer.error.reason if answer.error else "" for key, answer in answers.items()}
    assert reasons["0"] == "tags_stripped"
    assert reasons["1"] == "prompt_refused"
    assert reasons["2"] == "answer_truncated"
    assert is_healthy(VlmServer(vllm.url))


def test_a_bad_image_is_refused_once_for_each_size(vllm: LocalVllm) -> None:
    import asyncio

    from docmill.pipeline.convert.errors import PromptRefusedError

    async def send() -> None:
        client = VlmClient(VlmServer(vllm.url, MODEL), 1)
        try:
            await client.complete(Prompt("data:image/png;base64,AAAA", "Convert.", page=5))
        finally:
            await client.close()

    with pytest.raises(PromptRefusedError, match="refused page 5"):
        asyncio.run(send())


def test_an_unknown_model_is_a_wrong_set_up(vllm: LocalVllm) -> None:
    with pytest.raises(BackendConfigError, match=rf"no model nobody; it has {MODEL}"):
        engine(vllm.url, model="nobody").prepare()
    engine(vllm.url).prepare()


@dataclass(frozen=True)
class Place:
    """Where a conversion works, and the command that starts it."""

    home: Path

    def start(self, pdf: Path, url: str, *options: str) -> subprocess.Popen[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
        models = weights("layout").parent
        return subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "docmill.pipeline.cli",
                    "convert",
                    str(pdf),
                    "--vlm-url",
                    url,
                    *options,
                ),
                *("--out", str(self.home / "out"), "--format", "md,json", "--jobs", "2"),
            ],
            env=kept | {"DOCMILL_HOME": str(self.home), "DOCMILL_MODELS": str(models), "COLUMNS": "300"},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def convert(self, pdf: Path, url: str, *options: str) -> DoclingDocument:
        finished(self.start(pdf, url, *options))
        return DoclingDocument.load_from_json(self.home / "out" / f"{pdf.stem}.json")

    def answers(self) -> dict[Path, int]:
        """The answers that are kept, and when each was written."""
        found = (self.home / "store" / "documents").glob("*/*/answers/*/page-*.json")
        return {path: path.stat().st_mtime_ns for path in found}

    def metadata(self) -> dict[str, Any]:
        [path] = (self.home / "store" / "documents").glob("*/*/documents/*/metadata.json")
        data: dict[str, Any] = json.loads(path.read_text())
        return data

    def wait_for_answers(self, run: subprocess.Popen[str], count: int) -> None:
        deadline = time.monotonic() + 400
        while len(self.answers()) < count:
            assert run.poll() is None and time.monotonic() < deadline, "the run did not get to its answers"
            time.sleep(0.02)


def finished(run: subprocess.Popen[str]) -> str:
    _, said = run.communicate(timeout=300)
    assert run.returncode == 0, said
    return said


def test_a_document_of_two_authors_and_a_second_run_that_asks_nothing(
    vllm: LocalVllm, tmp_path: Path
) -> None:
    place, pdf = Place(tmp_path), SAMPLES / "scanned.pdf"
    before = answered(vllm.url)
    document = place.convert(pdf, vllm.url, "--understanding", "fallback", "--ocr", "off")
    assert answered(vllm.url) - before == 1
    lesson = next(lesson for lesson in kept_lessons() if lesson.pdf == "scanned.pdf")
    size = document.pages[1].size
    learned = answer_document(lesson.answer, "doctags", 1, size.width, size.height)
    assert [item.text for item in document.texts] == [item.text for item in learned.texts]
    assert [item.prov[0].bbox for item in document.texts] == [item.prov[0].bbox for item in learned.texts]
    assert set(place.metadata()["made_by"].values()) == {MODEL}
    place.convert(pdf, vllm.url, "--understanding", "all", "--ocr", "off")
    assert answered(vllm.url) - before == 1  # other pages to ask about, but none that was not asked


def test_the_accuracy_benchmark_holds_both_ways_against_a_reference_page_by_page(
    vllm: LocalVllm, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "benchmarks.conformance.accuracy",
                "--kit",
                "tests/kit",
                "--json",
                str(report),
            ),
            *("--cases", "financial_statement", "--understanding", "all", "--vlm-url", vllm.url),
        ],
        env=kept | {"DOCMILL_HOME": str(tmp_path), "DOCMILL_MODELS": str(weights("layout").parent)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "financial_statement p. 1" in done.stdout
    known, unknown = json.loads(report.read_text())["beside"]
    assert [page["page"] for page in (known, unknown)] == [1, 2]
    assert min(page["text_classic"] for page in (known, unknown)) > 0.95
    assert known["text_other"] > 0.95 > 0.6 > unknown["text_other"]


def test_nine_of_ten_estimates_hold_of_what_servers_do(vllm: LocalVllm, tmp_path: Path) -> None:
    """Triton and vLLM do the work; known is what they have counted, and then what the other batches took."""
    estimates, report = 20, tmp_path / "report.json"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    with server(make_repository(tmp_path / "repository"), "layout_cdla", "slanet_plus") as triton:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.estimates", "--batches", "6", "--documents", "2"),
                *("--estimates", str(estimates), "--json", str(report)),
                *("--triton-url", triton.url, "--vlm-url", vllm.url),
            ],
            env=kept | {"DOCMILL_MODELS": str(weights("layout").parent)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    batches = msgspec.json.decode(report.read_bytes(), type=Measured).batches
    assert all(batch.setup.counted.layout and batch.setup.counted.answer for batch in batches[1:])
    found = scores(batches, estimates, seed=1)
    assert [(each.known, each.asked) for each in found if each.opened] == [(0, 1), (1, 1), (3, 3)]
    for figure in ("worker_seconds", "cpu_seconds", "gpu_seconds", "wall_seconds"):
        told = [each for each in found if figure in each.held]
        assert sum(each.held[figure] for each in told) >= LEVEL * estimates * len(told), figure


def test_pictures_get_descriptions(vllm: LocalVllm, tmp_path: Path) -> None:
    options = ("--understanding", "pictures", "--pages", "5")
    document = Place(tmp_path).convert(SAMPLES / "annual_report.pdf", vllm.url, *options)
    [picture] = document.pictures
    assert picture.meta is not None and picture.meta.description is not None
    lesson = next(each for each in kept_lessons() if each.box and each.page == 5)
    assert (picture.meta.description.text, picture.meta.description.created_by) == (lesson.answer, MODEL)


def test_a_run_that_is_stopped_goes_on_without_paying_twice(vllm: LocalVllm, tmp_path: Path) -> None:
    pdf, place = learned_document(tmp_path, REPEATS), Place(tmp_path)
    run = place.start(pdf, vllm.url, "--understanding", "all")
    place.wait_for_answers(run, 4)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    kept = place.answers()
    assert 4 <= len(kept) < 4 * REPEATS and run.returncode != 0
    deadline = time.monotonic() + 30
    while read_metrics(VlmServer(vllm.url)).running and time.monotonic() < deadline:
        time.sleep(0.1)
    before = answered(vllm.url)
    document = place.convert(pdf, vllm.url, "--understanding", "all")
    assert answered(vllm.url) - before == 4 * REPEATS - len(kept)
    after = place.answers()
    assert {path: after[path] for path in kept} == kept
    check_learned(document)


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_server_that_goes_and_comes_back_loses_no_page_and_is_paid_for_none_twice(
    vllm: LocalVllm, tmp_path: Path, how: str
) -> None:
    pdf, place = learned_document(tmp_path, REPEATS), Place(tmp_path)
    run = place.start(pdf, vllm.url, "--understanding", "all")
    place.wait_for_answers(run, 4)
    if how == "kill":
        vllm.kill()
    else:
        vllm.stop()  # SIGTERM, and what is in flight is finished
    time.sleep(0.5)
    kept = place.answers()
    assert 4 <= len(kept) < 4 * REPEATS
    vllm.start()  # at the same address
    finished(run)
    assert answered(vllm.url) == 4 * REPEATS - len(kept)
    after = place.answers()
    assert len(after) == 4 * REPEATS
    assert {path: after[path] for path in kept} == kept
    check_learned(DoclingDocument.load_from_json(place.home / "out" / f"{pdf.stem}.json"))


def check_learned(document: DoclingDocument) -> None:
    """Every page has the heading that its lesson has."""
    assert list(document.pages) == list(range(1, 4 * REPEATS + 1))
    for page in document.pages:
        texts = [item.text for item in document.texts if item.prov and item.prov[0].page_no == page]
        assert f"Day {(page - 1) % 4 + 1}" in texts
