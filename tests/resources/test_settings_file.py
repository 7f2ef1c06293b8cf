"""Where the settings file is, and which line of it says what."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.resources.settings_file import from_environment, read_settings_file, variable

TEXT = """# url = "commented"
[inbox]
url = "/in"
options = { endpoint_url = "http://s3", key = "k" }

[ layout . backend . triton ]
"model" = "x"

[store]
options.endpoint_url = "http://s3"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text(TEXT)
    return tmp_path / "mine.toml"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("inbox",), 2),
        (("inbox", "url"), 3),
        (("inbox", "options", "key"), 4),
        (("inbox", "none"), 2),
        (("layout", "backend"), 6),
        (("layout", "backend", "triton", "model"), 7),
        (("store", "options", "endpoint_url"), 10),
        (("zzz",), None),
    ],
)
def test_the_line_of_a_setting_or_of_the_nearest_table_around_it(
    path: Path, keys: tuple[str, ...], line: int | None
) -> None:
    file = read_settings_file()
    assert file.line(*keys) == line
    assert file.where(*keys) == (f"{path}, line {line}" if line else str(path))


def test_there_may_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCMILL_SETTINGS", raising=False)
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    assert read_settings_file().sections == {}
    (tmp_path / "docmill.toml").write_text("[inbox]\nurl = '/in'\n")
    assert read_settings_file().section("inbox") == {"url": "/in"}


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert variable("inbox", "url") == "DOCMILL_INBOX"
    assert variable("triton", "deadline_s") == "DOCMILL_TRITON_DEADLINE_S"
    for said, text, value in (
        ("4", False, 4),
        ("4", True, "4"),
        ('["md"]', False, ["md"]),
        ("triton", False, "triton"),
        ("", False, None),
    ):
        monkeypatch.setenv("DOCMILL_X_Y", said)
        assert from_environment("x", "y", text=text) == value
