"""All samples through the command line, against what `expected.json` says of them."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from socket import gethostname
from typing import Any

import dagster as dg
import pytest
from docling_core.types.doc import (
    DocItem,
    DocItemLabel,
    DoclingDocument,
    SectionHeaderItem,
    TableItem,
    TitleItem,
)
from docling_core.types.doc.document import ListItem
from rapidfuzz import fuzz

from docmill.pipeline.convert.options import FORMATS
from docmill.pipeline.stages.results.records import StageRecord
from tests.support.model_cache import weights

ROOT = Path(__file__).parents[1]
SAMPLES = Path(__file__).parent / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
LONG = "many_pages.pdf"
#: Of the long sample only so many pages: the rest is more of the same.
LONG_PAGES = 12
CONVERTED = [name for name, facts in EXPECTED.items() if facts["outcome"] != "quarantined" and name != LONG]
OCR = {name for name, facts in EXPECTED.items() if facts.get("ocr")}


@dataclass(frozen=True)
class Outcome:
    """A run of the command: what it printed and left."""

    home: Path
    out: Path
    returncode: int
    stderr: str

    def document(self, name: str) -> DoclingDocument:
        return DoclingDocument.model_validate_json((self.out / name).with_suffix(".json").read_text("utf-8"))

    def text(self, name: str, extension: str) -> str:
        return (self.out / name).with_suffix(f".{extension}").read_text("utf-8")

    def files(self) -> dict[Path, tuple[int, int]]:
        """Every file of the store and of the results: when it was written, and which file it is."""
        found = [*(self.home / "store").rglob("*"), *self.out.rglob("*")]
        return {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in found if p.is_file()}


def convert(home: Path, out: Path, places: Sequence[Path], *options: str) -> Outcome:
    models = weights("layout").parent
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    run = subprocess.run(
        [
            *(sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, places), *options),
            *("--out", str(out), "--format", ",".join(FORMATS), "--jobs", "2"),
        ],
        env={**environment, "DOCMILL_HOME": str(home), "DOCMILL_MODELS": str(models), "COLUMNS": "300"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(home, out, run.returncode, run.stderr)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All samples but the long one, in one batch."""
    folder = tmp_path_factory.mktemp("all")
    places = [SAMPLES / name for name in EXPECTED if name != LONG]
    return convert(folder / "home", folder / "out", places)


@pytest.fixture(scope="module")
def long_outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("long")
    return convert(folder / "home", folder / "out", [SAMPLES / LONG], "--pages", f"1-{LONG_PAGES}")


@pytest.fixture(scope="module")
def documents(outcome: Outcome) -> dict[str, DoclingDocument]:
    return {name: outcome.document(name) for name in CONVERTED}


def instance_of(outcome: Outcome) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_ref(dg.DagsterInstance.local_temp(str(outcome.home / "dagster")).get_ref())


def records(outcome: Outcome, stage: str) -> Iterator[StageRecord]:
    from docmill.pipeline.stages.results.artifacts import ArtifactStore
    from docmill.resources.clients.files.document_store import DocumentStore

    store = ArtifactStore(DocumentStore(str(outcome.home / "store")))
    for path in (outcome.home / "store").glob(f"documents/*/*/{stage}/*.json.zst"):
        record = store.record(path.parts[-3], stage, path.name.partition(".")[0])
        assert record is not None
        yield record


def plain(text: str) -> str:
    """Text for comparison: spaces normalised, compatibility forms and direction marks gone."""
    folded = unicodedata.normalize("NFKC", text)
    return " ".join(re.sub("[\u200e\u200f\u00ad]", "", folded).split())


def text_of(document: DoclingDocument) -> str:
    """All text: items, furniture and cells."""
    cells = [cell.text for table in document.tables for cell in table.data.table_cells]
    return plain(" ".join([*(item.text for item in document.texts), *cells]))


def found(wanted: str, text: str, *, at_least: float = 100.0) -> bool:
    wanted = plain(wanted)
    return wanted in text or (at_least < 100 and fuzz.partial_ratio(wanted, text) >= at_least)


# --- outcomes ---


def test_the_exit_code_says_that_some_were_not_converted(outcome: Outcome) -> None:
    assert outcome.returncode == 1, outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_each_file_has_the_expected_outcome(outcome: Outcome) -> None:
    got = {record.name: (record.status, record.reason) for record in records(outcome, "exports")}
    want = {
        name: (facts["outcome"], facts.get("reason", "")) for name, facts in EXPECTED.items() if name != LONG
    }
    assert got == want


def test_what_was_not_converted_names_file_reason_and_remedy(outcome: Outcome) -> None:
    bad = [record for record in records(outcome, "pages") if not record.usable]
    assert len(bad) == 4
    shown = " ".join(outcome.stderr.split())
    for record in bad:
        assert record.message.startswith(record.name)
        assert record.remedy
        assert record.reason in shown
        assert record.message in shown
        assert record.remedy in shown


@pytest.mark.parametrize("name", [name for name, facts in EXPECTED.items() if facts["outcome"] == "partial"])
def test_partial_documents_name_page_reason_and_remedy(outcome: Outcome, name: str) -> None:
    [record] = [record for record in records(outcome, "exports") if record.name == name]
    wanted = {int(page): reason for page, reason in EXPECTED[name]["failed_pages"].items()}
    assert {issue.page: issue.reason for issue in record.issues} == wanted
    shown = " ".join(outcome.stderr.split())
    for issue in record.issues:
        assert f"{name}: page {issue.page}: {issue.message}" in shown
        assert issue.remedy in shown


def test_only_what_was_converted_leaves_files(outcome: Outcome) -> None:
    got = sorted(path.name for path in outcome.out.rglob("*"))
    assert got == sorted(
        f"{name.removesuffix('.pdf')}.{extension}" for name in CONVERTED for extension in FORMATS.values()
    )


def test_the_store_has_a_document_once(outcome: Outcome) -> None:
    kept = Counter(path.parts[-3] for path in (outcome.home / "store").rglob("document.json"))
    assert kept == {"documents": len(CONVERTED)}


# --- contents ---


@pytest.mark.parametrize("name", CONVERTED)
def test_documents_are_valid_and_export_without_a_warning(outcome: Outcome, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = outcome.document(name)
        assert document.export_to_markdown()
        assert document.export_to_html()
    assert document.origin is not None
    assert document.origin.filename == name
    assert len(document.pages) == EXPECTED[name]["pages"]
    for item, _ in document.iterate_items():
        assert isinstance(item, DocItem)
        for prov in item.prov:
            size = document.pages[prov.page_no].size
            box = prov.bbox.to_top_left_origin(size.height)
            assert -1 <= box.l <= box.r <= size.width + 1, (name, item.self_ref)
            assert -1 <= box.t <= box.b <= size.height + 1, (name, item.self_ref)


@pytest.mark.parametrize("name", [n for n in CONVERTED if "page_size" in EXPECTED[n]])
def test_pages_have_their_displayed_size(documents: dict[str, DoclingDocument], name: str) -> None:
    assert list(documents[name].pages[1].size.as_tuple()) == pytest.approx(EXPECTED[name]["page_size"])


@pytest.mark.parametrize(
    "name",
    CONVERTED,
)
def test_sentences_are_in_the_document(documents: dict[str, DoclingDocument], name: str) -> None:
    text = text_of(documents[name])
    tolerance = 93.0 if name in OCR else 100.0
    assert [s for s in EXPECTED[name].get("sentences", []) if not found(s, text, at_least=tolerance)] == []


@pytest.mark.parametrize("name", [n for n in CONVERTED if "absent" in EXPECTED[n]])
def test_text_outside_the_page_is_not(documents: dict[str, DoclingDocument], name: str) -> None:
    text = text_of(documents[name])
    assert [unwanted for unwanted in EXPECTED[name]["absent"] if plain(unwanted) in text] == []


@pytest.mark.parametrize("name", [n for n in CONVERTED if "in_order" in EXPECTED[n]])
def test_text_is_in_reading_order(documents: dict[str, DoclingDocument], name: str) -> None:
    texts = []
    for item, _ in documents[name].iterate_items():
        if isinstance(item, TableItem):
            texts += [cell.text for cell in item.data.table_cells]
        elif hasattr(item, "text"):
            texts.append(item.text)
    text = plain(" ".join(texts))
    places = [text.find(plain(wanted)) for wanted in EXPECTED[name]["in_order"]]
    assert -1 not in places
    in_order = sum(first < second for first, second in pairwise(places))
    assert in_order >= len(places) - 2  # floats may stand elsewhere


def test_headings_are_found(documents: dict[str, DoclingDocument]) -> None:
    wanted = hits = 0
    for name, document in documents.items():
        got = [plain(item.text) for item in document.texts if isinstance(item, SectionHeaderItem | TitleItem)]
        for heading in EXPECTED[name].get("headings", []):
            wanted += 1
            hits += any(fuzz.ratio(plain(heading["text"]), text) >= 90 for text in got)
    assert hits / wanted >= 0.9, f"{hits} of {wanted}"


def test_bookmarked_headings_have_their_levels(documents: dict[str, DoclingDocument]) -> None:
    levels = {
        plain(item.text): item.level
        for item in documents["annual_report.pdf"].texts
        if isinstance(item, SectionHeaderItem)
    }
    outline = EXPECTED["annual_report.pdf"]["outline"]
    right = [entry for entry in outline if levels.get(plain(entry["title"])) == entry["level"]]
    assert len(right) >= 0.9 * len(outline), levels


def tables_of(document: DoclingDocument, page: int) -> list[TableItem]:
    return [table for table in document.tables if table.prov and table.prov[0].page_no == page]


def whole_tables(parts: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Tables with what continues them on the next page, whose headings are not repeated."""
    whole: dict[str, Any] | None = None
    for part in parts:
        if whole is not None and part.get("continues"):
            above = whole["rows"] - 1
            cells = [cell | {"row": cell["row"] + above} for cell in part["cells"] if cell["row"]]
            whole |= {"rows": above + part["rows"], "cells": [*whole["cells"], *cells]}
            continue
        if whole is not None:
            yield whole
        whole = dict(part)
    if whole is not None:
        yield whole


TABLES = [(name, table) for name in CONVERTED for table in whole_tables(EXPECTED[name].get("tables", []))]


def test_tables_have_their_shape(documents: dict[str, DoclingDocument]) -> None:
    missed = []
    for name, wanted in TABLES:
        shapes = [(t.data.num_rows, t.data.num_cols) for t in tables_of(documents[name], wanted["page"])]
        if (wanted["rows"], wanted["cols"]) not in shapes:
            missed.append((name, wanted["page"], (wanted["rows"], wanted["cols"]), shapes))
    assert len(missed) <= len(TABLES) // 4, missed


def test_cells_stand_in_their_rows_and_columns(documents: dict[str, DoclingDocument]) -> None:
    wanted = hits = 0
    for name, table in TABLES:
        grids = [t.data.grid for t in tables_of(documents[name], table["page"])]
        for cell in table["cells"]:
            wanted += 1
            hits += any(
                cell["row"] < len(grid)
                and cell["col"] < len(grid[cell["row"]])
                and plain(grid[cell["row"]][cell["col"]].text) == plain(cell["text"])
                for grid in grids
            )
    assert hits / wanted >= 0.75, f"{hits} of {wanted}"


def test_list_items_are_found(documents: dict[str, DoclingDocument]) -> None:
    wanted = hits = 0
    for name, document in documents.items():
        got = [plain(item.text) for item in document.texts if isinstance(item, ListItem)]
        for item in EXPECTED[name].get("list_items", []):
            wanted += 1
            hits += any(fuzz.ratio(plain(item["text"]), text) >= 90 for text in got)
    assert hits / wanted >= 0.8, f"{hits} of {wanted}"


def test_nested_lists_are_nested(outcome: Outcome) -> None:
    markdown = outcome.text("annual_report.pdf", "md")
    assert re.search(r"^ {4,}.*Urban districts: reached in May\.", markdown, re.MULTILINE)
    assert re.search(r"^ {8,}.*North Islands: 5\.1 hours", markdown, re.MULTILINE)
    assert re.search(r"^- .*Open the accounts to every member\.", markdown, re.MULTILINE)


@pytest.mark.parametrize("name", [n for n in CONVERTED if EXPECTED[n].get("rtl")])
def test_right_to_left_text_is_in_logical_order(outcome: Outcome, name: str) -> None:
    markdown = plain(outcome.text(name, "md"))
    for sentence in EXPECTED[name]["sentences"]:
        assert plain(sentence) in markdown
    for text in (line for line in outcome.text(name, "md").splitlines() if line):
        assert not any(0xFB1D <= ord(char) <= 0xFEFC for char in text)  # no presentation forms


def test_headers_and_footers_are_not_in_the_text(outcome: Outcome) -> None:
    markdown = outcome.text("two_column_paper.pdf", "md")
    assert "Vol. 7, No. 2" not in markdown
    assert "A document pipeline spends most of its money" in plain(markdown)


@pytest.mark.xfail(reason="docling keeps a link only where it is the whole item", strict=True)
def test_links_are_kept(outcome: Outcome) -> None:
    markdown = outcome.text("annual_report.pdf", "md")
    assert [link for link in EXPECTED["annual_report.pdf"]["links"] if link not in markdown] == []


def test_code_keeps_its_lines(documents: dict[str, DoclingDocument]) -> None:
    code = "\n".join(
        item.text for item in documents["code_listing.pdf"].texts if item.label == DocItemLabel.CODE
    )
    lines = [line for each in EXPECTED["code_listing.pdf"]["code"] for line in each["lines"]]
    assert [line for line in lines if line.strip() not in code] == []


def test_every_document_says_what_made_it(outcome: Outcome) -> None:
    made = list((outcome.home / "store").glob("documents/*/*/documents/*/metadata.json"))
    assert len(made) == len(CONVERTED)
    for path in made:
        facts = json.loads(path.read_bytes())
        assert facts["document"] == path.parts[-4]
        assert facts["page_count"] == EXPECTED[facts["name"]]["pages"]
        assert facts["made_with"]["docling-core"]
        assert facts["engines"]["layout"]["backend"] == "embedded"


# --- the long document ---


@pytest.mark.parametrize("stage", ["pages", "ocr", "layout", "tables"])
def test_every_page_has_its_time(outcome: Outcome, stage: str) -> None:
    usable = [record for record in records(outcome, stage) if record.usable]
    assert any(record.pages for record in usable)
    for record in usable:
        assert sorted(record.page_seconds) == record.pages
    taken = [seconds for record in usable for seconds in record.page_seconds.values()]
    # an empty page may take less than the tenth of a millisecond that is kept
    assert min(taken) >= 0 < statistics.median(taken)


def test_a_page_range_of_a_long_document(long_outcome: Outcome) -> None:
    assert long_outcome.returncode == 0, long_outcome.stderr
    document = long_outcome.document(LONG)
    assert sorted(document.pages) == list(range(1, LONG_PAGES + 1))
    texts = [plain(item.text) for item in document.texts]
    assert [day for day in range(1, LONG_PAGES) if f"Day {day}" not in texts] == []
    [record] = records(long_outcome, "exports")
    assert record.status == "converted"
    assert list((long_outcome.home / "store").rglob("*.parts/*")) == []


def test_dagster_has_it_as_a_run_of_the_job_that_somebody_asked_for(long_outcome: Outcome) -> None:
    """By the label that its page filters by; with what it took, and pictures beside the database."""
    with instance_of(long_outcome) as instance:
        [run] = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": "__repository__@docmill"}))
        exported = instance.get_latest_materialization_event(dg.AssetKey("exports"))
    assert run.job_name == "convert_documents"
    assert run.tags["docmill/command"] == "convert"
    assert run.tags["user"] == run.tags["docmill/by"]
    assert run.tags["user"].endswith(f"@{gethostname()}")
    assert run.tags["dagster/max_retries"] == "0"
    assert exported is not None and exported.asset_materialization is not None
    metadata = exported.asset_materialization.metadata
    assert list(metadata)[:2] == ["preview", "documents_table"]
    stages = ("pages", "ocr", "layout", "tables", "documents", "exports")
    of_stages = sum(record.cpu_seconds for stage in stages for record in records(long_outcome, stage))
    assert float(str(metadata["all_stages/cpu_seconds"].value)) == pytest.approx(of_stages, abs=0.001)
    assert float(str(metadata["cpu_seconds"].value)) == pytest.approx(of_stages, abs=0.01)
    assert of_stages > float(str(metadata["stage/cpu_seconds"].value)) > 0
    assert float(str(metadata["overhead_cpu_seconds"].value)) > 0
    assert float(str(metadata["gpu_seconds"].value)) == 0.0
    kept = long_outcome.home / "dagster" / "storage" / run.run_id / "pictures"
    assert [path.read_bytes()[:2] for path in kept.iterdir()] == [b"\xff\xd8"]


def test_headings_at_the_top_of_pages_are_headings(long_outcome: Outcome) -> None:
    texts = long_outcome.document(LONG).texts
    got = {plain(item.text) for item in texts if isinstance(item, SectionHeaderItem | TitleItem)}
    days = {f"Day {day}" for day in range(1, LONG_PAGES)}
    assert len(days & got) >= 0.9 * len(days)


# --- again ---


def test_doing_it_again_reuses_everything(long_outcome: Outcome) -> None:
    before = long_outcome.files()
    # whoever wants the outcome of each document has a run, though there is nothing to do
    options = ("--pages", f"1-{LONG_PAGES}", "--json")
    again = convert(long_outcome.home, long_outcome.out, [SAMPLES / LONG], *options)
    assert again.returncode == 0, again.stderr
    after = again.files()
    # the ledger says when a document was last looked at
    ledger = long_outcome.home / "store" / "ledger"
    assert {path for path in after.keys() ^ before.keys() if ledger not in path.parents} == set()
    rewritten = [path for path in before if ledger not in path.parents and after[path] != before[path]]
    assert [path for path in rewritten if long_outcome.out not in path.parents] == []
    with instance_of(long_outcome) as instance:
        reused = {}
        for stage in ("pages", "ocr", "layout", "tables", "documents", "exports"):
            event = instance.get_latest_materialization_event(dg.AssetKey(stage))
            assert event is not None
            assert event.asset_materialization is not None
            reused[stage] = event.asset_materialization.metadata["reused"].value
    assert set(reused.values()) == {1.0}, reused
