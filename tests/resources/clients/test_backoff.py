from docmill.resources.clients.backoff import pause


def test_pauses_grow_to_a_limit_and_are_spread_over_all_of_it() -> None:
    limits = [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    for attempt, limit in enumerate(limits, start=1):
        drawn = [pause(attempt) for _ in range(300)]
        assert 0.0 <= min(drawn) < 0.1 * limit
        assert 0.9 * limit < max(drawn) <= limit
    assert pause(10_000) <= 8.0


def test_pauses_of_ones_own() -> None:
    drawn = [pause(3, first_s=1.0, longest_s=3.0) for _ in range(300)]
    assert 2.7 < max(drawn) <= 3.0
