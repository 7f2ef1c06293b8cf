"""Counts of requests that outlive the process which made them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from docmill.resources.clients.metering.tally import Asked, RequestTally, read_tallies
from docmill.resources.clients.metering.told import Done, Told


def count_and_die(folder: Path) -> None:
    tally = RequestTally(folder, "layout.v1")
    tally.add(Asked(sent=5, open=4))
    tally.add(Asked(answered=2, refused=1, open=-3, refusals=1))
    tally.add(Asked(given_up=1))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_has_asked_is_known(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=count_and_die, args=(tmp_path,))
    process.start()
    process.join()
    RequestTally(tmp_path, "layout.v1").add(Asked(sent=1, answered=1))
    RequestTally(tmp_path, "layout").add(Asked(sent=7))
    found = read_tallies(tmp_path, "layout.v1")
    assert found == {process.pid: Asked(5, 2, 1, given_up=1, open=1, refusals=1), os.getpid(): Asked(1, 1, 0)}
    assert found[process.pid or 0].unknown == 2


def test_a_process_that_has_counted_nothing_yet_has_asked_nothing(tmp_path: Path) -> None:
    tally = RequestTally(tmp_path, "layout")
    assert read_tallies(tmp_path, "layout") == {}
    del tally
    assert read_tallies(tmp_path / "gone", "layout") == {}


def test_the_latest_word_of_each_instance_is_kept() -> None:
    early, late = Done(4, 40, 2, 20), Done(8, 80, 3, 30)
    one, other = Asked(3, 3, 0, 3, 30, {1: late, 2: early}), Asked(1, 1, 0, 1, 9, {1: early})
    assert one + other == other + one == Asked(4, 4, 0, 4, 39, {1: late, 2: early})
    assert (one + other).since(other).device_ns == 30


def test_what_a_server_said_is_written_with_the_count(tmp_path: Path) -> None:
    tally = RequestTally(tmp_path, "layout")
    tally.add(Asked(sent=3))
    for instance, items in ((7, 5), (1795997305295904, 9), (7, 2)):  # the last one was overtaken
        tally.add(Asked(answered=1), Told(11, instance, Done(items, 10 * items, 1, 11)))
    instances = {7: Done(5, 50, 1, 11), 1795997305295904: Done(9, 90, 1, 11)}
    assert read_tallies(tmp_path, "layout") == {os.getpid(): Asked(3, 3, 0, 3, 33, instances)}
