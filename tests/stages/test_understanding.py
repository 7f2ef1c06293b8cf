"""The stage `understanding` over whole documents: what is asked, kept, given up, and never asked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.types import PageLayout, PageUnderstanding
from docmill.pipeline.convert.understanding.choosing import Choice, UnderstandingMode
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.pipeline.stages.understanding import UnderstandingStage
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedTables
from tests.support.chat_server import MODEL, ChatServer, Reply
from tests.support.model_cache import weights
from tests.support.stage_runs import Told

SAMPLES = Path(__file__).parents[1] / "samples"
PAGES = 10
BAD = Reply("no tags")
STAGES = ("pages", "ocr", "layout")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Conversion, DocumentRef]:
    """A document of ten pages, and its stages before the one under test."""
    folder = tmp_path_factory.mktemp("understanding")
    path = folder / "ten.pdf"
    with pikepdf.open(SAMPLES / "many_pages.pdf") as source, pikepdf.new() as made:
        made.pages.extend(source.pages[:PAGES])
        made.save(path)
    return staged(folder, path)


def staged(folder: Path, path: Path) -> tuple[Conversion, DocumentRef]:
    """A document, and its stages before the one under test."""
    models = weights("layout").parent
    conversion = Conversion(
        artifacts=ArtifactStore(DocumentStore(str(folder / "store"))),
        sources=SourceCache(folder / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(
            layout=EmbeddedLayout(models),
            tables=EmbeddedTables(models),
            formats=["md"],
        ),
        workers=WorkerLimits(workers=1),
        limits=TimeLimits(),
    )
    document = DocumentRef(content_hash(path), path.name, str(path), path.stat().st_size)
    for stage in STAGES:
        conversion.run(stage, [document], Told())
    return conversion, document


def run(
    before: tuple[Conversion, DocumentRef],
    server: ChatServer,
    prompt: str,
    *,
    budget: int = 8,
    in_flight: int = 1,
    mode: UnderstandingMode = "all",
) -> StageRecord:
    """Run the stage; each test asks in its own words, so that answers of others do not count."""
    conversion, document = before
    engine = VlmEngine(
        server=VlmServer(server.url, MODEL, deadline_s=10.0, patience_s=2.0, retries=0),
        page=replace(PROFILES["granite-docling"], prompt=prompt),
        picture=picture_profile(),
        choice=Choice(mode),
        concurrency=in_flight,
        error_budget=budget,
    )
    asking = UnderstandingStage(engine)
    stages = [asking if isinstance(stage, UnderstandingStage) else stage for stage in conversion.all_stages]
    [record] = replace(conversion, all_stages=stages).run("understanding", [document], Told())
    return record


def test_every_page_is_asked_about_once(before: tuple[Conversion, DocumentRef]) -> None:
    with ChatServer() as server:
        first = run(before, server, "once")
        again = run(before, server, "once")
    assert len(server.requests) == PAGES
    assert (first.status, first.counts["understood_pages"]) == ("converted", PAGES)
    assert (first.counts["prompt_tokens"], first.counts["generation_tokens"]) == (100 * PAGES, 10 * PAGES)
    assert sorted(first.page_seconds) == first.pages and min(first.page_seconds.values()) > 0
    assert again.reused and first.flagged == list(range(1, PAGES + 1))


def test_failed_pages_are_named_and_left_to_the_classic_path(before: tuple[Conversion, DocumentRef]) -> None:
    with ChatServer([BAD] * 3) as server:
        record = run(before, server, "one fails")
    assert (record.status, [issue.page for issue in record.issues]) == ("partial", [1])
    assert record.issues[0].reason == "tags_stripped"
    assert record.counts["understood_pages"] == PAGES - 1
    assert record.final  # the same again would come to the same


def test_a_document_that_fails_too_often_is_not_sent_on(before: tuple[Conversion, DocumentRef]) -> None:
    with ChatServer(usual=BAD) as server:
        record = run(before, server, "all fail", budget=2)
    assert [issue.reason for issue in record.issues] == ["tags_stripped"] * 2 + ["error_budget"] * (PAGES - 2)
    assert len(server.requests) == 2 * 3  # each climbed its ladder


def test_a_step_that_failed_goes_on_with_what_is_missing(before: tuple[Conversion, DocumentRef]) -> None:
    with ChatServer([*[Reply()] * 5, Reply("gone", status=404)]) as server, pytest.raises(BackendConfigError):
        run(before, server, "goes on")
    with ChatServer() as server:
        record = run(before, server, "goes on")
    assert len(server.requests) == PAGES - 5
    assert (record.status, record.counts["vlm_answers_reused"]) == ("converted", 5)
    assert sorted(record.page_seconds) == record.pages[5:]  # the others were asked about before


def test_what_may_go_better_is_tried_again(before: tuple[Conversion, DocumentRef]) -> None:
    with ChatServer([Reply("oops", status=500)]) as server:
        first = run(before, server, "again")
        assert first.issues[0].reason == "server_failed" and not first.final
        second = run(before, server, "again")
    assert len(server.requests) == PAGES + 1
    assert second.status == "converted" and second.issues == []


def test_the_artifact_says_who_answered_what(before: tuple[Conversion, DocumentRef]) -> None:
    conversion, document = before
    with ChatServer(usual=Reply(seconds=0.3)) as server:
        record = run(before, server, "kept", in_flight=4)
    assert server.most == 4
    stored = conversion.artifacts
    folder = f"documents/{document.id[:2]}/{document.id}/understanding"
    paths = [path for path in stored.store.list(folder) if path.endswith(".json.zst")]
    pages = [page for path in paths for page in stored.part_pages(path, PageUnderstanding)]
    assert {page.model for page in pages if page.text} == {MODEL}
    assert {page.format for page in pages if page.text} == {"doctags"}
    assert record.pages == list(range(1, PAGES + 1))


def test_pages_in_doubt_are_those_that_the_layout_model_is_asked_about(
    before: tuple[Conversion, DocumentRef], tmp_path: Path
) -> None:
    conversion, document = staged(tmp_path, SAMPLES / "annual_report.pdf")
    prints = conversion.fingerprints
    pages = conversion.artifacts.pages(document.id, "layout", prints["layout"], PageLayout, range(1, 8))
    doubts = {number: page.doubts for number, page in pages}
    with ChatServer() as server:
        record = run((conversion, document), server, "in doubt", mode="doubts")
        run(before, server, "in doubt", mode="doubts")  # which are text alone
    asked = [number for number, why in doubts.items() if why]
    assert 0 < len(asked) < len(doubts)
    assert record.flagged == asked
    assert record.counts["asked_pages"] == len(server.requests) == len(asked)
