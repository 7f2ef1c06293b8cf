"""Stages over documents whose pages crash, hang and raise; runs that are killed, resumed and run twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import NotAPdfError
from docmill.pipeline.stages.results.artifacts import ArtifactStore, Piece
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import StageRecord, quarantine
from docmill.pipeline.stages.selection import CHUNK_PAGES, chunked
from docmill.resources.clients.tracing.spans import FinishedSpan, OpenSpan, SpanContext, entered
from tests.stages.running.test_pool import alive, gone
from tests.support.stage_runs import FIRST, LAST, PRINTS, SECOND, Needed, Told, artifacts, document, run_stage
from tests.support.workers import Page, Script, calls_in


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return artifacts(tmp_path / "store")


def pages_of(store: ArtifactStore, stage: str, content: str = "a") -> list[Page]:
    found = list(store.pages(document(content=content).id, stage, PRINTS[stage], Page))
    assert [number for number, _ in found] == [page.number for _, page in found]
    return [page for _, page in found]


def kept(store: ArtifactStore, stage: str, content: str = "a") -> StageRecord | None:
    return store.record(document(content=content).id, stage, PRINTS[stage])


def parts(store: ArtifactStore, stage: str = "first") -> list[str]:
    folder = store.folder(document().id, stage, PRINTS[stage])
    return store.store.list(f"{folder}.parts")


def done_pages(calls: Path, name: str) -> Counter[int]:
    """How often each page was given to a worker; the first chunk is named by no page."""
    found: Counter[int] = Counter()
    for called, pages, _ in calls_in(calls):
        if called == name:
            found.update(pages or range(1, CHUNK_PAGES + 1))
    return found


@pytest.mark.parametrize("count", [1, CHUNK_PAGES, CHUNK_PAGES + 1, 20, 35])
def test_pages_of_any_number_become_one_artifact(store: ArtifactStore, calls: Path, count: int) -> None:
    told = Told()
    [record] = run_stage(store, FIRST, Script(str(calls), count), [document()], told=told)
    assert (record.status, record.page_count, record.pages) == ("converted", count, [*range(1, count + 1)])
    assert record.counts == {"pages": count}
    assert record.extra["title"] == "a.pdf"
    assert not record.reused
    assert [page.text for page in pages_of(store, "first")] == [f"a.pdf {n}" for n in range(1, count + 1)]
    assert kept(store, "first") == record
    assert parts(store) == []
    assert done_pages(calls, "read") == Counter(dict.fromkeys(range(1, max(count, CHUNK_PAGES) + 1), 1))
    # only a document of several chunks has to be looked over
    assert ("style" in record.extra) == (count > CHUNK_PAGES)
    assert told.page_count == count
    assert told.events == ["begin first 1", "end"]


def test_records_come_in_the_order_of_the_documents(store: ArtifactStore, calls: Path) -> None:
    documents = [document(f"{n}.pdf", str(n)) for n in range(7)]
    records = run_stage(store, FIRST, Script(str(calls), 10), documents)
    assert [record.name for record in records] == [d.name for d in documents]
    assert [record.document for record in records] == [d.id for d in documents]


def test_finished_work_is_reused_and_not_written_again(store: ArtifactStore, calls: Path) -> None:
    script = Script(str(calls), 20)
    run_stage(store, FIRST, script, [document()])
    path = Path(store.store.full_path(store.path(document().id, "first", PRINTS["first"])))
    before, called = path.stat(), len(calls_in(calls))
    [record] = run_stage(store, FIRST, script, [document("another name.pdf")])
    assert record.reused
    assert record.name == "another name.pdf"
    assert len(calls_in(calls)) == called
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_the_same_bytes_under_two_names_are_done_once(store: ArtifactStore, calls: Path) -> None:
    documents = [document("one.pdf"), document("two.pdf")]
    records = run_stage(store, FIRST, Script(str(calls), 5), documents)
    assert [record.name for record in records] == ["one.pdf", "two.pdf"]
    assert len(calls_in(calls)) == 1


def test_a_page_that_took_long_to_read_is_not_left_to_the_end(store: ArtifactStore, calls: Path) -> None:
    """It keeps later stages busy, too: of one worker, it is what it does next."""
    [read] = run_stage(store, FIRST, Script(str(calls), 40), [document()])
    read.page_seconds = dict.fromkeys(read.pages, 0.02) | {27: 0.3, 38: 6.0}
    frame = encode_pages([Page(number) for number in read.pages])
    print_ = PRINTS["first"]
    store.store.delete([store.path(read.document, "first", print_)])
    store.write(print_, frame, read)
    [record] = run_stage(store, SECOND, Script(str(calls), 40), [document()], workers=1)
    assert record.pages == read.pages
    began = [pages[0] for name, pages, _ in calls_in(calls) if name == "work"]
    assert began == [33, 25, 1, 9, 17]


def test_a_message_names_the_file_that_was_asked_for(store: ArtifactStore, calls: Path) -> None:
    script = Script(str(calls), 5, {0: "locked"})
    records = run_stage(store, FIRST, script, [document("one.pdf"), document("two.pdf")])
    assert [record.message for record in records] == ["one.pdf: it is locked", "two.pdf: it is locked"]


def test_a_document_error_quarantines_the_document_alone(store: ArtifactStore, calls: Path) -> None:
    told = Told()
    [bad] = run_stage(store, FIRST, Script(str(calls), 5, {0: "locked"}), [document()], told=told)
    [good] = run_stage(store, FIRST, Script(str(calls), 5), [document("b.pdf", "b")])
    assert (bad.status, bad.reason, bad.usable) == ("quarantined", "encrypted", False)
    assert "password" in bad.remedy
    assert [record.reason for record in told.records] == ["encrypted"]
    assert good.usable
    assert kept(store, "first") == bad
    assert pages_of(store, "first") == []


def test_what_could_not_be_converted_is_tried_again(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 5, {0: "locked"}), [document()])
    [record] = run_stage(store, FIRST, Script(str(calls), 5), [document()])
    assert (record.status, record.reused) == ("converted", False)


@pytest.mark.parametrize("page", [3, 12, 20])
@pytest.mark.parametrize(
    ("fault", "reason"), [("kill", "crashed"), ("bug", "internal"), ("too_large", "page_too_large")]
)
def test_a_bad_page_costs_that_page_only(
    store: ArtifactStore, calls: Path, page: int, fault: str, reason: str
) -> None:
    [record] = run_stage(store, FIRST, Script(str(calls), 20, {page: fault}), [document()])
    assert (record.status, record.page_count) == ("partial", 20)
    assert record.pages == list(range(1, 21))
    assert [(issue.page, issue.stage, issue.reason) for issue in record.issues] == [(page, "first", reason)]
    assert record.extra["title"] == "a.pdf"
    assert record.selected == record.pages
    pages = pages_of(store, "first")
    assert [p.number for p in pages] == list(range(1, 21))
    assert [p.number for p in pages if p.error] == [page]
    assert parts(store) == []


def test_a_bad_page_of_a_short_document_costs_that_page_only(store: ArtifactStore, calls: Path) -> None:
    [record] = run_stage(store, FIRST, Script(str(calls), 3, {2: "kill"}), [document()])
    assert (record.status, record.pages, [i.page for i in record.issues]) == ("partial", [1, 2, 3], [2])
    assert record.extra["style"] == "plain"
    assert record.counts["lost_workers"] == 2  # with the chunk of all pages, then alone


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize(("fault", "reason"), [("too_large", "page_too_large"), ("broken", "corrupt")])
def test_a_document_none_of_whose_pages_can_be_done_is_given_up_where_they_are_needed(
    store: ArtifactStore, calls: Path, count: int, fault: str, reason: str
) -> None:
    needed = Needed()
    script = Script(str(calls), count, dict.fromkeys(range(1, count + 1), fault))
    for _again in range(2):
        [record] = run_stage(store, needed, script, [document()])
        assert (record.status, record.reason, record.page_count) == ("quarantined", reason, count)
        assert record.message.startswith("a.pdf")
        assert parts(store) == []
    mended = Script(str(calls), count, dict.fromkeys(range(2, count + 1), fault))
    [record] = run_stage(store, needed, mended, [document()])
    assert record.status == ("converted" if count == 1 else "partial")
    assert [issue.page for issue in record.issues] == list(range(2, count + 1))


def test_a_page_that_hangs_costs_that_page_only(store: ArtifactStore, calls: Path) -> None:
    script = Script(str(calls), 20, {12: "hang"})
    [record] = run_stage(store, FIRST, script, [document()], timeout_s=0.4)
    assert [(issue.page, issue.reason) for issue in record.issues] == [(12, "timed_out")]
    assert record.pages == list(range(1, 21))


def test_a_crash_that_does_not_happen_again_costs_nothing(store: ArtifactStore, calls: Path) -> None:
    [record] = run_stage(
        store, FIRST, Script(str(calls), 20, {3: "kill_once", 12: "kill_once"}), [document()]
    )
    assert (record.status, record.pages, record.issues) == ("converted", list(range(1, 21)), [])


def test_a_document_that_kills_its_opener_is_given_up(store: ArtifactStore, calls: Path) -> None:
    [record] = run_stage(store, FIRST, Script(str(calls), 20, {0: "kill"}), [document()])
    assert (record.status, record.reason) == ("quarantined", "crashed")
    assert "SIGSEGV" in record.message
    assert len(calls_in(calls)) == 2
    assert kept(store, "first") == record


def test_a_document_that_keeps_killing_workers_is_given_up(store: ArtifactStore, calls: Path) -> None:
    everywhere = dict.fromkeys(range(1, 201), "kill")
    documents = [document(), document("b.pdf", "b")]
    records = run_stage(store, FIRST, Script(str(calls), 200, everywhere), documents)
    assert [record.reason for record in records] == ["crashed", "crashed"]
    assert len(calls_in(calls)) <= 2 * 7  # and its other pages are not tried
    [other] = run_stage(store, FIRST, Script(str(calls), 9), [document("c.pdf", "c")])
    assert other.usable


@pytest.mark.parametrize(("fault", "reason"), [("kill", "crashed"), ("bug", "internal")])
def test_a_crash_at_the_end_gives_the_document_up(
    store: ArtifactStore, calls: Path, fault: str, reason: str
) -> None:
    [record] = run_stage(store, FIRST, Script(str(calls), 20, {-1: fault}), [document()])
    assert (record.usable, record.reason) == (False, reason)
    # the pages that were read are still there for the next run
    assert {page for part in parts(store) for page in kept_part(store, part).pages} == set(range(1, 21))
    before = done_pages(calls, "read")
    [again] = run_stage(store, FIRST, Script(str(calls), 20), [document()])
    assert again.status == "converted"
    assert done_pages(calls, "read") == before


def kept_part(store: ArtifactStore, path: str) -> StageRecord:
    record = store.parts(document().id, "first", PRINTS["first"]).get(path)
    assert record is not None
    return record


def test_a_bug_in_a_stage_of_whole_documents_fails_that_document(store: ArtifactStore, calls: Path) -> None:
    for spec in (FIRST, SECOND):
        run_stage(store, spec, Script(str(calls), 3), [document()])
    [record] = run_stage(store, LAST, Script(str(calls), 3, {0: "bug"}), [document()])
    assert (record.status, record.reason, record.page_count) == ("failed", "internal", 3)
    assert "IndexError" in record.message
    [again] = run_stage(store, LAST, Script(str(calls), 3), [document()])
    assert (again.status, again.page_count) == ("converted", 3)


def test_later_stages_tell_the_whole_story(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 20, {3: "too_large"}), [document()])
    [second] = run_stage(store, SECOND, Script(str(calls), 20, {5: "note"}), [document()])
    [last] = run_stage(store, LAST, Script(str(calls), 20), [document()])
    assert [(i.page, i.stage) for i in second.issues] == [(5, "second"), (3, "first")]
    assert [(i.page, i.stage) for i in last.issues] == [(3, "first"), (5, "second")]
    assert (last.status, last.page_count) == ("partial", 20)


def test_a_stage_passes_on_what_the_stage_before_could_not_do(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 5, {0: "locked"}), [document()])
    [record] = run_stage(store, SECOND, Script(str(calls), 5), [document()])
    assert (record.stage, record.status, record.reason) == ("second", "quarantined", "encrypted")
    assert "password" in record.remedy
    assert done_pages(calls, "work") == Counter()


def test_a_stage_whose_input_is_missing_says_so(store: ArtifactStore, calls: Path) -> None:
    [record] = run_stage(store, SECOND, Script(str(calls), 5), [document()])
    assert (record.status, record.reason) == ("failed", "internal")
    assert "materialize first first" in record.message


def test_a_stage_without_work_is_finished_at_once(store: ArtifactStore, calls: Path) -> None:
    store.write(PRINTS["first"], b"", StageRecord(stage="first", document=document().id, name="a.pdf"))
    [record] = run_stage(store, SECOND, Script(str(calls)), [document()])
    assert (record.status, record.pages) == ("converted", [])
    assert kept(store, "second") == record
    assert calls_in(calls) == []


@pytest.mark.parametrize("fault", ["kill", "bug"])
def test_pages_that_may_do_better_are_done_again(store: ArtifactStore, calls: Path, fault: str) -> None:
    run_stage(store, FIRST, Script(str(calls), 10, {9: fault}), [document()])
    run_stage(store, SECOND, Script(str(calls), 10), [document()])
    [first] = run_stage(store, FIRST, Script(str(calls), 10), [document()])
    [second] = run_stage(store, SECOND, Script(str(calls), 10), [document()])
    assert (first.status, first.reused) == ("converted", False)
    assert (second.status, second.reused, second.issues) == ("converted", False, [])


def test_pages_that_cannot_do_better_are_not(store: ArtifactStore, calls: Path) -> None:
    for _ in range(2):
        [record] = run_stage(store, FIRST, Script(str(calls), 10, {9: "too_large"}), [document()])
    assert (record.status, record.reused) == ("partial", True)


def test_doing_it_again_never_makes_it_worse(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 10, {9: "kill"}), [document()])
    [record] = run_stage(store, FIRST, Script(str(calls), 10, {0: "kill"}), [document()])
    assert (record.status, [issue.page for issue in record.issues]) == ("partial", [9])


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_truncated_artifact_is_done_again(store: ArtifactStore, calls: Path, keep: int) -> None:
    script = Script(str(calls), 20)
    run_stage(store, FIRST, script, [document()])
    path = Path(store.store.full_path(store.path(document().id, "first", PRINTS["first"])))
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    [record] = run_stage(store, FIRST, script, [document()])
    assert (record.status, record.reused) == ("converted", False)
    assert [page.number for page in pages_of(store, "first")] == list(range(1, 21))


# --- interrupted runs ---


def put_part(
    store: ArtifactStore,
    pages: list[int],
    stage: str = "first",
    selected: list[int] | None = None,
    **extra: object,
) -> str:
    record = StageRecord(
        stage=stage,
        document=document().id,
        name="a.pdf",
        page_count=20,
        pages=pages,
        selected=selected,
        extra=dict(extra),
    )
    frame = encode_pages([Page(number, "from before") for number in pages])
    return store.write_part(PRINTS[stage], frame, record)


def test_pages_of_an_interrupted_run_are_not_repeated(store: ArtifactStore, calls: Path) -> None:
    put_part(store, [*range(1, 9)], selected=[*range(1, 21)], title="kept")
    put_part(store, [10])
    [record] = run_stage(store, FIRST, Script(str(calls), 20), [document()])
    assert record.pages == list(range(1, 21))
    assert record.extra["title"] == "kept"
    assert [p.number for p in pages_of(store, "first") if p.text == "from before"] == [*range(1, 9), 10]
    assert done_pages(calls, "read") == Counter({n: 1 for n in range(9, 21) if n != 10})


def test_an_interrupted_run_that_had_not_kept_its_first_chunk(store: ArtifactStore, calls: Path) -> None:
    put_part(store, [3])
    put_part(store, [*range(9, 17)])
    [record] = run_stage(store, FIRST, Script(str(calls), 20), [document()])
    assert record.pages == list(range(1, 21))
    assert record.extra["title"] == "a.pdf"
    assert [page.number for page in pages_of(store, "first")] == list(range(1, 21))


def test_pages_that_are_all_there_are_only_put_together(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 20), [document()])
    for pages in chunked(range(1, 21)):
        put_part(store, list(pages.numbers), "second")
    before = len(calls_in(calls))
    [record] = run_stage(store, SECOND, Script(str(calls), 20), [document()])
    assert (record.status, record.pages) == ("converted", list(range(1, 21)))
    assert len(calls_in(calls)) == before
    assert parts(store, "second") == []


def test_a_single_chunk_that_is_partly_there(store: ArtifactStore, calls: Path) -> None:
    run_stage(store, FIRST, Script(str(calls), 5), [document()])
    put_part(store, [2], "second")
    [record] = run_stage(store, SECOND, Script(str(calls), 5), [document()])
    assert record.pages == [1, 2, 3, 4, 5]
    assert done_pages(calls, "work") == Counter([1, 3, 4, 5])


def test_chunks_that_overlap_give_each_page_once(store: ArtifactStore, calls: Path) -> None:
    put_part(store, [*range(1, 9)], selected=[*range(1, 21)])
    for pages in ([9], [9, 10, 11], [12], [*range(9, 17)]):
        put_part(store, pages)
    [record] = run_stage(store, FIRST, Script(str(calls), 20), [document()])
    assert record.pages == list(range(1, 21))
    assert [page.number for page in pages_of(store, "first")] == list(range(1, 21))
    assert parts(store) == []


def test_damaged_chunks_are_done_again(store: ArtifactStore, calls: Path) -> None:
    put_part(store, [*range(1, 9)], selected=[*range(1, 21)])
    path = Path(store.store.full_path(put_part(store, [*range(9, 17)])))
    path.write_bytes(path.read_bytes()[:-7])
    [record] = run_stage(store, FIRST, Script(str(calls), 20), [document()])
    assert record.pages == list(range(1, 21))
    assert set(done_pages(calls, "read")) == set(range(9, 21))


@pytest.fixture
def killed_run(tmp_path: Path, calls: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run over 60 pages in a process of its own, in the middle of its work."""
    command = [
        # a shell's background jobs are started with Ctrl-C ignored, and what they start inherits that
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "tests.support.stage_runs",
        str(tmp_path / "store"),
        str(calls),
        "60",
        "0.04",
    ]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(calls_in(calls)) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


def test_a_killed_run_resumes_where_it_was(
    store: ArtifactStore, calls: Path, killed_run: subprocess.Popen[bytes]
) -> None:
    workers = {pid for _, _, pid in calls_in(calls)}
    assert any(alive(pid) for pid in workers)
    killed_run.kill()
    assert gone(list(workers)), "workers outlive their parent"
    assert kept(store, "first") is None
    found = store.parts(document().id, "first", PRINTS["first"])
    before = {page for record in found.values() for page in record.pages}
    assert {*range(1, 9)} <= before
    assert len(before) < 60
    already = len(calls_in(calls))
    [record] = run_stage(store, FIRST, Script(str(calls), 60), [document()])
    assert (record.status, record.pages, record.reused) == ("converted", list(range(1, 61)), False)
    repeated = [pages for _, pages, _ in calls_in(calls)[already:] if before.intersection(pages)]
    assert [pages for pages in repeated if len(pages) > 1] == []
    assert [page.number for page in pages_of(store, "first")] == list(range(1, 61))
    assert parts(store) == []


def test_an_interrupted_run_leaves_no_workers(calls: Path, killed_run: subprocess.Popen[bytes]) -> None:
    workers = [pid for _, _, pid in calls_in(calls)]
    os.killpg(killed_run.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
    _, complaints = killed_run.communicate(timeout=60)
    assert killed_run.returncode != 0
    assert complaints.decode().count("Traceback") == 1, complaints.decode()
    assert gone(workers)


# --- runs at the same time ---


def test_runs_at_the_same_time_do_no_harm(tmp_path: Path, store: ArtifactStore, calls: Path) -> None:
    command = [
        # a shell's background jobs are started with Ctrl-C ignored, and what they start inherits that
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "tests.support.stage_runs",
        str(tmp_path / "store"),
        str(calls),
        "40",
        "0.02",
    ]
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda _: subprocess.run(command, capture_output=True, check=False), range(3)))
    assert [run.stderr.decode() for run in runs] == [""] * 3
    record = kept(store, "first")
    assert record is not None
    assert (record.status, record.pages) == ("converted", list(range(1, 41)))
    assert [page.number for page in pages_of(store, "first")] == list(range(1, 41))


class _Thief(ArtifactStore):
    """Another run finishes the document just before this one does, and takes the page chunks away."""

    def join(self, parts: Sequence[Piece], print_: str, record: StageRecord) -> StageRecord:
        other = StageRecord(stage=record.stage, document=record.document, name="other", pages=[1])
        self.write(print_, encode_pages([Page(1)]), other)
        self.store.delete(self.store.list(f"{self.folder(record.document, record.stage, print_)}.parts"))
        return super().join(parts, print_, record)


def test_a_document_that_another_run_has_finished(store: ArtifactStore, calls: Path) -> None:
    [record] = run_stage(_Thief(store.store), FIRST, Script(str(calls), 40), [document()])
    assert (record.status, record.pages) == ("converted", [1])
    assert [page.number for page in pages_of(store, "first")] == [1]


def test_a_quarantined_record_does_not_replace_a_finished_one(store: ArtifactStore, calls: Path) -> None:
    script = Script(str(calls), 3)
    run_stage(store, FIRST, script, [document()])
    error = NotAPdfError("it is not one")
    bad = quarantine("first", document("b.pdf", "b").id, "b.pdf", error, 0.0)
    store.write(PRINTS["first"], b"", bad)
    assert kept(store, "first", "b") == bad
    [record] = run_stage(store, FIRST, script, [document("b.pdf", "b")])
    assert record.status == "converted"


def spans_of(store: ArtifactStore, script: Script, *names: str) -> list[FinishedSpan]:
    """What is kept of the first stage over documents of these names."""
    kept: list[FinishedSpan] = []
    stage = OpenSpan("first", SpanContext("1" * 32, "2" * 16), kept.append)
    with entered(stage):
        run_stage(store, FIRST, script, [document(name, name) for name in names])
    return kept


def test_documents_are_spans_of_the_stage_and_chunks_are_theirs(store: ArtifactStore, calls: Path) -> None:
    spans = spans_of(store, Script(str(calls), CHUNK_PAGES + 2), "a.pdf", "b.pdf")
    documents = {each.context.span_id: each for each in spans if each.name == "document"}
    assert {each.attributes["docmill.document.name"] for each in documents.values()} == {"a.pdf", "b.pdf"}
    assert {each.parent_id for each in documents.values()} == {"2" * 16}
    for each in documents.values():
        assert each.attributes["docmill.pages"] == CHUNK_PAGES + 2
        chunks = [chunk for chunk in spans if chunk.parent_id == each.context.span_id]
        # the first, the rest, and the look over all of it at the end
        assert [chunk.name for chunk in chunks] == ["chunk"] * 3
        assert chunks[1].attributes["docmill.pages"] == (CHUNK_PAGES + 1, CHUNK_PAGES + 2)
        assert chunks[0].attributes["docmill.document.id"] == each.attributes["docmill.document.id"]
        assert each.start_ns <= min(chunk.start_ns for chunk in chunks)
        assert max(chunk.end_ns for chunk in chunks) <= each.end_ns


def test_what_is_finished_has_no_span(store: ArtifactStore, calls: Path) -> None:
    script = Script(str(calls), 2)
    assert spans_of(store, script, "a.pdf")
    assert spans_of(store, script, "a.pdf") == []


def test_each_attempt_is_a_span(store: ArtifactStore, calls: Path) -> None:
    spans = spans_of(store, Script(str(calls), 3, {2: "kill"}), "a.pdf")
    chunks = [each for each in spans if each.name == "chunk"]
    assert sum("SIGSEGV" in each.error for each in chunks) == 2  # with the others, and by itself
    assert len({each.context.span_id for each in chunks}) == len(chunks)
    [document] = [each for each in spans if each.name == "document"]
    assert (document.attributes["docmill.status"], document.error) == ("partial", "")


def test_a_document_that_cannot_be_converted_is_an_error(store: ArtifactStore, calls: Path) -> None:
    spans = spans_of(store, Script(str(calls), 3, {0: "locked"}), "a.pdf")
    [document] = [each for each in spans if each.name == "document"]
    assert document.error == "encrypted: a.pdf: it is locked"
