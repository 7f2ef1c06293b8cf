"""`--header`: by reference, whatever was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.cli.converting.headers import parse_headers
from docmill.pipeline.convert.errors import BackendConfigError


def test_what_was_typed_is_lent_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = parse_headers(["Authorization: Bearer a:b", "X-Token: @token", "Cookie:env:SESSION"])
    assert given.named == {
        "Authorization": {"env": "DOCMILL_HEADER_1"},
        "X-Token": {"file": str(tmp_path / "token")},
        "Cookie": {"env": "SESSION"},
    }
    assert given.variables == {"DOCMILL_HEADER_1": "Bearer a:b"}


@pytest.mark.parametrize(
    "given", ["Bearer-s3cret", "Authorization:", ": s3cret", "X Y: s3cret", "X: s3\ncret"]
)
def test_what_is_no_header_is_not_repeated(given: str) -> None:
    with pytest.raises(BackendConfigError, match="--header number 1") as error:
        parse_headers([given])
    assert "cret" not in str(error.value)
