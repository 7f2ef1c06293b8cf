"""What a server did while something ran."""

from __future__ import annotations

from benchmarks.gpu.pipeline.measuring import limit
from benchmarks.gpu.pipeline.watching import Moment, Span, span_of
from benchmarks.gpu.utilisation import Utilisation
from docmill.resources.clients.metering.counters import Counters


def moments(counts: list[int], seconds_each: float, executions: int = 2) -> list[Moment]:
    """Looks a second apart; a model takes so long over an item."""
    return [
        Moment(
            float(at),
            {
                "heron": Counters(
                    inferences=count,
                    executions=count // executions,
                    requests=count,
                    device_ns=round(count * seconds_each * 1e9),
                    queue_ns=count * 5_000_000,
                )
            },
            2.0 * at,
        )
        for at, count in enumerate(counts)
    ]


def test_a_span_is_from_the_first_execution_to_the_last() -> None:
    span = span_of(moments([0, 0, 0, 4, 8, 12, 12, 12], 0.2), "heron", Utilisation())
    assert span is not None
    assert (span.seconds, span.items) == (3.0, 12)
    assert span.device == 0.8
    assert span.average_batch == 2.0
    assert span.queue_ms == 5.0
    assert span.gpu is None and span.gpu_ms is None


def test_the_driver_s_figure_is_of_the_span_alone() -> None:
    class Busy(Utilisation):
        def between(self, since: float, until: float) -> float | None:
            return 0.5 if (since, until) == (2.0, 5.0) else None

    span = span_of(moments([0, 0, 0, 4, 8, 12, 12], 0.2), "heron", Busy())
    assert span is not None
    assert (span.gpu, span.gpu_ms) == (0.5, 125.0)


def test_what_was_done_at_the_first_look_had_begun_before() -> None:
    # four items of a second each are there at once: they began four seconds ago
    span = span_of(moments([0, 0, 0, 0, 0, 4, 8, 8], 1.0), "heron", Utilisation())
    assert span is not None
    assert span.seconds == 5.0
    assert span.device == 1.6  # two instances


def test_what_was_there_before_does_not_count() -> None:
    span = span_of(moments([100, 100, 104], 0.1), "heron", Utilisation())
    assert span is not None and span.items == 4


def test_a_model_that_was_not_asked_has_none() -> None:
    assert span_of(moments([7, 7, 7], 1.0), "heron", Utilisation()) is None


def span(device: float, cores: float, gpu: float | None = None) -> Span:
    return Span(30.0, 3000, device, 8.0, 12.0, cores, gpu, None)


def test_the_limit_is_what_is_busy() -> None:
    assert limit(span(0.95, 0.5), 60.0).startswith("the model: busy 95%")
    assert limit(span(0.5, 0.95), 60.0).startswith("the cores: 95% busy")
    assert limit(span(0.5, 0.5), 60.0).startswith("neither the model (50% busy) nor the cores (50%)")
    assert "50% of the conversion" in limit(span(0.95, 0.5), 60.0)


def test_the_driver_is_believed_before_the_server() -> None:
    # what a server calls computing has copies and launches in it
    assert limit(span(0.99, 0.5, gpu=0.4), 60.0).startswith("neither the model (40% busy)")
