"""The simulated cluster, held against what can be reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.cost import INPUTS
from benchmarks.scaling.__main__ import SITE_INPUTS, main, site
from benchmarks.scaling.cluster import Policy, Site, simulate
from benchmarks.scaling.policies import policies

VALUES = {name: each.value for name, each in {**INPUTS, **SITE_INPUTS}.items()}
#: A run reads for about ten seconds, sends 100 pages, and ends for five.
SMALL = Site(
    pages_per_run=100,
    reads_s=10,
    ends_s=5,
    sends=50,
    serves=20,
    in_flight=12,
    pods_per_node=2,
    cpus_per_node=8,
    cpu_node_s=60,
    gpu_node_s=100,
    model_s=20,
    idle_s=300,
    most_runs=4,
)
ON, BY_SERVERS, BY_BATCHES = policies(2)


def test_one_run_takes_its_node_its_pages_and_its_end() -> None:
    outcome = simulate(SMALL, ON, [(0.0, 1)])
    assert outcome.finished_s == pytest.approx(60 + 10 + 100 / 40 + 5, abs=5)
    # two servers until all nodes are gone, five minutes after the run
    assert outcome.gpu_hours * 3600 == pytest.approx(2 * (outcome.finished_s + 300), rel=0.02)
    assert outcome.cpu_hours * 3600 == pytest.approx(8 * (outcome.finished_s + 300), rel=0.02)


@pytest.mark.parametrize("policy", [ON, BY_SERVERS, BY_BATCHES], ids=lambda policy: policy.name)
def test_what_servers_work_is_the_pages(policy: Policy) -> None:
    outcome = simulate(SMALL, policy, [(0.0, 20), (500.0, 30)])
    assert outcome.busy * outcome.gpu_hours * 3600 == pytest.approx(50 * 100 / SMALL.serves)
    assert max(moment.runs for moment in outcome.moments) <= SMALL.most_runs
    assert max(moment.replicas for moment in outcome.moments) <= 2


def test_servers_come_before_the_pages_do_by_the_queue_of_batches_only() -> None:
    slow = replace(SMALL, reads_s=300)
    by_batches = simulate(slow, BY_BATCHES, [(0.0, 4)], every_s=1.0)
    first = next(moment for moment in by_batches.moments if moment.replicas)
    assert first.at < 60 + 1
    assert by_batches.moments[-1].replicas == 0
    by_servers = simulate(replace(slow, in_flight=24), BY_SERVERS, [(0.0, 40)], every_s=1.0)
    second = next(moment for moment in by_servers.moments if moment.replicas > 1)
    assert second.at > 60 + 0.7 * 300
    assert by_servers.moments[-1].replicas == 1


def test_more_servers_than_runs_can_feed_are_idle() -> None:
    fed = replace(SMALL, most_runs=8)
    few, many = (simulate(fed, policies(servers)[0], [(0.0, 400)]) for servers in (1, 16))
    assert few.busy > 0.8
    assert many.busy < 0.2


def test_the_command_says_that_it_is_simulated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--documents", "640", "--servers", "1"]) == 0
    printed = capsys.readouterr().out
    assert "SIMULATED" in printed
    assert "assumed" in printed


def test_a_cluster_by_the_inputs() -> None:
    place = site(VALUES, servers=3)
    assert (place.pages_per_run, place.most_runs, place.cpus_per_node) == (640, 15, 16)
    assert place.sends > place.serves
