"""One question after another attempt until the answer can be used: the ladder of a profile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from docmill.pipeline.convert.errors import PageError, PromptRefusedError
from docmill.pipeline.convert.understanding.answer_checks import check_answer
from docmill.resources.clients.vllm.ahead import Drawn
from docmill.resources.clients.vllm.client import Completion, Prompt, VlmClient
from docmill.resources.clients.vllm.question import Question

__all__ = ["Answer", "read"]


@dataclass(frozen=True)
class Answer:
    """A usable answer (`error` is None), or why there is none; and what both cost, over all attempts."""

    text: str = ""
    error: PageError | None = None
    attempts: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    generation_tokens: int = 0
    seconds: float = 0.0

    def after(self, completion: Completion, text: str, error: PageError | None) -> Answer:
        """This one with another attempt added."""
        return Answer(
            text=text,
            error=error,
            attempts=self.attempts + 1,
            requests=self.requests + completion.requests,
            prompt_tokens=self.prompt_tokens + completion.prompt_tokens,
            generation_tokens=self.generation_tokens + completion.generation_tokens,
            seconds=self.seconds + completion.seconds,
        )


async def read(client: VlmClient, drawn: Drawn) -> Answer:
    """Climb the ladder of the question's profile. Raises `BackendError`, which is no page's fault."""
    if drawn.error:
        return Answer(error=drawn.error)
    question, answer = drawn.question, Answer()
    image, shrink = drawn.image, question.profile.ladder[0].shrink
    for rung in question.profile.ladder:
        if isinstance(answer.error, PromptRefusedError) and rung.shrink == 1.0:
            continue  # the same image would be refused again
        if answer.error and not answer.error.permanent:
            break  # that was tried often enough
        if rung.shrink != shrink:
            try:
                image, shrink = await question.image(rung.shrink), rung.shrink
            except PageError as error:
                return replace(answer, error=error)
        prompt = Prompt(
            image=image,
            words=question.profile.prompt,
            page=question.page,
            stop=question.profile.stop,
            temperature=rung.temperature,
            max_tokens=question.profile.max_tokens,
        )
        try:
            completion = await client.complete(prompt)
        except PageError as error:
            answer = replace(answer, error=error, attempts=answer.attempts + 1)
            continue
        answer = _judged(question, answer, completion)
        if answer.error is None:
            break
    return answer


def _judged(question: Question, before: Answer, completion: Completion) -> Answer:
    text = completion.text
    try:
        check_answer(text, completion.finish, question.profile.format, page=question.page)
        question.accept(text)
    except PageError as error:
        return before.after(completion, "", error)
    return before.after(completion, text, None)
