"""The whole of docmill, side by side: what is converted, counted, told and compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2 as pdfium
import pytest
from rich.console import Console

from benchmarks.beside_docling.sides import Spent
from benchmarks.end_to_end.__main__ import main
from benchmarks.end_to_end.account import Account, account_of
from benchmarks.end_to_end.material import learned_pages, ordinary_pages
from benchmarks.end_to_end.report import Report, show
from benchmarks.end_to_end.rounds import Rounds
from benchmarks.end_to_end.sides import EMBEDDED, SIDES, Beside, understanding
from benchmarks.end_to_end.turns import Made, Turn, Work, taken, turn_of
from benchmarks.harness.catalogue import catalogue
from benchmarks.harness.noise import Watch
from benchmarks.harness.running import result_of, said_noise
from benchmarks.material.assorted import LEARNED
from benchmarks.material.corpus import ordinary_samples
from benchmarks.metrics.environment import environment
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.resources.price import Price
from tests.support.model_cache import weights

PRICE = Price(per_gpu_hour=3.6, per_cpu_hour=0.36)
#: Computes until it is killed, as a server that is asked all the while.
BUSY = "while True: pass"


def row(name: str, state: Any, **fields: Any) -> DocumentRow:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return DocumentRow(id=name, name=name, source=name, size=1, at=at, batch="b", state=state, **fields)


def turn(cpu_s: float, served_s: float, wall_s: float = 10.0, converted: int = 2) -> Turn:
    """Of ten pages, two of which alone take a second each of docmill's CPU and of the clock."""
    account = Account(2, converted, (), cpu_s / 2, served_s, PRICE.of({"m": served_s}, cpu_s / 2))
    servers = {"Triton": served_s} if served_s else {}
    return turn_of(10, 2, Spent(1.0, 1.0, 0.0), Spent(wall_s, cpu_s, served_s), servers, account, PRICE)


def made(cpu_s: float, served_s: float = 0.0, left_out: tuple[str, ...] = (), **documents: str) -> Made:
    return Made(turn(cpu_s, served_s, converted=2 - len(left_out)), documents, left_out)


def texts(path: Path) -> list[str]:
    document = pdfium.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def test_ordinary_pages_are_in_documents_of_one_length(tmp_path: Path) -> None:
    corpus = ordinary_pages(7, 3, tmp_path)
    assert [file.pages for file in corpus.many] == [3, 3, 1]
    assert [file.pages for file in corpus.few] == [1, 1]


def test_learned_pages_are_those_that_the_tiny_model_knows(tmp_path: Path) -> None:
    corpus = learned_pages(len(LEARNED) + 1, 3, tmp_path / "learned")
    found = [text for file in corpus.many for text in texts(file.path)]
    samples = ordinary_samples()[0].parent
    known = [texts(samples / name)[number] for name, number in LEARNED]
    assert found == [*known, known[0]]


@pytest.mark.parametrize("pages", [("--pages", "2"), ("--pages", "0", "--understood", "1")])
def test_too_few_pages_are_refused(pages: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(pages)
    assert "more are needed" in capsys.readouterr().err


def test_a_page_is_counted_with_the_start_and_without_and_servers_apart() -> None:
    found = turn(5.0, 2.0)
    assert found.page.command_cpu_ms == pytest.approx(500)
    assert found.page.cpu_ms == pytest.approx(500)  # four seconds of eight pages
    assert found.page.command_pages_per_s == pytest.approx(1)
    assert found.servers_cpu_ms == {"Triton": pytest.approx(200)}
    assert found.all_cpu_ms == pytest.approx(700)
    # a hundredth of a cent a CPU second, ten times that a device second
    assert found.counted_usd == pytest.approx(70)
    assert found.told_usd == pytest.approx(25 + 200)
    assert found.told_cpu_ms == pytest.approx(250)
    assert found.told_device_ms == pytest.approx(200)


def test_the_account_is_that_of_all_documents_and_says_which_are_not_whole() -> None:
    rows = [
        row("whole", "converted", cpu_seconds=10.0, device_seconds={"layout": 1.0}),
        row("partly", "partial", issues=1, result_reason="answer_loops", device_seconds={"layout": 2.0}),
        row("not", "failed", reason="not_a_pdf", message="no PDF"),
    ]
    found = account_of(rows, PRICE)
    assert (found.documents, found.converted) == (3, 1)
    assert [reason.split()[0] for reason in found.reasons] == ["partly:", "not:"]
    assert (found.cpu_s, found.device_s) == (10.0, 3.0)
    assert found.cost == pytest.approx(0.001 + 0.003)


def test_sides_take_turns_and_every_other_round_is_backwards() -> None:
    asked = []

    def take(side: str, number: int) -> Made:
        asked.append((side, number))
        return made(1.0, a="1")

    Rounds("work", 10, True).take(SIDES, 2, take)
    assert [side for side, _ in asked] == [*SIDES, *SIDES[::-1]]
    assert [number for _, number in asked] == [0, 0, 0, 1, 1, 1]


def rounds(promised: bool = True, **others: str) -> Rounds:
    """The second side's second turn makes other documents."""
    turns: dict[str, Iterator[Made]] = {
        "embedded": iter([made(5.0, a="1", b="2"), made(8.0, a="1", b="2")]),
        "Triton": iter(
            [made(4.0, 2.0, a="1", b="2"), Made(turn(4.0, 2.0), {"a": "1", "b": "2"} | others, ())]
        ),
        "Ray Serve": iter([made(5.0, 5.0, a="1", b="2"), made(4.0, 8.0, a="1", b="2")]),
    }
    found = Rounds("without", 10, promised)
    found.take(SIDES, 2, lambda side, _: next(turns[side]))
    return found


def report(found: Rounds) -> Report:
    return Report(
        environment=environment(),
        date="2026-11-30",
        workers=2,
        threads=1,
        detector="auto",
        cpu_price=0.36,
        device_price=3.6,
        measured=list(found.measured(SIDES)),
        ratios=list(found.ratios(SIDES)),
        noise=Watch().end(0.0),
    )


def test_ratios_are_of_each_round() -> None:
    by_sides = {each.sides: each for each in rounds().ratios(SIDES)}
    assert list(by_sides) == ["Triton to embedded", "Ray Serve to embedded", "Ray Serve to Triton"]
    assert sorted(by_sides["Triton to embedded"].own_cpu) == pytest.approx([0.5, 0.8])
    assert sorted(by_sides["Ray Serve to Triton"].all_cpu) == pytest.approx([10 / 6, 2])
    assert [each.sides for each in rounds().ratios(SIDES[:2])] == ["Triton to embedded"]


@pytest.mark.parametrize(
    ("others", "promised", "differing", "complete"),
    [
        ({}, True, [], True),
        ({"b": "3"}, True, ["b"], False),
        ({"c": "3"}, True, ["c"], False),
        ({"b": "3"}, False, ["b"], True),
    ],
)
def test_a_document_that_is_another_in_any_turn_is_told(
    others: dict[str, str], promised: bool, differing: list[str], complete: bool
) -> None:
    found = report(rounds(promised, **others))
    assert [each.differences for each in found.measured] == [[], differing, []]
    assert found.complete is complete
    shown = StringIO()
    show(found, Console(file=shown, width=200))
    assert ("1 of 2 differ" in shown.getvalue()) is bool(differing)


def test_a_document_that_is_not_whole_is_told() -> None:
    found = Rounds("without", 10, False)
    found.take([EMBEDDED], 1, lambda *_: made(5.0, left_out=("b: partial answer_loops [x]",), a="1", b="2"))
    [measured] = found.measured([EMBEDDED])
    assert measured.not_converted == 1
    told = msgspec.structs.replace(report(rounds()), measured=[measured], ratios=[])
    assert not told.complete
    shown = StringIO()
    show(told, Console(file=shown, width=200))
    assert "not converted: b: partial answer_loops [x]" in shown.getvalue()


def test_the_catalogue_finds_its_figures_in_a_report() -> None:
    written = json.loads(msgspec.json.encode(report(rounds(b="3"))))
    result = result_of("end-to-end", catalogue()["end-to-end"], written)
    told = {figure.name: (figure.value, figure.rounds) for figure in result.figures}
    assert told["without, embedded: docmill's CPU, start included"] == (650.0, 2)
    assert told["without, Triton: CPU of Triton"] == (200.0, 2)
    assert told["without, Ray Serve to Triton: docmill's CPU"] == (1.125, 2)
    assert told["without, Triton: documents that differ from the embedded models'"] == (1.0, 1)
    assert "without, embedded: CPU of Triton" not in told
    assert said_noise(written) == msgspec.convert(written["noise"], type(report(rounds()).noise))


def test_a_turn_converts_counts_servers_apart_and_asks_docmill_what_it_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    corpus = ordinary_pages(3, 3, tmp_path / "corpus")
    server = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        beside = Beside((), {"a server": server.pid})
        found = taken(Work(1, ("--ocr", "off"), PRICE), beside, corpus, tmp_path / "turn")
    finally:
        server.kill()
        server.wait()
    assert list(found.hashes) == ["document-0000.json"]
    assert (found.turn.documents, found.turn.converted, list(found.left_out)) == (1, 1, [])
    served = found.turn.servers_cpu_ms["a server"]
    assert served > 0
    assert found.turn.all_cpu_ms == pytest.approx(found.turn.page.command_cpu_ms + served)
    # starting is most of what three pages take, and no document's
    assert 0 < found.turn.told_cpu_ms < found.turn.page.command_cpu_ms
    assert found.turn.told_usd == pytest.approx(100 * found.turn.told_cpu_ms / 1000, rel=1e-3)


def test_a_model_that_reads_pages_joins_the_servers() -> None:
    both = Beside(("--layout", "triton"), {"Triton": 1}) + understanding("http://localhost:1", 2)
    assert both.options[-1] == "http://localhost:1"
    assert both.servers == {"Triton": 1, "vLLM": 2}
