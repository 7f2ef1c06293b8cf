"""What requests are thought to take of a server until they are answered."""

from __future__ import annotations

import os
from pathlib import Path

from docmill.resources.clients.metering.tally import Asked, read_tallies
from docmill.resources.clients.vllm.tally import TOKENS, TokenTally


def test_a_request_is_thought_to_take_what_others_took(tmp_path: Path) -> None:
    tally = TokenTally(tmp_path)
    with tally.request() as first, tally.request() as lost:
        first.answered(300)
    with tally.request() as second:
        second.answered(100)
    with tally.request() as refused:
        assert (first.guess, lost.guess, refused.guess) == (1000, 1000, 200)
        assert read_tallies(tmp_path, TOKENS) == {os.getpid(): Asked(sent=1600, answered=400)}
        refused.refused()
    assert read_tallies(tmp_path, TOKENS)[os.getpid()].unknown == 1000
