"""What served models tell of their work, as docmill's client reads it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from docmill_account import ACCOUNT, MOST_STEPS, Books, add_account, asked_for, step_of

from docmill.resources.clients.metering.told import Told
from docmill.resources.clients.triton import told


@dataclass
class Answer:
    """Of tritonclient."""

    account: np.ndarray

    def as_numpy(self, name: str) -> np.ndarray | None:
        return self.account if name == told.ACCOUNT else None


@dataclass
class Request:
    """Of Triton's Python backend."""

    names: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)

    def requested_output_names(self) -> list[str]:
        return self.names

    def parameters(self) -> str:
        return json.dumps(self.given) if self.given else ""


@dataclass
class Config:
    """Of Triton's Python backend."""

    outputs: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return {"output": list(self.outputs)}

    def add_output(self, output: dict[str, Any]) -> None:
        self.outputs.append(output)


def said(account: np.ndarray) -> Told:
    found = told.read_told(Answer(account))
    assert found is not None
    return found


@pytest.mark.parametrize("batches", [True, False])
def test_an_account_is_what_the_client_reads(batches: bool) -> None:
    books = Books()
    mine, others = (
        books.account(step, 1, books.took(time.perf_counter() - 2.0, 1)) for step in ("mine", "others")
    )
    again = books.account("mine", 3, books.took(time.perf_counter() - 1.5, 3))
    assert again.shape == (3, 6)
    first, second, third = (said(each if batches else each[0]) for each in (mine, others, again))
    assert first.device_ns == pytest.approx(2e9, rel=0.01)
    assert third.device_ns == pytest.approx(1.5e9 if batches else 0.5e9, rel=0.01)
    assert first.instance == second.instance == third.instance
    assert (third.done.items, third.done.own_items) == (5, 4)
    assert third.done.device_ns == pytest.approx(5.5e9, rel=0.01)
    assert third.done.own_ns == pytest.approx(3.5e9, rel=0.01)
    assert second.done.own_items == 1


def test_steps_that_were_longest_quiet_are_forgotten() -> None:
    books = Books()
    for step in range(MOST_STEPS + 1):
        books.account(str(step), 1, 1.0)
        books.account("kept", 1, 1.0)
    assert said(books.account("kept", 1, 1.0)).done.own_items == MOST_STEPS + 2
    assert said(books.account("0", 1, 1.0)).done.own_items == 1


def test_a_request_says_whose_it_is_and_what_it_wants() -> None:
    assert step_of(Request(given={told.STEP: "docmill-step-7"})) == "docmill-step-7"
    assert step_of(Request()) == ""
    outputs = {"boxes": np.zeros(1), ACCOUNT: np.ones(6)}
    assert [name for name, _ in asked_for(Request(["boxes"]), outputs)] == ["boxes"]
    assert [name for name, _ in asked_for(Request([ACCOUNT, "boxes"]), outputs)] == ["boxes", ACCOUNT]


def test_a_configuration_says_once_that_there_is_an_account() -> None:
    config = Config([{"name": "boxes"}])
    for _ in range(2):
        add_account(config)
        assert [each["name"] for each in config.outputs] == ["boxes", told.ACCOUNT]
    assert ACCOUNT == told.ACCOUNT
