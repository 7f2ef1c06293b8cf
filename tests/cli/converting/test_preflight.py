"""Places that are looked at before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.cli.converting.preflight import check_places, output, store_place
from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer


def test_nothing_is_made_that_was_not_there(tmp_path: Path) -> None:
    check_places([output(str(tmp_path / "a" / "b")), store_place(DocumentStore(str(tmp_path)))])
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        BackendConfigError, match=r"cannot write to the output at .*file/out: Not a dir.*--out"
    ):
        check_places([output(str(tmp_path / "file" / "out"))])


def test_buckets_are_looked_for_with_the_options_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with MotoServer() as server:
        check_places([store_place(server.store("prefix"))])
        gone = DocumentStore("s3://no-such-bucket/store", server.options)
        with pytest.raises(
            BackendConfigError, match=r"no bucket for the store at s3://no-such.*DOCMILL_STORE"
        ):
            check_places([store_place(gone)])


def test_a_server_that_does_not_answer() -> None:
    retries = {"retries": {"max_attempts": 0}, "connect_timeout": 1}
    options = {"endpoint_url": "http://127.0.0.1:9", "key": "a", "secret": "b", "config_kwargs": retries}
    with pytest.raises(BackendUnavailableError, match="AWS_ENDPOINT_URL"):
        check_places([store_place(DocumentStore("s3://bucket/store", options))])
