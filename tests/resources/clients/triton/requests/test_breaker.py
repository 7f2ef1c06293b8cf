from docmill.resources.clients.triton.requests.breaker import CircuitBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def breaker() -> tuple[CircuitBreaker, Clock]:
    clock = Clock()
    return CircuitBreaker(patience_s=10.0, rest_s=5.0, clock=clock), clock


def opened(circuit: CircuitBreaker) -> bool:
    """What `is_open` says now: asking it changes it."""
    return circuit.is_open


def test_it_opens_when_nothing_was_heard_for_as_long_as_it_is_patient() -> None:
    circuit, clock = breaker()
    assert not circuit.silent(since=100.0)
    clock.now = 109.9
    assert not circuit.silent(since=109.0)
    assert not opened(circuit)
    clock.now = 110.0
    assert circuit.silent(since=109.9)
    assert opened(circuit)


def test_one_request_that_got_no_answer_for_so_long_opens_it() -> None:
    circuit, clock = breaker()
    clock.now = 115.0
    assert circuit.silent(since=100.0)


def test_a_sign_of_life_counts_however_long_the_request_had_waited() -> None:
    circuit, clock = breaker()
    clock.now = 130.0
    circuit.answered()
    clock.now = 131.0
    assert not circuit.silent(since=100.0)
    clock.now = 140.0
    assert circuit.silent(since=135.0)


def test_after_a_rest_one_attempt_is_let_through_and_decides() -> None:
    circuit, clock = breaker()
    clock.now = 110.0
    circuit.silent(since=100.0)
    clock.now = 115.0
    assert not opened(circuit)
    assert opened(circuit)  # for everybody else
    clock.now = 116.0
    assert circuit.silent(since=115.0)
    assert opened(circuit)
    circuit.answered()
    assert not opened(circuit)
    assert not circuit.silent(since=115.0)
