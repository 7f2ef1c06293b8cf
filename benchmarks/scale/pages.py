"""How long Dagster's pages of an instance take in a browser."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from benchmarks.scale.browser import Browser
from benchmarks.scale.deployment import Deployment

__all__ = ["PageTime", "measure_pages"]

_BODY = "document.body.innerText"
#: The asset's status is there, and not only a grey bar between these two headings.
_STATUS = "/Latest materialization\\s+(?!Description)\\S/.test({body})"
#: Pages: where, and what they show once they are of use. `{done}` is the number of materialized partitions.
_PAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "asset": ("/assets/exports?view=overview", f"{_STATUS} && {{body}}.includes('pages_per_second')"),
        "asset with overlays": (
            "/assets/layout?view=overview",
            f"{_STATUS} && {{body}}.includes('overlays')",
        ),
        "asset's partitions": ("/assets/exports?view=partitions", "{body}.includes('Materialized ({done})')"),
        "asset graph": (
            "/locations/docmill.pipeline.defs.definitions/asset-groups/convert",
            "{body}.split('% filled').length > 7",
        ),
    }
)


class PageTime(msgspec.Struct, frozen=True):
    """A page: seconds from its address to its contents, the first time and the median of later ones.

    `server_s` are CPU seconds of the web server for a later one, `heap_mb` what its JavaScript holds.
    """

    page: str
    first_s: float
    later_s: float
    server_s: float
    heap_mb: float


def measure_pages(
    deployment: Deployment, done: int, repetitions: int = 3, pictures: Path | None = None
) -> list[PageTime]:
    """Open the pages, each `1 + repetitions` times; `pictures` is a folder for what they looked like."""
    found = []
    with (
        deployment.web_server() as (server, url),
        tempfile.TemporaryDirectory(prefix="docmill-browser-") as profile,
        Browser(Path(profile)) as browser,
    ):
        for page, (address, shows) in _PAGES.items():
            condition = shows.format(body=_BODY, done=done)
            first = browser.load(url + address, condition)
            before = server.cpu_seconds()
            later = [browser.load(url + address, condition) for _ in range(repetitions)]
            spent = server.cpu_seconds() - before
            if pictures:
                name = page.replace(" ", "-").replace("'", "")
                (pictures / f"{name}.png").write_bytes(browser.picture())
            found.append(
                PageTime(
                    page=page,
                    first_s=round(first.seconds, 2),
                    later_s=round(statistics.median(each.seconds for each in later), 2),
                    server_s=round(spent / repetitions, 2),
                    heap_mb=round(later[-1].heap_mb, 1),
                )
            )
    return found
