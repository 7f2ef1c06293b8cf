"""Convert a sample as a run does, and look at what came of it."""

import json
import os
import subprocess
from pathlib import Path

from docmill.resources.local.places import shipped_roots

OUT = Path(os.environ.get("OUT", "/tmp/out"))

sample = next(
    path for root in shipped_roots() if (path := root / "tests/samples/annual_report.pdf").is_file()
)
subprocess.run(["docmill", "convert", str(sample), "--out", str(OUT), "--format", "md,json"], check=True)
document = json.loads((OUT / "annual_report.json").read_text("utf-8"))
assert document["schema_name"] == "DoclingDocument", document["schema_name"]
assert document["pages"] and document["texts"], "the document is empty"
assert (OUT / "annual_report.md").stat().st_size, "the Markdown is empty"
print(f"{len(document['pages'])} pages, {len(document['texts'])} texts, {len(document['tables'])} tables")
