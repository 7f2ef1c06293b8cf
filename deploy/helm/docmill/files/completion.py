"""Have vLLM complete a text. VLLM_URL is its address, VLLM_MODEL the model's name on it."""

import json
import os
import time
import urllib.error
import urllib.request

URL, MODEL = os.environ["VLLM_URL"].rstrip("/"), os.environ["VLLM_MODEL"]
#: A server that KEDA has scaled to nothing takes this long to come.
PATIENCE_S = float(os.environ.get("PATIENCE_S", "900"))


def asked(path, body=None):
    """An answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("VLLM_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    with urllib.request.urlopen(
        urllib.request.Request(f"{URL}/v1/{path}", data, headers), timeout=300
    ) as answer:
        return json.loads(answer.read())


until = time.monotonic() + PATIENCE_S
while True:
    try:
        served = [each["id"] for each in asked("models")["data"]]
        break
    except (urllib.error.URLError, OSError) as error:
        if time.monotonic() > until:
            raise SystemExit(f"{URL}: {error}") from error
        time.sleep(5)
assert MODEL in served, f"{MODEL} is not served; there are {served}"
message = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
answer = asked("chat/completions", {"model": MODEL, "messages": [message], "max_tokens": 8, "temperature": 0})
assert answer["usage"]["completion_tokens"] > 0, answer
print(
    f"{MODEL}: {answer['usage']['completion_tokens']} tokens: {answer['choices'][0]['message']['content']!r}"
)
