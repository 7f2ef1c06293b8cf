"""Chat completions with one image each: bounded in flight, with deadlines, retries and typed failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from docmill.pipeline.convert.errors import (
    AnswerLateError,
    BackendConfigError,
    BackendUnavailableError,
    PromptRefusedError,
    ServerFailedError,
)
from docmill.resources.clients.backoff import pause
from docmill.resources.clients.tracing.spans import Attributes, Span, current_span, failing
from docmill.resources.clients.vllm.failures import Failure, Fault, failure_of
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.clients.vllm.tally import TokenTally

__all__ = ["Completion", "Prompt", "VlmClient"]

_PATH = "/chat/completions"
_CHECK_S, _CONNECT_S = 5.0, 5.0
#: What an image and its prompt may take of the context beside the answer.
_PROMPT_TOKENS = 2048
#: How many more characters are waited for before a streamed answer is looked at again.
_GLANCE_CHARS = 500


@dataclass(frozen=True)
class Prompt:
    """What is asked: an image as a data URI, words, and how to answer."""

    image: str
    words: str
    page: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    max_tokens: int = 0


@dataclass(frozen=True)
class Completion:
    """What came back. `first_s` is the time to the first token where answers are streamed."""

    text: str
    finish: str | None
    prompt_tokens: int
    generation_tokens: int
    seconds: float
    requests: int
    first_s: float | None = None


class VlmClient:
    """Asks one model; to be used from one event loop. At most `in_flight` requests are under way at a time.

    So many that the server's batch is full, and not so many that requests wait there: a queue in the server
    cannot be taken back, and eats up deadlines.
    """

    def __init__(
        self,
        server: VlmServer,
        in_flight: int,
        hopeless: Callable[[str], bool] = lambda _: False,
        tally: TokenTally | None = None,
    ) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(in_flight)
        self._hopeless = hopeless
        self._tally = tally
        self._api: Any = None
        self._context: int | None = None
        self._checked = False

    async def close(self) -> None:
        """Close the connections."""
        if self._api is not None:
            await self._api.close()
            self._api = None

    async def check(self) -> int | None:
        """Ask once which models there are; the length of the model's context where the server says so.

        Raises `BackendUnavailableError` when nothing answers, `BackendConfigError` for a model that is not
        there.
        """
        server, api = self._server, self._connected()
        try:
            async with asyncio.timeout(min(_CHECK_S, server.deadline_s)):
                models = [model async for model in api.models.list()]
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            if failure.fault in (Fault.MISUSE, Fault.REFUSED):
                raise BackendConfigError(
                    f"{server.api} does not tell its models: {failure.words}; check the address and the key"
                ) from error
            raise BackendUnavailableError(
                f"no OpenAI-compatible server answers at {server.api} ({failure.words}); start one there, "
                "for example with `docmill vllm serve`, or switch `understanding` off"
            ) from error
        for model in models:
            if model.id == server.model:
                length = getattr(model, "max_model_len", None)
                self._context = length if isinstance(length, int) else None
                self._checked = True
                return self._context
        known = ", ".join(sorted(model.id for model in models)) or "none"
        raise BackendConfigError(
            f"the server at {server.root} has no model {server.model}; it has {known}: serve it under that "
            "name (--served-model-name), or name another one"
        )

    async def complete(self, prompt: Prompt) -> Completion:
        """The model's answer, whatever it is worth; waits for one of the `in_flight` slots first.

        Raises a `NotUnderstoodError` when this one prompt is at fault, `BackendUnavailableError` when the
        server stays away longer than its patience, `BackendConfigError` when it knows no such model.
        """
        async with self._slots:
            if not self._checked:  # a server that is away will be waited for below
                with suppress(BackendUnavailableError):
                    await self.check()
            span = self._span(prompt)
            with failing(span):
                completion = await self._patiently(prompt, span)
            span.set(
                {
                    "gen_ai.usage.input_tokens": completion.prompt_tokens,
                    "gen_ai.usage.output_tokens": completion.generation_tokens,
                    "docmill.requests": completion.requests,
                }
            )
            span.end()
            return completion

    def _span(self, prompt: Prompt) -> Span:
        """Of a prompt and its attempts, as OpenTelemetry's conventions for generative models have it."""
        about: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": self._server.model,
            "url.full": f"{self._server.api}{_PATH}",
            "docmill.pages": (prompt.page,),
        }
        return current_span().child(f"chat {self._server.model}", about, "client")

    async def _patiently(self, prompt: Prompt, span: Span) -> Completion:
        server = self._server
        attempt, broken, away_since = 0, 0, 0.0
        while True:
            attempt += 1
            started = time.monotonic()
            try:
                return await self._tallied(prompt, span, started, attempt)
            except Exception as error:
                failure = failure_of(error)
                if failure is None:
                    raise
                refusal = self._final(failure, prompt)
                if refusal:
                    raise refusal from error
                if failure.fault in (Fault.AWAY, Fault.BUSY):
                    away_since = away_since or started
                    if time.monotonic() - away_since > server.patience_s:
                        raise self._gone(failure, prompt, attempt) from error
                else:
                    away_since, broken = 0.0, broken + 1
                    if broken > (1 if failure.fault is Fault.LATE else server.retries):
                        raise await self._given_up(failure, prompt, attempt) from error
            await asyncio.sleep(failure.wait_s + pause(attempt))

    async def _tallied(self, prompt: Prompt, span: Span, started: float, attempt: int) -> Completion:
        """One attempt, counted where somebody counts."""
        self._connected()
        with self._tally.request() if self._tally else nullcontext() as tallied:
            try:
                async with asyncio.timeout(self._server.deadline_s):
                    completion = await self._ask(prompt, span, started, attempt)
            except Exception as error:
                failure = failure_of(error)
                if tallied and failure and failure.fault not in (Fault.LATE, Fault.BROKEN):
                    tallied.refused()
                raise
            if tallied:
                tallied.answered(completion.prompt_tokens + completion.generation_tokens)
            return completion

    async def _ask(self, prompt: Prompt, span: Span, started: float, attempt: int) -> Completion:
        from openai import AsyncStream
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        # not `chat.completions.create`: turning our own request into the same request costs it a millisecond
        options = {"headers": span.headers}
        ask = partial(self._connected().post, _PATH, content=self._request(prompt), options=options)
        if self._server.stream:
            chunks = await ask(
                cast_to=ChatCompletion, stream=True, stream_cls=AsyncStream[ChatCompletionChunk]
            )
            return await self._gather(chunks, started, attempt)
        answer = await ask(cast_to=ChatCompletion)
        choice, usage = answer.choices[0], answer.usage
        return Completion(
            text=choice.message.content or "",
            finish=choice.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            generation_tokens=usage.completion_tokens if usage else 0,
            seconds=time.monotonic() - started,
            requests=attempt,
        )

    async def _gather(self, chunks: Any, started: float, attempt: int) -> Completion:
        """A streamed answer; one that is hopeless is cut off, which ends it on the server too."""
        pieces: list[str] = []
        finish, usage, first, glanced, length = None, None, None, 0, 0
        async for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                if choice.delta.content:
                    first = first or time.monotonic() - started
                    pieces.append(choice.delta.content)
                    length += len(choice.delta.content)
            if length - glanced >= _GLANCE_CHARS:
                glanced = length
                if self._hopeless("".join(pieces)):
                    await chunks.close()
                    finish = "length"
                    break
        else:
            if finish is None:  # so ends the stream of a server that is killed
                raise ConnectionResetError("the answer broke off")
        return Completion(
            text="".join(pieces),
            finish=finish,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            generation_tokens=usage.completion_tokens if usage else len(pieces),
            seconds=time.monotonic() - started,
            requests=attempt,
            first_s=first,
        )

    def _request(self, prompt: Prompt) -> bytes:
        image = {"type": "image_url", "image_url": {"url": prompt.image}}
        words = {"type": "text", "text": prompt.words}
        request: dict[str, Any] = {
            "model": self._server.model,
            "messages": [{"role": "user", "content": [image, words]}],
            "temperature": prompt.temperature,
            "skip_special_tokens": False,
        }
        if prompt.stop:
            request["stop"] = prompt.stop
        # a limit that leaves no room for the prompt is refused; without one the context is the limit
        if prompt.max_tokens and (
            self._context is None or prompt.max_tokens + _PROMPT_TOKENS <= self._context
        ):
            request["max_tokens"] = prompt.max_tokens
        if self._server.stream:
            request |= {"stream": True, "stream_options": {"include_usage": True}}
        return msgspec.json.encode(request)

    def _connected(self) -> Any:
        if self._api is None:
            from openai import AsyncOpenAI, Timeout  # seconds, and no use to other backends

            server = self._server
            self._api = AsyncOpenAI(
                base_url=server.api,
                api_key=server.api_key or "none",
                max_retries=0,  # retries are ours: by error class, and counted
                timeout=Timeout(server.deadline_s, connect=min(_CONNECT_S, server.deadline_s)),
            )
        return self._api

    def _final(self, failure: Failure, prompt: Prompt) -> Exception | None:
        """The error of a failure that no other attempt can mend."""
        server, page = self._server, prompt.page
        if failure.fault is Fault.MISUSE:
            return BackendConfigError(
                f"{server.place} refuses to work: {failure.words}; check model name, address and key"
            )
        if failure.fault is Fault.REFUSED:
            return PromptRefusedError(f"{server.place} refused page {page}: {failure.words}", page=page)
        return None

    def _gone(self, failure: Failure, prompt: Prompt, attempt: int) -> BackendUnavailableError:
        server = self._server
        what = "is overloaded" if failure.fault is Fault.BUSY else "does not answer"
        return BackendUnavailableError(
            f"{server.place} {what} for page {prompt.page}, {attempt} attempts in {server.patience_s:g} s: "
            f"{failure.words}; see its log. What is finished is kept"
        )

    async def _given_up(self, failure: Failure, prompt: Prompt, attempt: int) -> Exception:
        """A page's own failure when the server is well otherwise; the server's when it is not."""
        server, page = self._server, prompt.page
        try:
            await self.check()
        except BackendUnavailableError as error:
            return error
        if failure.fault is Fault.LATE:
            return AnswerLateError(
                f"{server.place} gave no answer for page {page} in {server.deadline_s:g} s, {attempt} times",
                page=page,
            )
        return ServerFailedError(
            f"{server.place} failed on page {page}, {attempt} times: {failure.words}", page=page
        )
