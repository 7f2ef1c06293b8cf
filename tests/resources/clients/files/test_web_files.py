"""Files behind https:// addresses; the servers here are real and without TLS."""

from __future__ import annotations

import socket
from hashlib import sha256
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    SourceMissingError,
    SourceUnreadableError,
    TooManyBytesError,
)
from docmill.pipeline.intake.ingest import find_documents
from docmill.resources.clients.files.sources import SourceCache, UnreadableSource
from docmill.resources.clients.files.web_addresses import is_web, web_name
from docmill.resources.clients.files.web_files import pieces
from tests.support.file_server import FileServer

PDF = b"%PDF-1.7 as far as anybody knows"
ID = sha256(PDF).hexdigest()


def test_a_file_is_fetched_once_and_named_by_its_address(tmp_path: Path) -> None:
    cache = SourceCache(tmp_path / "sources")
    with FileServer({"/in/a%20b.pdf": PDF, "/abs/2203.01017": PDF}) as server:
        found = list(find_documents([f"{server.address}/in/a%20b.pdf?sig=1"], cache))
        assert [(d.id, d.name, d.size) for d in found] == [(ID, "a b.pdf", len(PDF))]
        assert cache.local_path(found[0].source, ID).read_bytes() == PDF
        assert len(server.requests) == 1
        [preprint] = find_documents([f"{server.address}/abs/2203.01017"], cache)
        assert preprint.stem == "2203.01017"


def test_addresses_and_their_names() -> None:
    assert [is_web(each) for each in ("HTTPS://h/a.pdf", "s3://h/a.pdf", "https.pdf")] == [True, False, False]
    names = {"https://h/a/b.PDF?x=1": "b.PDF", "https://h/a%2Fb": "b.pdf", "https://h": "h.pdf"}
    assert {address: web_name(address) for address in names} == names


def test_pieces_are_the_file() -> None:
    with FileServer({"/a.pdf": PDF}) as server:
        assert b"".join(pieces(f"{server.address}/a.pdf", {}, len(PDF))) == PDF


def test_headers_go_to_the_host_of_the_address_alone(tmp_path: Path) -> None:
    secret = {"X-Token": "secret", "Authorization": "Bearer secret"}
    with FileServer({"/a.pdf": PDF}) as elsewhere:
        answers: dict[str, bytes | str | int] = {
            "/moved.pdf": "/here.pdf",
            "/here.pdf": PDF,
            "/away.pdf": f"{elsewhere.address}/a.pdf",
        }
        with FileServer(answers, token="secret") as server:
            cache = SourceCache(tmp_path, headers=secret)
            assert cache.identify(f"{server.address}/moved.pdf") == ID
            assert cache.identify(f"{server.address}/away.pdf") == ID
            assert [headers.get("x-token") for _, headers in server.requests] == ["secret"] * 3
        [(_, headers)] = elsewhere.requests
        assert not {"x-token", "authorization"} & headers.keys()
    assert "secret" not in repr(cache)


@pytest.mark.parametrize("query", ["", "?chunked"])
def test_larger_files_than_allowed_are_not_fetched(tmp_path: Path, query: str) -> None:
    cache = SourceCache(tmp_path, max_bytes=len(PDF) - 1)
    with FileServer({"/a.pdf": PDF}) as server, pytest.raises(TooManyBytesError, match="limit"):
        cache.identify(f"{server.address}/a.pdf{query}")
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_had_is_left_out_of_the_others(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/a.pdf"
    answers: dict[str, bytes | str | int] = {
        "/good.pdf": PDF,
        "/refused.pdf": 403,
        "/broken.pdf": 500,
        "/round.pdf": "/round.pdf",
        "/file.pdf": "file:///etc/passwd",
    }
    left_out: list[UnreadableSource] = []
    with FileServer(answers) as server:
        names = ["gone", "refused", "broken", "round", "file", "good"]
        places = [*(f"{server.address}/{name}.pdf?signature=s3cret" for name in names), nobody]
        found = list(find_documents(places, SourceCache(tmp_path), left_out.append))
    assert [d.name for d in found] == ["good.pdf"]
    assert [type(each.error) for each in left_out] == [SourceMissingError] + [SourceUnreadableError] * 5
    assert "--header" in left_out[1].error.message
    assert not [each for each in left_out if "s3cret" in each.error.message]


def test_an_address_with_a_password_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendConfigError, match="--header") as error:
        list(find_documents(["https://me:geheim@127.0.0.1/a.pdf"], SourceCache(tmp_path)))
    assert "geheim" not in str(error.value)


def test_nothing_is_kept_where_only_the_id_is_wanted(tmp_path: Path) -> None:
    cache = SourceCache(tmp_path / "sources")
    with FileServer({"/a.pdf": PDF}) as server:
        [document] = find_documents([f"{server.address}/a.pdf"], cache, keep=False)
    assert document.id == ID
    assert not cache.folder.exists()
