"""Checks of stages: what they say of a batch, as Dagster shows it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.checks import check_result, check_spec
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.intake.batches import DocumentRef, write_manifest
from docmill.pipeline.stages.checks import StageBatch
from docmill.pipeline.stages.documents import DocumentsStage
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, Status
from docmill.pipeline.stages.spec import Stage
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from docmill.resources.settings.checks import Checks
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"
LIMITS = Checks(max_failed_share=0.5, max_partial_share=0.25, min_documents=4)


def records(*statuses: Status, extra: dict[str, object] | None = None, **counts: float) -> list[StageRecord]:
    return [
        StageRecord(
            stage="any",
            document=f"{number}" * 64,
            name=f"{number}.pdf",
            status=status,
            reason="" if status in ("converted", "partial") else "not_a_pdf",
            pages=[1, 2] if status in ("converted", "partial") else [],
            issues=[PageIssue(2, "tables", "timed_out", "why")] if status == "partial" else [],
            counts=dict(counts),
            extra=extra or {},
        )
        for number, status in enumerate(statuses)
    ]


def judged(
    stage: Stage, name: str, found: list[StageRecord], limits: Checks = LIMITS
) -> tuple[dg.AssetCheckResult, dict[str, object]]:
    """The result of one check, and its numbers."""
    [check] = [each for each in stage.checks if each.name == name]
    spec = check_spec(check, dg.AssetKey("any"))
    result = check_result(check, check.judge(StageBatch(stage, found, limits)))
    assert (spec.name, spec.blocking) == (result.check_name, check.blocking)
    values = result.metadata.values()
    assert all(isinstance(value, dg.FloatMetadataValue) for value in values)  # or the UI plots none
    return result, {key: value.value for key, value in result.metadata.items()}


@pytest.mark.parametrize(
    ("statuses", "passed"),
    [
        (("converted", "partial", "failed", "quarantined"), True),
        (("converted", "failed", "failed", "quarantined"), False),
        (("failed", "failed", "failed"), True),  # too few to tell
    ],
)
def test_a_batch_is_stopped_when_most_of_it_failed(statuses: tuple[Status, ...], passed: bool) -> None:
    result, numbers = judged(PagesStage(), "failure_rate", records(*statuses))
    bad = sum(status in ("failed", "quarantined") for status in statuses)
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.ERROR)
    assert result.description == f"{bad} of {len(statuses)} documents failed: not_a_pdf"
    assert numbers["share"] == bad / len(statuses)


def test_a_document_without_some_of_its_pages_is_an_error() -> None:
    whole = records("converted", "partial")
    assert judged(DocumentsStage(), "all_pages", whole)[0].passed
    result, numbers = judged(
        DocumentsStage(), "all_pages", [*whole, *records("converted", "failed", extra={"lacking": [3]})]
    )
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert result.description == "1 of 3 documents lack pages that were read: 0.pdf"
    assert numbers == {"documents": 3.0, "pages": 6.0, "lacking": 1.0, "share": 1 / 3}


@pytest.mark.parametrize(
    ("statuses", "passed"),
    [
        (("converted", "converted", "converted", "partial"), True),
        (("converted", "converted", "partial", "partial"), False),
        (("converted", "partial", "partial", "failed"), True),  # too few are left to tell
    ],
)
def test_many_documents_that_lack_something_are_a_warning(statuses: tuple[Status, ...], passed: bool) -> None:
    result, numbers = judged(DocumentsStage(), "partial_share", records(*statuses))
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert numbers["partial"] == numbers["issues"] == statuses.count("partial")


def test_documents_with_nothing_in_them_are_a_warning() -> None:
    seven: list[Status] = ["converted"] * 7
    full, blank = records("converted", texts=3, tables=0), records(*seven)
    assert judged(DocumentsStage(), "empty_documents", full)[0].passed
    result, numbers = judged(DocumentsStage(), "empty_documents", [*full, *blank, *records("failed")])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == (
        "7 of 8 documents have nothing in them: 0.pdf, 1.pdf, 2.pdf, 3.pdf, 4.pdf and 2 more"
    )
    assert numbers == {"documents": 8.0, "empty": 7.0, "share": 7 / 8}


def test_a_document_without_a_format_that_was_asked_for_is_an_error() -> None:
    stage = ExportsStage(("md", "doctags"))
    made = records("converted", "failed", extra={"files": {"md": "a", "doctags.txt": "b"}})
    assert judged(stage, "all_formats", made)[0].passed
    short = records("partial", extra={"files": {"md": "a"}})
    result, numbers = judged(stage, "all_formats", [*made, *short])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert result.description == "1 of 2 documents are not in all of doctags.txt, md: 0.pdf"
    assert numbers == {"documents": 2.0, "files": 3.0, "share": 0.5}


@pytest.mark.parametrize(
    ("statuses", "passed"),
    [
        (("failed", "quarantined"), False),  # few as they are
        (("failed", "partial"), True),
        ((), True),
    ],
)
def test_a_batch_with_nothing_to_show_is_a_warning(statuses: tuple[Status, ...], passed: bool) -> None:
    result, numbers = judged(ExportsStage(("md",)), "any_converted", records(*statuses))
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
    why = ": not_a_pdf" if "failed" in statuses else ""
    assert (
        result.description == f"{statuses.count('partial')} of {len(statuses)} documents were converted{why}"
    )
    assert numbers == {"documents": len(statuses), "converted": statuses.count("partial")}


@pytest.mark.parametrize("published", [True, False])
def test_what_a_real_run_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: bool) -> None:
    """Two files of the same name, of which `out` has room for one."""
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    store = DocumentStore(str(tmp_path / "store"))
    paths = [SAMPLES / "code_listing.pdf", SAMPLES / "form.pdf"]
    refs = [DocumentRef(content_hash(path), "a.pdf", str(path), path.stat().st_size) for path in paths]
    key = write_manifest(store, refs).key
    out = str(tmp_path / "out") if published else ""
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions(BATCHES, [key])
        result = defs.resolve_job_def("convert_documents").execute_in_process(
            instance=instance,
            partition_key=key,
            run_config={"resources": {"exports": {"config": {"out": out}}}},
        )
    assert result.success
    found = {
        f"{each.asset_key.to_user_string()}:{each.check_name}": each
        for each in result.get_asset_check_evaluations()
    }
    assert {name for name, each in found.items() if not each.passed} == (
        {"exports:published"} if published else set()
    )
    assert {key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys} == set(found)
    assert found["documents:all_pages"].metadata["lacking"].value == 0.0
    assert found["exports:all_formats"].metadata["files"].value == 6.0
    said = found["exports:published"].description
    assert said == (
        "1 of 2 documents have no copy of their own: a.pdf"
        if published
        else "there is no `out`: nothing is published"
    )
    assert {row.state for row in open_ledger(store).all()} == {"converted"}
