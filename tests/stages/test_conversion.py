"""What a run is made with: fingerprints, and documents that have changed on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.convert.options import AssemblyOptions, Chunking, ExportOptions
from docmill.pipeline.convert.types import PageContent
from docmill.pipeline.convert.understanding.choosing import Choice, UnderstandingMode
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import Stage, TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.server import VlmServer
from tests.support.stage_runs import Told

SAMPLES = Path(__file__).parents[1] / "samples"
STAGES = {"pages", "ocr", "layout", "tables", "documents", "exports"}


@dataclass(frozen=True)
class FakeEngine:
    """An engine that has an identity and does nothing else."""

    version: int = 1

    def identity(self) -> dict[str, Any]:
        return {"model": "fake", "version": self.version}

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """There is nothing to fetch."""


def stages(**changes: Any) -> list[Stage]:
    engine: Any = FakeEngine()
    given: dict[str, Any] = {"ocr": engine, "layout": engine, "tables": engine, "formats": ["md"]}
    return stages_with(**given | changes)


def as_scans(made: list[Stage]) -> list[Stage]:
    return [replace(stage, scans=True) if isinstance(stage, PagesStage) else stage for stage in made]


def written(made: list[Stage], options: ExportOptions) -> list[Stage]:
    return [replace(stage, written=options) if isinstance(stage, ExportsStage) else stage for stage in made]


BY_TOKENS = ExportOptions(chunking=Chunking("somebody/a-tokenizer", 64))


@pytest.fixture
def conversion(tmp_path: Path) -> Conversion:
    return Conversion(
        artifacts=ArtifactStore(DocumentStore(str(tmp_path / "store"))),
        sources=SourceCache(tmp_path / "sources"),
        reader=ReaderSettings(),
        all_stages=stages(),
        workers=WorkerLimits(workers=2),
        limits=TimeLimits(),
    )


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({}, set()),
        ({"workers": WorkerLimits(9, 1)}, set()),
        ({"limits": TimeLimits(1.0, 1.0)}, set()),
        ({"reader": ReaderSettings(password="secret")}, set()),
        ({"all_stages": stages(understanding=None)}, set()),
        ({"all_stages": stages(formats=["md", "html"])}, {"exports"}),
        ({"all_stages": stages(assembly=AssemblyOptions(hierarchy=False))}, {"documents", "exports"}),
        ({"all_stages": stages(tables=FakeEngine(2))}, {"tables", "documents", "exports"}),
        ({"all_stages": stages(layout=FakeEngine(2))}, {"layout", "tables", "documents", "exports"}),
        ({"all_stages": stages(ocr=None)}, {"ocr", "layout", "tables", "documents", "exports"}),
        ({"all_stages": stages(pages="1-2")}, STAGES),
        ({"all_stages": as_scans(stages())}, STAGES),
        ({"all_stages": written(stages(), ExportOptions(images="referenced"))}, {"exports"}),
        ({"all_stages": written(stages(formats=["chunks"]), BY_TOKENS)}, {"exports"}),
        # what is not written is not made in another way
        ({"all_stages": written(stages(), BY_TOKENS)}, set()),
        ({"all_stages": stages(reader=FakeEngine())}, STAGES),
    ],
)
def test_a_setting_changes_its_stage_and_what_follows(
    conversion: Conversion, changes: dict[str, Any], changed: set[str]
) -> None:
    after = replace(conversion, **changes).fingerprints
    assert {stage for stage in STAGES if after[stage] != conversion.fingerprints[stage]} == changed
    assert len(set(after.values())) == len(STAGES)


@dataclass(frozen=True)
class ServedEngine(FakeEngine):
    """An engine on a server with these weights; none: nobody answers."""

    digest: str = ""

    def served(self) -> dict[str, str]:
        if not self.digest:
            raise BackendUnavailableError("nobody answers")
        return {"model": self.digest}

    def pinned_to(self, served: Mapping[str, str]) -> ServedEngine:
        return replace(self, digest=served["model"])

    def check_unchanged(self) -> None:
        """Nobody works."""


def test_what_a_server_has_belongs_to_its_stage_and_what_follows(conversion: Conversion) -> None:
    a, b = (
        replace(conversion, all_stages=stages(layout=ServedEngine(digest=digest))).asked().fingerprints
        for digest in "ab"
    )
    assert {stage for stage in STAGES if a[stage] != b[stage]} == {"layout", "tables", "documents", "exports"}


def test_fingerprints_end_where_a_server_was_not_asked(conversion: Conversion) -> None:
    away = replace(conversion, all_stages=stages(layout=ServedEngine()))
    assert set(away.fingerprints) == set(away.fingerprints_now()) == {"pages", "ocr"}
    assert away.fingerprints["ocr"] == conversion.fingerprints["ocr"]
    with pytest.raises(BackendUnavailableError):
        away.asked()
    # what is known is not asked for
    known = away.with_served({"layout": {"model": "a"}})
    assert set(known.fingerprints) == STAGES
    assert known.asked().fingerprints == known.fingerprints == known.fingerprints_now()


def test_a_worker_is_held_to_what_the_server_had(conversion: Conversion) -> None:
    made = replace(conversion, all_stages=stages(layout=ServedEngine(digest="b")))
    engine = made.stages["layout"].worker_engine(1, made.with_served({"layout": {"model": "a"}}).identities)
    assert engine.digest == "a"


def vlm(mode: UnderstandingMode = "all", model: str = "granite", prompt: str = "Convert.") -> VlmEngine:
    page = replace(PROFILES["granite-docling"], prompt=prompt)
    return VlmEngine(VlmServer(model=model), page, picture_profile(), Choice(mode))


def test_understanding_changes_documents_and_exports_and_nothing_before_them(conversion: Conversion) -> None:
    off = conversion.fingerprints
    assert "understanding" not in off
    prints = [
        replace(conversion, all_stages=stages(understanding=engine)).fingerprints
        for engine in (vlm(), vlm(model="other"), vlm(prompt="Read."), vlm("fallback"))
    ]
    for name in ("pages", "ocr", "layout", "tables"):
        assert {each[name] for each in prints} == {off[name]}
    for name in ("understanding", "documents", "exports"):
        assert len({each[name] for each in prints} | {off.get(name, "")}) == 5


def test_other_pages_to_ask_about_leave_answers_as_they_are() -> None:
    assert vlm("all").answers_identity() == vlm("fallback").answers_identity()
    assert vlm().answers_identity() != vlm(prompt="Read.").answers_identity()


@pytest.mark.parametrize(("workers", "limit"), [(2, 16), (3, 16), (8, 4), (1, 5)])
def test_all_workers_together_keep_to_the_limit(conversion: Conversion, workers: int, limit: int) -> None:
    engine = replace(vlm(), concurrency=limit)
    made = replace(conversion, workers=WorkerLimits(workers=workers), all_stages=stages(understanding=engine))
    count = made._limits("understanding").workers
    assert 1 <= count * engine.shared_by(count).per_worker <= limit
    assert made._limits("layout").workers == workers


def test_the_records_of_all_stages_are_told_as_one(conversion: Conversion) -> None:
    document = DocumentRef("a" * 64, "new name.pdf", "/in/a.pdf", 1)
    for seconds, stage in enumerate(conversion.stages, 1):
        record = StageRecord(
            stage=stage,
            document=document.id,
            name="old name.pdf",
            status="partial",
            page_count=3,
            seconds=seconds,
            issues=[PageIssue(2, "pages", "page_failed", "broken")],
        )
        conversion.artifacts.write(conversion.fingerprints[stage], b"", record)
    [final] = conversion.final_records([document])
    assert (final.stage, final.name, final.status) == ("exports", "new name.pdf", "partial")
    assert final.seconds == sum(range(1, len(STAGES) + 1))
    assert [record.stage for record in conversion.records("layout", [document])] == ["layout"]


def test_a_forced_page_is_a_scan_without_its_text_layer(conversion: Conversion) -> None:
    path = SAMPLES / "form.pdf"
    form = DocumentRef(content_hash(path), "form.pdf", str(path), path.stat().st_size)
    for forced, made in ((False, stages()), (True, as_scans(stages()))):
        run = replace(conversion, all_stages=made)
        [record] = run.run("pages", [form], Told())
        assert bool(record.flagged) is forced  # what the stage `ocr` has work on
        [(_, page)] = run.artifacts.pages(form.id, "pages", run.fingerprints["pages"], PageContent)
        assert bool(page.words) is bool(page.cells) is not forced
        assert [box.area for box in page.scanned] == ([page.width * page.height] if forced else [])


def test_files_are_checked_when_they_are_read(conversion: Conversion, tmp_path: Path) -> None:
    batch = []
    for name in ("form.pdf", "hebrew.pdf", "arabic.pdf"):
        path = tmp_path / name
        path.write_bytes((SAMPLES / name).read_bytes())
        batch.append(DocumentRef(content_hash(path), name, str(path), path.stat().st_size))
    (tmp_path / "hebrew.pdf").write_bytes((SAMPLES / "form.pdf").read_bytes())
    (tmp_path / "arabic.pdf").unlink()
    told = Told()
    good, changed, missing = conversion.run("pages", batch, told)
    assert (good.status, good.page_count, good.counts["pages"]) == ("converted", 1, 1)
    assert (changed.status, changed.reason) == ("quarantined", "source_changed")
    assert (missing.status, missing.reason) == ("quarantined", "source_missing")
    for record in (changed, missing):
        assert record.message.startswith(record.name)
        assert record.remedy
    assert told.page_count == 1
    # and when the files are back, so are the documents
    for name in ("hebrew.pdf", "arabic.pdf"):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    records = conversion.run("pages", batch, Told())
    assert [record.status for record in records] == ["converted"] * 3
    assert [record.reused for record in records] == [True, False, False]
