"""A step's share of what a server spends, by its counters and the counts of the step's processes."""

from __future__ import annotations

import pytest

from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.step_meter import ModelMeter, ModelMeters
from docmill.resources.clients.metering.tally import Asked
from docmill.resources.clients.metering.told import Done
from docmill.resources.clients.triton.statistics import StatisticsReader

ONE, OTHER = 101, 102


class Server(StatisticsReader):
    """A server whose counters are set; readings that are `late` come before them."""

    def __init__(self, counters: Counters | None = None) -> None:
        self.counters = counters
        self.late: list[Counters] = []

    def look_up(self) -> None:
        pass

    def read(self) -> Counters | None:
        return self.late.pop(0) if self.late else self.counters

    def close(self) -> None:
        pass

    def computed(self, inferences: int, seconds: float) -> None:
        assert self.counters is not None
        self.counters += Counters(inferences=inferences, device_ns=round(seconds * 1e9))


class Step:
    """A meter, its server, and what its workers count."""

    def __init__(self, counters: Counters | None = Counters(inferences=50, device_ns=10**9)) -> None:  # noqa: B008
        self.server = Server(counters)
        self.asked: dict[int, Asked] = {}
        self.meter = ModelMeter("layout", self.server, lambda: dict(self.asked))

    def ask(
        self, worker: int, sent: int, answered: int | None = None, refused: int = 0, size: int = 1
    ) -> None:
        """So many inferences in requests of that size."""
        answered = sent if answered is None else answered
        unknown = sent - answered - refused
        more = Asked(sent, answered, refused, open=unknown // size, refusals=refused // size)
        self.asked[worker] = self.asked.get(worker, Asked()) + more


def test_alone_on_a_server_chunks_and_step_have_what_it_counted() -> None:
    step = Step()
    step.ask(ONE, 8)
    step.server.computed(8, 2.0)
    step.ask(OTHER, 2)
    step.server.computed(2, 1.0)
    assert step.meter.took(ONE) == pytest.approx(3.0 * 8 / 10)
    step.ask(OTHER, 6)
    step.server.computed(6, 0.6)
    assert step.meter.took(OTHER) == pytest.approx(0.6 + 0.6)
    assert step.meter.took(OTHER) is None
    assert step.meter.close() == pytest.approx(3.6)


def test_others_on_the_server_pay_their_share_of_each_stretch() -> None:
    step = Step()
    step.server.computed(10, 10.0)  # before the step's first request: its share of it is nothing
    assert step.meter.took(ONE) is None
    step.ask(ONE, 4)
    step.server.computed(8, 4.0)
    assert step.meter.took(ONE) == pytest.approx(2.0)
    step.server.computed(10, 10.0)
    assert step.meter.close() == pytest.approx(2.0)


def test_what_the_server_counts_late_is_waited_for() -> None:
    step = Step()
    step.ask(ONE, 4)
    step.server.late = [
        Counters(inferences=50, device_ns=10**9),
        Counters(inferences=51, device_ns=2 * 10**9),
    ]
    step.server.computed(4, 3.0)
    assert step.meter.took(ONE) == pytest.approx(3.0)


def test_what_the_server_counts_before_the_step_does_is_the_step_s() -> None:
    step = Step()
    step.server.computed(2, 2.0)
    step.meter.look()
    step.ask(ONE, 2)
    assert step.meter.took(ONE) == pytest.approx(2.0)


def test_a_share_follows_who_else_is_on_the_server() -> None:
    step = Step()
    step.ask(ONE, 4)
    step.server.computed(4, 4.0)
    step.meter.look()
    step.ask(ONE, 1)
    step.server.computed(10, 1.0)
    assert step.meter.took(ONE) == pytest.approx(4.0 + 0.1)


def test_chunks_that_were_lost_are_in_the_step_alone() -> None:
    step = Step()
    step.ask(ONE, 4)
    step.server.computed(4, 4.0)
    step.meter.lost(ONE)
    step.ask(ONE, 4)
    step.server.computed(4, 4.0)
    assert step.meter.took(ONE) == pytest.approx(4.0)
    assert step.meter.close() == pytest.approx(8.0)


def test_what_a_killed_worker_had_under_way_is_the_step_s_as_far_as_it_was_computed() -> None:
    step = Step()
    step.ask(ONE, 6, answered=1)
    step.server.computed(13, 13.0)  # ten of which are another client's
    step.server.counters = step.server.counters and step.server.counters + Counters(requests=13, failures=3)
    assert step.meter.close() == pytest.approx(3.0)


def test_alone_on_a_server_all_that_it_computed_is_the_step_s() -> None:
    step = Step()
    step.ask(ONE, 4, answered=1)
    step.server.computed(3, 3.0)
    assert step.meter.close() == pytest.approx(3.0)


def test_what_was_turned_away_cost_nothing() -> None:
    step = Step()
    step.ask(ONE, 4, answered=3, refused=1)
    step.server.computed(5, 5.0)
    assert step.meter.close() == pytest.approx(3.0)
    assert step.meter.rejections == 1


def test_a_server_that_was_given_up_is_known_by_model() -> None:
    step, other = Step(), Step()
    step.asked = {ONE: Asked(sent=3, given_up=1), OTHER: Asked(given_up=1)}
    meters = ModelMeters([step.meter, ModelMeter("tables", other.server, lambda: {ONE: Asked(sent=1)})])
    meters.stop()
    assert meters.given_up == {"layout": 2}


def test_after_a_restart_the_new_counters_are_what_there_is() -> None:
    step = Step()
    step.ask(ONE, 4)
    step.server.counters = Counters(inferences=4, device_ns=10**9)
    assert step.meter.took(ONE) == pytest.approx(1.0)
    step.ask(ONE, 4)  # of which the server knows nothing: it has been started anew again
    assert step.meter.took(ONE) == 0.0
    assert step.meter.close() == pytest.approx(1.0)


def test_nothing_asked_and_no_statistics_are_no_figure() -> None:
    assert ModelMeters([Step().meter]).close() == {}
    silent = Step(None)
    silent.ask(ONE, 1)
    meters = ModelMeters([silent.meter])
    assert (meters.took(ONE), meters.close(), meters.rejections) == ({}, {}, 0)


def tell(step: Step, worker: int, seconds: float, *, done: Done, items: int = 1) -> None:
    """A worker hears what its inferences took, and what the server has done by then."""
    told = Asked(items, items, 0, items, round(seconds * 1e9), {1: done})
    step.asked[worker] = step.asked.get(worker, Asked()) + told


def done(items: int, seconds: float, own_items: int, own_seconds: float) -> Done:
    return Done(items, round(seconds * 1e9), own_items, round(own_seconds * 1e9))


def test_a_server_that_tells_is_taken_at_its_word_whoever_else_asks_it() -> None:
    step = Step()
    tell(step, ONE, 4.0, items=2, done=done(12, 9.0, 2, 4.0))
    step.server.computed(12, 9.0)
    assert step.meter.took(ONE) == pytest.approx(4.0)
    tell(step, OTHER, 1.0, done=done(13, 10.0, 3, 5.0))
    tell(step, ONE, 0.5, done=done(14, 10.5, 4, 5.5))
    step.meter.lost(OTHER)
    assert step.meter.took(OTHER) is None
    assert step.meter.took(ONE) == pytest.approx(0.5)
    step.server.computed(2, 1.5)
    assert step.meter.close() == pytest.approx(5.5)


def test_what_it_did_for_killed_workers_is_told_to_the_others() -> None:
    step = Step()
    step.ask(ONE, 3, answered=0)
    tell(step, OTHER, 1.0, done=done(20, 30.0, 3, 7.0))
    step.server.computed(21, 31.0)
    step.server.counters = step.server.counters and step.server.counters + Counters(requests=21, failures=1)
    assert step.meter.took(OTHER) == pytest.approx(1.0)
    assert step.meter.close() == pytest.approx(7.0)


def test_what_was_dropped_from_the_queue_is_as_much_as_was_asked_for() -> None:
    """Others ask for one inference at a time, the killed workers had asked for eight."""
    step = Step()
    step.ask(ONE, 16, answered=0, size=8)
    tell(step, OTHER, 1.0, done=done(40, 60.0, 10, 20.0))
    step.server.computed(41, 61.0)
    step.server.counters = step.server.counters and step.server.counters + Counters(requests=34, failures=1)
    assert step.meter.took(OTHER) == pytest.approx(1.0)
    assert step.meter.close() == pytest.approx(20.0)


def test_what_nobody_was_told_of_in_the_end_took_as_long_as_the_rest() -> None:
    step = Step()
    tell(step, OTHER, 1.0, done=done(20, 30.0, 3, 6.0))
    step.ask(ONE, 4, answered=0)
    step.ask(OTHER, 1)  # without a word
    step.server.computed(30, 31.0)
    assert step.meter.took(OTHER) == pytest.approx(1.0 + 1.0)
    assert step.meter.close() == pytest.approx(6 * 2.0)


def test_alone_on_a_server_the_step_costs_what_that_counts_the_way_included() -> None:
    step = Step()
    tell(step, ONE, 4.0, items=4, done=done(4, 4.0, 4, 4.0))
    step.server.late = [step.server.counters or Counters()]
    step.server.computed(4, 4.1)
    assert step.meter.took(ONE) == pytest.approx(4.0)
    assert step.meter.close() == pytest.approx(4.1)


def test_a_server_that_tells_and_has_no_statistics_is_believed() -> None:
    step = Step(None)
    tell(step, ONE, 4.0, items=4, done=done(9, 9.0, 4, 4.0))
    step.ask(OTHER, 4, answered=0)
    assert step.meter.took(ONE) == pytest.approx(4.0)
    assert step.meter.close() == pytest.approx(4.0)
