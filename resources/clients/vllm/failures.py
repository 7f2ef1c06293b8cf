"""What the errors of a chat-completions server mean: whose fault they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["Failure", "Fault", "failure_of"]

#: Proxies and servers that start or stop.
_AWAY = (502, 503, 504)


class Fault(Enum):
    """Whose fault a failure is."""

    AWAY = "away"  # nobody answers: wait for the server
    BUSY = "busy"  # too many requests: wait, as long as it says
    LATE = "late"  # no answer within the deadline
    BROKEN = "broken"  # the server fails on this request
    REFUSED = "refused"  # the request is at fault
    MISUSE = "misuse"  # docmill is set up wrongly


@dataclass(frozen=True)
class Failure:
    """One failed request. `wait_s` is how long the server wants to be left alone."""

    fault: Fault
    words: str
    wait_s: float = 0.0


def failure_of(error: Exception) -> Failure | None:
    """What an exception of the client means; None for one that is none of the server's.

    vLLM answers 400 for a bad image, a prompt that is too long and bad parameters, 404 for an unknown model,
    500 while its engine dies, and a bare `APIError` in the middle of a stream; afterwards nobody answers.
    """
    import openai

    words = _words(error)
    match error:
        case openai.APITimeoutError() | TimeoutError():
            return Failure(Fault.LATE, words)
        case openai.APIConnectionError() | ConnectionError():
            return Failure(Fault.AWAY, words)
        case openai.RateLimitError():
            return Failure(Fault.BUSY, words, _retry_after(error.response))
        case openai.NotFoundError() | openai.AuthenticationError() | openai.PermissionDeniedError():
            return Failure(Fault.MISUSE, words)
        case openai.APIStatusError() if error.status_code in _AWAY:
            return Failure(Fault.AWAY, words)
        case openai.APIStatusError() if error.status_code >= 500 or error.status_code in (408, 409):
            return Failure(Fault.BROKEN, words)
        case openai.APIStatusError():
            return Failure(Fault.REFUSED, words)
        case openai.APIResponseValidationError():
            return Failure(Fault.MISUSE, f"it does not speak OpenAI's protocol: {words}")
        case openai.APIError():
            return Failure(Fault.AWAY, words)
        case _:
            return None


def _words(error: Exception) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    lines = str(said or error).strip().splitlines() or [type(error).__name__]
    cause = error.__cause__
    reason = f" ({type(cause).__name__})" if cause is not None and not said else ""
    return f"{lines[0][:300].rstrip('.')}{reason}"


def _retry_after(response: Any) -> float:
    try:
        return max(0.0, float(response.headers.get("retry-after", 0.0)))
    except ValueError:
        return 0.0
