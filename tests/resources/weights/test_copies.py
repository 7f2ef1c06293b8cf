"""Files beside a server that may be running."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.resources.weights.copies import copy_changed, write_changed, write_whole


def test_a_file_is_replaced_and_whoever_has_it_open_keeps_it(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "model.py"
    write_whole(b"first", target, 0o755)
    assert target.stat().st_mode & 0o777 == 0o755
    with target.open("rb") as opened:
        write_whole(b"second", target)
        assert opened.read() == b"first"
    assert target.read_bytes() == b"second"
    assert [path.name for path in target.parent.iterdir()] == ["model.py"]


@pytest.mark.parametrize("same", [True, False])
def test_what_is_the_same_is_left_alone(tmp_path: Path, same: bool) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"as it was" if same else b"another")
    write_changed(b"as it was", target)
    before = target.stat().st_ino
    copy_changed(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert (target.stat().st_ino == before) is same
