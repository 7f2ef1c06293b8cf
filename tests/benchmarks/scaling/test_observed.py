"""What a cluster's test saw, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.scaling.__main__ import main


def test_a_picture_that_stands_by_itself(tmp_path: Path) -> None:
    samples = [{"at": 1000.0 + at, "batches": 3 * at, "replicas": at, "ready": at // 2} for at in range(9)]
    (tmp_path / "seen.json").write_text(json.dumps({"samples": samples, "batches_a_server": 2.0}))
    file = tmp_path / "seen.svg"
    assert main(["--observed", str(tmp_path / "seen.json"), "--plots", str(file)]) == 0
    root = ElementTree.fromstring(file.read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{*}polyline")) == 3
    assert {"batches / 2", "replicas", "ready"} <= {each.text for each in root.findall("{*}text")}
