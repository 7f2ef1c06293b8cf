"""Artifacts in Zstandard frames: read back whole, in part, and damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from docmill.pipeline.convert.types import Box, Cluster, Font, PageContent, PageLayout, TextCell, Word
from docmill.pipeline.stages.results.frames import (
    TAIL_BYTES,
    Frame,
    FrameIndex,
    decode_pages,
    encode_pages,
    index_frame,
    read_index,
)


def page(number: int, text: str = "word") -> PageContent:
    box = Box(1.5, 2.25, 30.125, 4.0)
    return PageContent(
        number=number,
        width=612.0,
        height=792.0,
        fonts=[Font("Times", bold=True)],
        words=[Word(text, box, 10.0, 0)],
        cells=[TextCell(text, box, 0, 1)],
    )


def artifact(chunks: list[list[int]], meta: dict[str, object] | None = None) -> bytes:
    frames, data = [], b""
    for numbers in chunks:
        piece = encode_pages([page(number, f"page {number}") for number in numbers])
        frames.append(Frame(numbers, len(data), len(data) + len(piece)))
        data += piece
    return data + index_frame(FrameIndex(frames=frames, meta=meta or {}))


def tail_of(data: bytes) -> list[int]:
    """Lengths that `read_index` asks for."""
    asked: list[int] = []

    def tail(length: int) -> bytes:
        asked.append(length)
        return data[-length:]

    read_index(tail)
    return asked


def index_of(data: bytes) -> FrameIndex:
    return read_index(lambda length: data[-length:] if length else b"")


def test_pages_come_back_as_they_were() -> None:
    pages = [page(number, text) for number, text in enumerate(["a", "two\nlines", "مرحبا", "\x00\u2028"], 1)]
    assert list(decode_pages(encode_pages(pages), PageContent)) == pages


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=12))
def test_any_text_comes_back(texts: list[str]) -> None:
    pages = [page(number, text) for number, text in enumerate(texts, 1)]
    assert list(decode_pages(encode_pages(pages), PageContent)) == pages


def test_pages_are_chosen_by_position() -> None:
    frame = encode_pages([page(number) for number in (3, 5, 9)])
    assert [p.number for p in decode_pages(frame, PageContent, lambda position: position != 1)] == [3, 9]


def test_unwanted_pages_are_not_decoded() -> None:
    class Other(msgspec.Struct):
        nothing: int

    frame = encode_pages([page(1), Other(1)])
    assert [p.number for p in decode_pages(frame, PageContent, lambda position: position == 0)] == [1]
    with pytest.raises(msgspec.ValidationError):
        list(decode_pages(frame, PageContent))


def test_the_index_says_where_pages_are() -> None:
    data = artifact([[1, 2], [3], [7, 8]], {"status": "converted", "n": [1, 2]})
    index = index_of(data)
    assert index.meta == {"status": "converted", "n": [1, 2]}
    assert [frame.pages for frame in index.frames] == [[1, 2], [3], [7, 8]]
    frame = index.frames[2]
    found = decode_pages(data[frame.start : frame.stop], PageContent)
    assert [p.words[0].text for p in found] == ["page 7", "page 8"]


def test_only_the_frames_asked_for_are_named() -> None:
    index = FrameIndex(frames=[Frame([1, 2], 0, 1), Frame([3], 1, 2), Frame([4], 2, 3)])
    assert [frame.pages for frame in index.holding([2, 4, 99])] == [[1, 2], [4]]
    assert index.holding([]) == []


def test_a_small_index_takes_one_read_and_a_large_one_two() -> None:
    assert tail_of(artifact([[1]])) == [TAIL_BYTES]
    noise = msgspec.json.encode([hash((n, "x")) for n in range(20_000)]).decode()
    large = artifact([[1]], {"noise": noise})
    asked = tail_of(large)
    assert len(asked) == 2
    assert TAIL_BYTES < asked[1] <= len(large)
    assert index_of(large).meta["noise"] == noise


def test_any_zstandard_reader_reads_the_pages() -> None:
    data = artifact([[1, 2], [3]])
    with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        lines = reader.read().splitlines()
    assert [msgspec.json.decode(line)["number"] for line in lines] == [1, 2, 3]


@pytest.mark.skipif(shutil.which("zstdcat") is None, reason="zstdcat is not installed")
def test_zstdcat_reads_the_pages(tmp_path: Path) -> None:
    (tmp_path / "a.json.zst").write_bytes(artifact([[1, 2], [3]]))
    shown = subprocess.run(["zstdcat", tmp_path / "a.json.zst"], capture_output=True, check=True).stdout
    assert [msgspec.json.decode(line)["number"] for line in shown.splitlines()] == [1, 2, 3]


def test_a_file_cut_anywhere_is_damaged() -> None:
    data = artifact([[1, 2], [3]])
    for length in range(len(data)):
        with pytest.raises(ValueError, match="damaged artifact"):
            index_of(data[:length])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_byte_of_the_index_is_damage_or_harmless(data: st.DataObject) -> None:
    whole = bytearray(artifact([[1]], {"status": "converted"}))
    start = index_of(bytes(whole)).frames[0].stop
    position = data.draw(st.integers(start, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try:
        index_of(bytes(whole))
    except ValueError as error:
        assert "damaged artifact" in str(error)


def test_a_changed_byte_of_a_page_is_damage() -> None:
    frame = bytearray(encode_pages([page(1, "some text that is long enough to be compressed a little")]))
    frame[len(frame) // 2] ^= 0x55
    with pytest.raises(ValueError, match="damaged artifact"):
        list(decode_pages(bytes(frame), PageContent))


@pytest.mark.parametrize("data", [b"", b"x" * 10, b"%PDF-1.7 " + b"x" * 100])
def test_other_files_are_no_artifacts(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged artifact"):
        index_of(data)


def test_artifacts_keep_the_names_that_they_have_always_had() -> None:
    """What an older release wrote is read, and the other way round."""
    words = json.loads(msgspec.json.encode(page(1)))
    assert len(words["lines"]) == 1
    assert "cells" not in words
    found = PageLayout(number=1, clusters=[Cluster(id=0, label="text", score=1.0, box=Box(0, 0, 1, 1))])
    layout = json.loads(msgspec.json.encode(found))
    assert [each["cells"] for each in layout["regions"]] == [[]]
    assert msgspec.json.decode(msgspec.json.encode(found), type=PageLayout) == found
