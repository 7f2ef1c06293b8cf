"""What `docmill estimate` says of documents that the ledger has not seen: nine of ten intervals hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.estimates import Measured, Score, scores
from docmill.pipeline.intake.forecast import (
    LEVEL,
    Asked,
    File,
    Forecast,
    Interval,
    PastDocument,
    chosen,
    forecast,
)
from docmill.pipeline.intake.page_counts import Look, PagesBySize, look_through
from docmill.pipeline.intake.rates import Luck, Prior, Rate
from docmill.pipeline.intake.shapes import ServerSeconds, Setup, shape_of
from docmill.resources.price import Price

SAMPLES = Path(__file__).parents[1] / "samples"
#: `python -m benchmarks.estimates --json FILE`: `--seed 41 --batches 30`; and, with Triton and vLLM on CPUs,
#: `--seed 52 --batches 10 --documents 2 --triton-url ... --vlm-url ...`, on a machine that others used too.
RECORDED = ("embedded", "servers")
ESTIMATES = 40
FIGURES = ("worker_seconds", "cpu_seconds", "gpu_seconds", "wall_seconds", "pages")


@pytest.fixture(scope="module")
def found() -> dict[str, list[Score]]:
    folder = Path(__file__).parent / "measured"
    files = {name: (folder / f"{name}.json").read_bytes() for name in RECORDED}
    kept = {name: msgspec.json.decode(text, type=Measured) for name, text in files.items()}
    return {name: scores(each.batches, ESTIMATES, seed=1) for name, each in kept.items()}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", RECORDED)
def test_nine_of_ten_intervals_hold(found: dict[str, list[Score]], name: str, figure: str) -> None:
    told = [each for each in found[name] if figure in each.held]
    assert bool(told) == (figure != "gpu_seconds" or name != "embedded")
    assert sum(each.held[figure] for each in told) >= LEVEL * ESTIMATES * len(told)
    assert all(each.held[figure] >= (LEVEL - 0.15) * ESTIMATES for each in told)


@pytest.mark.parametrize("name", RECORDED)
def test_what_was_converted_makes_intervals_narrower(found: dict[str, list[Score]], name: str) -> None:
    nothing, one, *_, most = (each for each in found[name] if each.opened)
    assert nothing.width > one.width > most.width


def test_intervals_are_not_wide_where_documents_are_alike() -> None:
    past = [PastDocument(f"b{n // 8}", 10, 2.0, 1.5, scanned=0.0) for n in range(80)]
    took = estimated([look(10)] * 20, past).worker_seconds
    assert took.low == pytest.approx(40, rel=0.4)
    assert took.high == pytest.approx(40, rel=0.6)


def test_scans_cost_what_ocr_costs_and_nothing_more_without_it() -> None:
    text, scan = estimated([look(10)]), estimated([look(10, scanned=1.0)])
    assert scan.cpu_seconds.likely > 5 * text.cpu_seconds.likely
    assert (scan.scanned_pages.likely, text.scanned_pages.likely) == (10, 0)
    off = estimated([look(10, scanned=1.0)], asked=Asked(Setup(ocr=False)))
    assert off.cpu_seconds.likely == pytest.approx(text.cpu_seconds.likely, rel=0.1)
    forced = estimated([look(10)], asked=Asked(Setup(all_scans=True)))
    assert forced.cpu_seconds.likely == pytest.approx(scan.cpu_seconds.likely, rel=0.1)
    # documents with text that were read so as scans tell what scans take
    past = [PastDocument(f"b{n // 10}", 10, 90.0, 80.0, scanned=0.0) for n in range(50)]
    known = estimated([look(10)], past, Asked(Setup(all_scans=True))).cpu_seconds
    assert known.low < 80 < known.high
    assert known.high < 3 * known.low


def test_a_slow_machine_is_slow_with_scans_too() -> None:
    past = [PastDocument(f"b{n}", 10, 20.0, 16.0, scanned=0.0) for n in range(30)]
    slow, usual = estimated([look(4, scanned=1.0)], past), estimated([look(4, scanned=1.0)])
    assert slow.cpu_seconds.likely > 5 * usual.cpu_seconds.likely
    served = Asked(Setup(ocr_served=True))  # no page with text takes anything of a device
    assert estimated([look(4, scanned=1.0)], [replace(past[0], gpu_seconds=1.0)], served).gpu_seconds.low > 0


def test_a_device_is_paid_where_a_server_does_the_work() -> None:
    embedded = estimated([look(100)], asked=Asked(price=Price(3.6)))
    assert embedded.gpu_seconds == Interval(0, 0, 0)
    assert embedded.cost == Interval(0, 0, 0)
    setup = Setup(layout_served=True, tables_served=True)
    served = estimated([look(100)], asked=Asked(setup, price=Price(3.6)))
    assert served.cost
    assert served.cost.likely == pytest.approx(served.gpu_seconds.likely * 3.6 / 3600)
    assert served.cpu_seconds.likely < embedded.cpu_seconds.likely
    idle = estimated([look(100)], asked=Asked(setup, price=Price(3.6, gpu_utilisation=0.1)))
    assert idle.cost
    assert idle.cost.likely == pytest.approx(10 * served.cost.likely)
    read = estimated([look(100)], asked=Asked(replace(setup, understanding="all")))
    assert read.gpu_seconds.likely > 5 * served.gpu_seconds.likely
    some = estimated([look(100)], asked=Asked(replace(setup, understanding="doubts")))
    assert served.gpu_seconds.likely < some.gpu_seconds.likely < 0.5 * read.gpu_seconds.likely


def test_a_server_that_is_asked_in_doubt_costs_less_and_how_much_is_less_sure() -> None:
    counted = ServerSeconds(layout=0.5)
    every = Setup(layout_served=True, counted=counted)
    found = [
        estimated([look(100)], asked=Asked(replace(every, layout_asked=asked))).gpu_seconds
        for asked in ("always", "auto", "never")
    ]
    assert 0.1 * found[0].likely < found[1].likely < 0.6 * found[0].likely
    assert found[1].high / found[1].low > 2 * found[0].high / found[0].low
    assert found[2] == Interval(0, 0, 0)
    assert not replace(every, layout_asked="never").served


def test_the_store_is_paid_by_the_month() -> None:
    found = estimated([look(1000)], asked=Asked(price=Price(per_gb_month=1.0, per_thousand_requests=1.0)))
    assert found.storage_per_month
    assert found.storage_per_month.likely == pytest.approx(0.056)
    assert found.cost
    assert found.cost.likely == pytest.approx(0.056)


def test_more_workers_wait_less_until_the_longest_chunk_is_left() -> None:
    waits = {
        jobs: estimated([look(80)] * 4, asked=Asked(jobs=jobs)).wall_seconds.likely for jobs in (1, 4, 400)
    }
    assert waits[1] > 2 * waits[4]
    assert waits[400] > 1.0  # a run starts, and a chunk cannot be divided


def test_a_range_of_pages_is_all_that_is_done() -> None:
    assert estimated([look(10), look(2)], asked=Asked(range="1-3")).pages == Interval(5, 5, 5)
    assert estimated([look(2)], asked=Asked(range="5-")).pages == Interval(0, 0, 0)


def test_files_that_nobody_opened_have_the_pages_of_those_of_their_size() -> None:
    by_size = PagesBySize()
    by_size.add([1000] * 20, [4] * 10 + [8] * 10)
    files = [File(f"s3://bucket/{number}.pdf", 1000) for number in range(50)]
    found = forecast(files, 50, [], by_size, Asked())
    assert found.opened == 0
    assert found.pages.low < 300 < found.pages.high
    assert found.pages.high < 2 * found.pages.low
    nobody_knows = forecast(files, 50, [], PagesBySize(), Asked())
    assert nobody_knows.pages.likely == 50  # a file has a page


def test_of_many_files_some_stand_for_all() -> None:
    files = [File(f"{number:06d}", number, Look(1 + number % 9)) for number in range(10_000)]
    sample = chosen(files)
    assert len(sample) == 400
    assert sum(file.size for file in sample) / 400 == pytest.approx(5_000, rel=0.01)
    found = forecast(sample, len(files), [], PagesBySize(), Asked())
    assert found.documents == 10_000
    assert found.pages.low < 49_998 < found.pages.high
    assert found.pages.high < 1.2 * found.pages.low


def test_files_that_cannot_be_opened_take_nothing() -> None:
    looks = look_through([str(SAMPLES / name) for name in ("not_a_pdf.pdf", "scanned.pdf", "form.pdf")])
    found = {Path(source).name: each for source, each in looks.items()}
    assert found == {"not_a_pdf.pdf": Look(0), "scanned.pdf": Look(1, 1.0), "form.pdf": Look(1, 0.0)}
    nothing = estimated([found["not_a_pdf.pdf"]])
    assert (nothing.unreadable, nothing.pages.high, nothing.worker_seconds.high) == (1, 0, 0)


def test_a_sample_of_pages_tells_how_many_are_scans() -> None:
    path = str(SAMPLES / "many_pages.pdf")
    assert look_through([path]) == {path: Look(500, 0.0)}


def test_a_rate_is_learned_from_documents_and_moods_from_batches() -> None:
    dice = np.random.default_rng(3)
    prior = Prior(doubt=1.0)
    ratios = np.exp(dice.normal(np.log(3.0), 0.2, 400))
    batches = [f"b{number % 40}" for number in range(400)]
    rate = Rate.learn(prior, ratios, batches)
    assert np.exp(rate.mean) == pytest.approx(3.0, rel=0.05)
    assert np.sqrt(rate.variance) == pytest.approx(0.2, rel=0.2)
    moods = np.repeat(np.exp(dice.normal(0.0, 0.8, 40)), 10)
    moody = Rate.learn(prior, ratios * moods, [f"b{number // 10}" for number in range(400)])
    assert np.sqrt(moody.mood) == pytest.approx(0.8, rel=0.3)
    assert rate.mood < moody.mood / 5
    spread = [float(np.std(np.log(each.draw(Luck(1, 1000), 50).mean(axis=1)))) for each in (rate, moody)]
    assert spread[1] > 3 * spread[0]


def test_every_shape_takes_time_and_devices_only_where_something_is_served() -> None:
    for setup in (Setup(), Setup(ocr=False), Setup(understanding="all"), Setup(ocr_served=True)):
        shape = shape_of(setup)
        assert shape.worker.page >= shape.cpu.page > 0
        assert bool(shape.gpu.page or shape.gpu.scan) == setup.served


def look(pages: int, scanned: float = 0.0) -> Look:
    return Look(pages, scanned)


def estimated(
    looks: list[Look], past: list[PastDocument] | None = None, asked: Asked | None = None
) -> Forecast:
    files = [File(str(number), 1000 * each.pages, each) for number, each in enumerate(looks)]
    return forecast(files, len(files), past or [], PagesBySize(), asked or Asked())
