"""Asking a chat-completions server: what fails, what is tried again, and how much is in flight."""

from __future__ import annotations

import os
import pickle
import socket
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError, PageError
from docmill.pipeline.convert.understanding.choosing import Choice
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.resources.clients.metering.tally import read_tallies
from docmill.resources.clients.tracing.spans import FinishedSpan, OpenSpan, SpanContext, entered
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.question import Question
from docmill.resources.clients.vllm.reader import Answer
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.clients.vllm.tally import TOKENS
from docmill.resources.clients.vllm.waiting import waited_ns
from tests.support.chat_server import GOOD, MODEL, ChatServer, Reply

LOOP = "<doctag>" + "<text><loc_1><loc_2><loc_3><loc_4>the sea was calm again</text>\n" * 400
PROFILE = PROFILES["granite-docling"]


def engine(url: str, **settings: Any) -> VlmEngine:
    server = VlmServer(url, MODEL, deadline_s=5.0, patience_s=3.0, retries=1)
    return VlmEngine(replace(server, **settings), PROFILE, picture_profile(), Choice("all"))


def question(key: str = "page", page: int = 1, accept: Any = lambda _: None) -> Question:
    return Question(key, page, PROFILE, lambda scale: np.full((int(8 * scale), 8, 3), 255, np.uint8), accept)


def ask(asked: VlmEngine, *questions: Question, **options: Any) -> dict[str, Answer]:
    """Ask, and close the engine: it opens anew when it is asked again."""
    answers: dict[str, Answer] = {}
    with closing(asked):
        asked.ask(questions or [question()], lambda q, a: answers.__setitem__(q.key, a), **options)
    return answers


def one(url: str, **settings: Any) -> Answer:
    return ask(engine(url, **settings))["page"]


def reason(answer: Answer) -> str:
    return answer.error.reason if answer.error else ""


@pytest.mark.parametrize("stream", [False, True])
def test_a_page_is_asked_as_granite_docling_wants_it(stream: bool) -> None:
    with ChatServer() as server:
        answer = one(server.url, stream=stream)
    [request] = server.requests
    image, words = request["messages"][0]["content"]
    assert (answer.text, answer.error, answer.attempts) == (GOOD, None, 1)
    assert answer.generation_tokens > 0
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert words["text"] == "Convert this page to docling."
    assert (request["temperature"], request["skip_special_tokens"]) == (0.0, False)
    assert request["stop"] == ["</doctag>", "<|end_of_text|>"]
    assert "max_tokens" not in request  # 8192 of a context of 8192 would leave no room for the image


def test_a_limit_that_leaves_room_is_sent() -> None:
    with ChatServer(models=[{"id": MODEL, "object": "model", "max_model_len": 32768}]) as server:
        one(server.url)
    assert server.requests[0]["max_tokens"] == 8192


@pytest.mark.parametrize(
    ("reply", "reasons", "temperatures"),
    [
        (Reply(finish="length"), "answer_truncated", [0.0, 0.2, 0.4]),
        (Reply(LOOP, "length"), "answer_loops", [0.0, 0.2, 0.4]),
        (Reply("Calm sea."), "tags_stripped", [0.0, 0.2, 0.4]),
        (Reply("<doctag>"), "answer_empty", [0.0, 0.2, 0.4]),
        (Reply("<text>open"), "answer_unparsable", [0.0, 0.2, 0.4]),
        # the image is what may be at fault: only a smaller one is worth another request
        (Reply("too long", status=400), "prompt_refused", [0.0, 0.4]),
        (Reply("no", status=422), "prompt_refused", [0.0, 0.4]),
        # one page that breaks a server which is well otherwise
        (Reply("oops", status=500), "server_failed", [0.0, 0.0]),
        (Reply(finish="abort"), "server_failed", [0.0]),
    ],
)
def test_an_unusable_answer_is_a_failed_page(reply: Reply, reasons: str, temperatures: list[float]) -> None:
    with ChatServer(usual=reply) as server:
        answer = one(server.url)
    assert (reason(answer), answer.text) == (reasons, "")
    assert [request["temperature"] for request in server.requests] == temperatures


def test_the_ladder_ends_with_the_first_usable_answer() -> None:
    with ChatServer([Reply(finish="length"), Reply("Calm sea.")]) as server:
        answer = one(server.url)
    assert (answer.text, answer.error, answer.attempts) == (GOOD, None, 3)
    assert (answer.prompt_tokens, answer.generation_tokens) == (300, 30)  # what was useless was paid for too
    images = [request["messages"][0]["content"][0]["image_url"]["url"] for request in server.requests]
    assert images[0] == images[1] != images[2]


def test_an_answer_of_which_nothing_can_be_made_is_not_accepted() -> None:
    def refuse(text: str) -> None:
        raise PageError(f"no: {len(text)}", page=1)

    with ChatServer() as server:
        answer = ask(engine(server.url), question(accept=refuse))["page"]
    assert (reason(answer), answer.attempts) == ("page_failed", 3)


@pytest.mark.parametrize(
    "replies",
    [
        [Reply("starting", status=503)] * 2,
        [Reply("busy", status=429, headers={"retry-after": "0.2"})] * 2,
        [Reply("engine died", status=500)],
        [Reply("proxy", status=502)],
    ],
)
def test_what_passes_is_waited_for(replies: list[Reply]) -> None:
    with ChatServer(replies) as server:
        answer = one(server.url)
    assert (answer.text, answer.requests, answer.attempts) == (GOOD, len(replies) + 1, 1)


def test_a_stream_that_breaks_off_is_asked_for_again() -> None:
    with ChatServer([Reply(cut=True)]) as server:
        answer = one(server.url, stream=True)
    assert (answer.text, answer.requests) == (GOOD, 2)


def test_a_streamed_loop_is_cut_off() -> None:
    with ChatServer([Reply(LOOP)]) as server:
        answer = one(server.url, stream=True)
    assert (answer.text, answer.attempts) == (GOOD, 2)
    assert answer.generation_tokens < len(LOOP) / 20 / 2  # pieces of the stream


def test_a_late_answer_is_tried_once_more() -> None:
    with ChatServer(usual=Reply(seconds=0.6)) as server:
        answer = one(server.url, deadline_s=0.2)
    assert reason(answer) == "answer_late"
    assert len(server.requests) == 2
    assert answer.error is not None and not answer.error.permanent


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_is_away_fails_the_step_when_patience_ends() -> None:
    with pytest.raises(BackendUnavailableError, match=r"does not answer for page 1, \d+ attempts"):
        one(nobody(), patience_s=0.5)
    with pytest.raises(BackendUnavailableError, match="docmill vllm serve"):
        engine(nobody()).prepare()


def test_a_server_that_comes_back_is_found_again() -> None:
    server = ChatServer(port=int(nobody().rpartition(":")[2]))
    timer = threading.Timer(1.0, server.__enter__)
    timer.start()
    try:
        engine(f"http://127.0.0.1:{server.port}").prepare(patience_s=30.0)
        assert one(f"http://127.0.0.1:{server.port}", patience_s=30.0).text == GOOD
    finally:
        timer.join()
        server.__exit__(None, None, None)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_set_up_fails_the_step_at_once(status: int) -> None:
    with (
        ChatServer(usual=Reply("no", status=status)) as server,
        pytest.raises(BackendConfigError, match=MODEL),
    ):
        one(server.url)
    assert len(server.requests) == 1


def test_an_unknown_model_is_named_with_those_that_there_are() -> None:
    with ChatServer() as server, pytest.raises(BackendConfigError, match=rf"no model other; it has {MODEL}"):
        engine(server.url, model="other").prepare()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", ""])
def test_an_address_is_checked(url: str) -> None:
    with pytest.raises(BackendConfigError, match="is no address"):
        VlmServer(url)
    assert VlmServer("http://a:1/v1/").api == VlmServer("http://a:1").api == "http://a:1/v1"


@pytest.mark.parametrize("share", [1, 3, 8])
def test_as_much_as_allowed_is_in_flight_and_no_more(share: int) -> None:
    with ChatServer(usual=Reply(seconds=0.8)) as server:
        asked = replace(engine(server.url), per_worker=share)
        answers = ask(asked, *(question(str(n), n) for n in range(2 * share)))
    assert len(answers) == 2 * share and all(answer.text == GOOD for answer in answers.values())
    assert server.most == share


def test_what_is_in_flight_is_kept_when_the_server_fails_the_step() -> None:
    with ChatServer([Reply("gone", status=404)], usual=Reply(seconds=0.3)) as server:
        answers: dict[str, Answer] = {}
        asked = replace(engine(server.url), per_worker=4)
        with closing(asked), pytest.raises(BackendConfigError):
            asked.ask([question(str(n)) for n in range(12)], lambda q, a: answers.__setitem__(q.key, a))
    assert len(answers) == 3 and len(server.requests) == 4


def test_nothing_more_is_asked_when_it_is_told_to_stop() -> None:
    with ChatServer() as server:
        assert ask(engine(server.url), go_on=lambda: False) == {}
    assert server.requests == []


def test_an_engine_travels_without_its_connections() -> None:
    with ChatServer() as server:
        asked = engine(server.url)
        with closing(asked):
            asked.ask([question()], lambda q, a: None)
            assert asked._client is not None
            copy = pickle.loads(pickle.dumps(asked))
        assert copy == asked and copy._client is None
        assert ask(copy)["page"].text == GOOD


def test_a_server_without_metrics_costs_nothing_that_could_be_said(tmp_path: Path) -> None:
    with ChatServer() as server:
        asked = engine(server.url)
        meter = asked.open_meter(tmp_path)
        asked.count_in(tmp_path)
        ask(asked)
        assert (meter.took(os.getpid()), meter.close()) == ({}, {})


@pytest.mark.parametrize(
    ("reply", "unheard"), [(Reply(status=500), 1000), (Reply(status=503), 0), (Reply(status=429), 0)]
)
def test_tokens_are_counted_and_those_of_attempts_that_nobody_heard(
    tmp_path: Path, reply: Reply, unheard: int
) -> None:
    with ChatServer([reply]) as server:
        asked = engine(server.url)
        asked.count_in(tmp_path)
        ask(asked, question("a"), question("b"), question("c", page=2))
    [found] = read_tallies(tmp_path, TOKENS).values()
    assert (found.answered, found.unknown) == (3 * 110, unheard)
    assert (waited_ns(tmp_path) or 0) > 0


def test_one_engine_serves_chunk_after_chunk() -> None:
    with ChatServer() as server:
        asked = engine(server.url)
        for n in range(5):
            asked.ask([question(str(n))], lambda q, a: None)
        assert len(server.requests) == 5
        asked.close()
        asked.close()
        assert ask(asked)["page"].text == GOOD


def test_pages_are_asked_in_their_order() -> None:
    """However long the compression of one takes: here the first of each four is a thousand times as large."""

    def large(scale: float) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 255, (2000, 2000, 3), np.uint8)

    questions = [question(f"page {n}", n) for n in range(1, 9)]
    questions[::4] = [replace(each, draw=large) for each in questions[::4]]
    order: list[str] = []
    with ChatServer() as server, closing(engine(server.url).shared_by(16)) as asked:
        asked.ask(questions, lambda q, _: order.append(q.key))
    assert order == [each.key for each in questions]


def test_each_chunk_s_prompts_tell_the_server_their_span() -> None:
    """An engine lives as long as its worker: the second chunk's prompts are not in the first one's trace."""
    kept: list[FinishedSpan] = []
    chunks = [OpenSpan("chunk", SpanContext("1" * 32, digit * 16), kept.append) for digit in "23"]
    with ChatServer([Reply(status=503), Reply()]) as server, closing(engine(server.url)) as asked:
        for chunk in chunks:
            with entered(chunk):
                asked.ask([question()], lambda *_: None)
        asked.ask([question()], lambda *_: None)
    first, second = kept
    assert (first.name, first.kind, first.parent_id) == (f"chat {MODEL}", "client", "2" * 16)
    assert second.parent_id == "3" * 16
    told = [first.context.traceparent] * 2 + [second.context.traceparent, ""]
    assert server.traceparents == told
    assert first.attributes["docmill.requests"] == 2
    assert first.attributes["gen_ai.usage.output_tokens"] == 10


def test_a_prompt_without_an_answer_is_an_error() -> None:
    kept: list[FinishedSpan] = []
    with (
        ChatServer(usual=Reply("no", status=400)) as server,
        entered(OpenSpan("chunk", SpanContext("1" * 32, "2" * 16), kept.append)),
    ):
        one(server.url)
    assert kept and all("refused" in each.error for each in kept)
