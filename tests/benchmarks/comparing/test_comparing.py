"""The comparison of two commits' documents: finds every planted difference, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from benchmarks import equality
from benchmarks.comparing.artifacts import comparable_metadata, read_pieces
from benchmarks.comparing.comparison import Allowed, Comparison, compare
from benchmarks.comparing.converting import Converted
from benchmarks.comparing.errors import ArtifactLayoutError
from benchmarks.comparing.first_differences import first_differences
from benchmarks.comparing.pieces import Piece
from benchmarks.comparing.report import EqualityReport, print_equality
from benchmarks.comparing.sides import Side
from benchmarks.metrics.environment import environment
from docmill.pipeline.convert.types import Box, Cluster, PageLayout
from docmill.pipeline.corpus.ledger.entries import DocumentRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.stages.results.frames import Frame, FrameIndex, encode_pages, index_frame
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[2] / "samples"
ID = "3f" * 32


@dataclass
class Made:
    """What a conversion of one document left, to be changed before it is written."""

    print_: str = "8c1d02e5b7a94f10"
    pages: dict[int, PageLayout] = field(
        default_factory=lambda: {number: PageLayout(number=number) for number in (1, 2)}
    )
    record: dict[str, Any] = field(
        default_factory=lambda: msgspec.to_builtins(
            StageRecord(
                stage="layout",
                document=ID,
                name="in/report.pdf",
                status="partial",
                pages=[1, 2],
                issues=[PageIssue(2, "layout", "page_failed", "cannot be loaded")],
                seconds=1.5,
            )
        )
    )
    metadata: dict[str, Any] = field(
        default_factory=lambda: {
            "bytes": 100,
            "engines": {"layout": {"engine": "pipeline.convert.cdla:Engine", "sha256": "25b1"}},
            "made_with": {"docmill": "0.1.0"},
            "fingerprints": {"layout": "8c1d"},
            "seconds": {"layout": 1.5},
        }
    )
    document: bytes = b'{"texts": ["a", "b"]}'
    outcome: DocumentRow = field(
        default_factory=lambda: DocumentRow(
            id=ID,
            name="in/report.pdf",
            source="/in/report.pdf",
            size=100,
            at=datetime.now(UTC),
            batch="batch",
            state="partial",
            reason="page_failed",
            run="a run",
        )
    )
    outputs: dict[str, bytes] = field(default_factory=lambda: {"in/report.md": b"# Report\n\nText\n"})
    left_parts: bool = False
    status: int = 0

    def write(self, folder: Path) -> Converted:
        stage = folder / "home" / "store" / "documents" / ID[:2] / ID / "layout"
        beside = stage / self.print_
        beside.mkdir(parents=True)
        frame = encode_pages(list(self.pages.values()))
        files = {"files": {"md": f"documents/{ID[:2]}/{ID}/layout/{self.print_}/document.md"}}
        index = FrameIndex(
            frames=[Frame(list(self.pages), 0, len(frame))], meta=self.record | {"extra": files}
        )
        (stage / f"{self.print_}.json.zst").write_bytes(frame + index_frame(index))
        (beside / "document.json").write_bytes(self.document)
        (beside / "metadata.json").write_text(json.dumps(self.metadata))
        if self.left_parts:
            (stage / f"{self.print_}.parts").mkdir()
            (stage / f"{self.print_}.parts" / "000001-000008.json.zst").write_bytes(b"")
        open_ledger(DocumentStore(str(folder / "home" / "store"))).documents.append(to_rows([self.outcome]))
        for name, data in self.outputs.items():
            path = folder / "out" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return Converted(folder / "home", folder / "out", self.status, 1.0)


def compared(folder: Path, before: Made, after: Made, **rules: Any) -> Comparison:
    return compare(before.write(folder / "before"), after.write(folder / "after"), **rules)


def another_page(made: Made) -> None:
    region = Cluster(id=0, label="text", box=Box(0, 0, 1, 1), score=0.5)
    made.pages[2] = PageLayout(number=2, clusters=[region])


def page_less(made: Made) -> None:
    del made.pages[1]


def another_outcome(made: Made) -> None:
    made.outcome = msgspec.structs.replace(made.outcome, state="quarantined", reason="timeout")


def another_message(made: Made) -> None:
    made.outcome = msgspec.structs.replace(made.outcome, message="page 2: cannot be loaded")


PLANTED: list[tuple[Callable[[Made], None], str, str, str]] = [
    (another_page, "layout", "page 2", "differs"),
    (page_less, "layout", "page 1", "only before"),
    (lambda made: made.pages.update({3: PageLayout(number=3)}), "layout", "page 3", "only after"),
    (lambda made: made.record.update(status="converted"), "layout", "record", "differs"),
    (lambda made: made.record.update(flagged=[1]), "layout", "record", "differs"),
    (lambda made: made.record["issues"][0].update(reason="timeout"), "layout", "record", "differs"),
    (lambda made: made.record.update(novel="set"), "layout", "record", "differs"),
    (lambda made: made.metadata.update(bytes=99), "layout", "metadata.json", "differs"),
    (
        lambda made: made.metadata["engines"]["layout"].update(sha256="26b2"),
        "layout",
        "metadata.json",
        "differs",
    ),
    (lambda made: setattr(made, "document", b'{"texts":["a","b"]}'), "layout", "document.json", "differs"),
    (
        lambda made: setattr(made, "left_parts", True),
        "layout",
        "left: 000001-000008.json.zst",
        "only after",
    ),
    (lambda made: made.outputs.update({"in/report.md": b"# Report\n"}), "output", "file", "differs"),
    (lambda made: made.outputs.clear(), "output", "file", "only before"),
    (lambda made: made.outputs.update({"new.md": b""}), "output", "file", "only after"),
    (another_outcome, "outcome", "outcome", "differs"),
    (another_message, "outcome", "outcome", "differs"),
    (lambda made: setattr(made, "status", 1), "command", "exit status", "differs"),
]


@pytest.mark.parametrize(("plant", "stage", "part", "kind"), PLANTED)
def test_a_planted_difference_is_found_and_nothing_else(
    tmp_path: Path, plant: Callable[[Made], None], stage: str, part: str, kind: str
) -> None:
    after = Made()
    plant(after)
    found = compared(tmp_path, Made(), after)
    assert [(each.stage, each.part, each.kind) for each in found.differences] == [(stage, part, kind)]
    assert not found.equal
    assert found.counts[stage].differing == 1


def test_what_is_the_commits_own_is_no_difference(tmp_path: Path) -> None:
    after = Made(print_="fa48686cf3f4aff7")
    after.record |= {"seconds": 9.0, "device_seconds": {"heron": 0.5}}
    after.metadata["engines"]["layout"]["engine"] = "docmill.pipeline.convert.layout.detectors.cdla:Engine"
    after.metadata |= {
        "made_with": {"docmill": "0.2.0"},
        "fingerprints": {"layout": "fa48"},
        "seconds": {},
        "device_seconds": {},
    }
    after.outcome = msgspec.structs.replace(after.outcome, run="another run", seconds=9.0)
    found = compared(tmp_path, Made(), after)
    assert found.differences == []
    assert found.equal
    assert {name: count.compared for name, count in found.counts.items()} == {
        **{"outcome": 1, "layout": 5, "output": 1, "command": 1},
    }


def test_a_field_that_a_commit_does_not_write_yet_has_its_default(tmp_path: Path) -> None:
    before = Made()
    del before.record["stopped_at"], before.record["flagged"]
    assert compared(tmp_path / "default", before, Made()).equal
    after = Made()
    after.record["stopped_at"] = "ocr"
    assert not compared(tmp_path / "other", before, after).equal


def test_a_document_that_only_one_commit_has_is_found(tmp_path: Path) -> None:
    before, after = Made().write(tmp_path / "before"), Made().write(tmp_path / "after")
    nothing = replace(after, home=tmp_path / "nothing", out=tmp_path / "nothing")
    found = compare(before, nothing)
    assert {(each.name, each.stage) for each in found.differences} == {
        ("in/report.pdf", "outcome"),
        ("in/report.pdf", "layout"),
        ("in/report.md", "output"),
    }
    assert {each.kind for each in found.differences} == {"only before"}


def test_differences_that_are_meant_are_counted_and_let_pass(tmp_path: Path) -> None:
    after = Made(outputs={"in/report.md": b"# Other\n"})
    another_page(after)
    rules = [Allowed.parse("in/rep*:layout"), Allowed.parse("*:output")]
    found = compared(tmp_path, Made(), after, allowed=rules)
    assert [each.allowed for each in found.differences] == [True, True]
    assert found.equal
    assert (found.counts["layout"].differing, found.counts["layout"].allowed) == (1, 1)


def test_a_rule_covers_its_document_and_stage_only() -> None:
    rule = Allowed.parse("in/report:layout")
    assert rule.covers("in/report.pdf", "layout")
    assert rule.covers("in/report.doctags.txt", "layout")
    assert not rule.covers("in/report.pdf", "tables")
    assert not rule.covers("in/report2.pdf", "layout")
    for text in ("report", "report:", ":layout"):
        with pytest.raises(ValueError, match="is not NAME:STAGE"):
            Allowed.parse(text)


def test_an_ignored_stage_is_not_looked_at(tmp_path: Path) -> None:
    after = Made()
    another_page(after)
    found = compared(tmp_path, Made(), after, ignored=["layout", "leyout"])
    assert found.equal
    assert "layout" not in found.counts
    assert found.ignored - found.skipped == {"leyout"}


def test_two_artifacts_of_a_stage_are_no_fresh_store(tmp_path: Path) -> None:
    Made().write(tmp_path)
    stage = tmp_path / "home" / "store" / "documents" / ID[:2] / ID / "layout"
    artifact = next(stage.glob("*.zst"))
    (stage / "fa48686cf3f4aff7.json.zst").write_bytes(artifact.read_bytes())
    with pytest.raises(ArtifactLayoutError, match="layout, page 1 is there twice"):
        read_pieces(stage.parent)


def test_a_damaged_artifact_is_said_to_be_one(tmp_path: Path) -> None:
    Made().write(tmp_path)
    stage = tmp_path / "home" / "store" / "documents" / ID[:2] / ID / "layout"
    artifact = next(stage.glob("*.zst"))
    artifact.write_bytes(artifact.read_bytes()[:-9])
    with pytest.raises(ArtifactLayoutError, match="damaged artifact"):
        read_pieces(stage.parent)


def test_the_page_is_the_bytes_of_its_line(tmp_path: Path) -> None:
    Made().write(tmp_path)
    pieces = read_pieces(tmp_path / "home" / "store" / "documents" / ID[:2] / ID)
    assert pieces[Piece("layout", "page 2")] == msgspec.json.encode(PageLayout(number=2))


def test_only_names_of_modules_go_from_the_engines() -> None:
    metadata = {
        "engines": {"a": "resources.triton_engines.ocr:Ocr", "b": "my.pipeline.onnx"},
        "name": "pipeline.a",
    }
    found = json.loads(comparable_metadata(json.dumps(metadata).encode()))
    assert found["engines"] == {"a": "MODULE", "b": "my.pipeline.onnx"}
    assert found["name"] == "pipeline.a"


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        (b"a", b"a", []),
        (b'{"a":[1,{"b":2}]}', b'{"a":[1,{"b":3}]}', [".a[1].b: 2 -> 3"]),
        (b'{"a":1}', b'{"b":1}', [".a: 1 -> nothing", ".b: nothing -> 1"]),
        (b"[1,2]", b"[1]", [".: 2 -> 1 items"]),
        (b"[1]", b"[1.0]", ["[0]: 1 -> 1.0"]),
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}', ["the same values, written in other bytes"]),
        (b"one\ntwo\n", b"one\n2\n", ["line 2: 'two\\n' -> '2\\n'"]),
        (b"one\n", b"one\ntwo", ["line 2: nothing -> 'two'"]),
        (b"one\n", b"one\r\n", ["line 1: 'one\\n' -> 'one\\r\\n'"]),
        (b"\xff\x00\x01", b"\xff\x00\x02\x03", ["byte 2: 3 -> 4 bytes"]),
        (b"[1,2,3,4,5]", b"[0,0,0,0,0]", [f"[{number}]: {number + 1} -> 0" for number in range(3)]),
    ],
)
def test_where_contents_part_is_said_shortly(before: bytes, after: bytes, places: list[str]) -> None:
    assert first_differences(before, after) == places


def test_long_values_are_cut() -> None:
    [place] = first_differences(b'"%s"' % (b"a" * 1000), b'"b"')
    assert len(place) < 120


def test_the_report_names_documents_and_what_differs(tmp_path: Path) -> None:
    after = Made()
    another_page(after)
    another_outcome(after)
    found = compared(tmp_path, Made(), after)
    report = EqualityReport(
        environment=environment(),
        before=Side(commit="a" * 40, changed=False, module="pipeline.cli"),
        after=Side(commit="b" * 40, changed=True, module="docmill.pipeline.cli"),
        seconds=(1.0, 1.0),
        places=["samples"],
        counts=found.counts,
        differences=found.differences,
        unused=["--allow x:[y]"],
    )
    console = Console(record=True, width=200)
    print_equality(msgspec.json.decode(msgspec.json.encode(report), type=EqualityReport), console, shown=1)
    text = console.export_text()
    for shown in (
        "aaaaaaaaaaaa -> bbbbbbbbbbbb with changes",
        "in/report.pdf: outcome, outcome differs",
        ".state: 'partial' -> 'quarantined'",
        "and 1 more",
        "nothing fell under --allow x:[y]",
        "2 pieces differ",
    ):
        assert shown in text


def test_this_checkout_makes_the_documents_of_its_own_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    samples = [str(SAMPLES / name) for name in ("form.pdf", "broken_page.pdf", "encrypted.pdf")]
    report, kept = tmp_path / "report.json", tmp_path / "kept"
    arguments = ["--before", "HEAD", "--json", str(report), "--keep", str(kept), "--allow", "form:layout"]
    assert equality.main([*arguments, "--samples", *samples]) == 0
    found = msgspec.json.decode(report.read_bytes(), type=EqualityReport)
    assert found.differences == []
    assert found.unused == ["--allow form:layout"]
    counts = found.counts
    assert (counts["outcome"].compared, counts["output"].compared) == (3, 2 * 5)
    # three pages of one document, one of another, and a record of each, quarantined or not
    assert counts["pages"].compared == 3 + 1 + 3
    assert (kept / "before" / "out" / "form.html").is_file()


def test_a_commit_that_is_not_there_ends_with_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert equality.main(["--before", "no-such-commit"]) == 2
    assert "no-such-commit" in capsys.readouterr().out
