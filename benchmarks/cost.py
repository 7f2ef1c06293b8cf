"""`python -m benchmarks.cost`: what a document, a batch and a million pages cost, and what drives it.

Arithmetic on figures that docs/benchmarks.md and docs/triton-figures.md have from their own commands; nothing
is converted. Each input says where it comes from; `--set INPUT=VALUE` gives another value. Prices are your
own: their defaults are examples. A server is paid for all of its hours: at a utilisation of a tenth each busy
second bears nine in which it waits.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.serving.gpu import utilisation_during

__all__ = [
    "INPUTS",
    "PLACES",
    "UTILISATIONS",
    "Input",
    "Place",
    "break_even_pages",
    "break_even_price",
    "break_even_utilisation",
    "cost_of_page",
    "pair",
    "tornado",
]

_HOUR_S = 3600.0
_MILLION = 1_000_000
#: An hour of each, in USD: examples, which `--gpu-hours` replaces.
GPU_HOURS = {"t4": 0.35, "l4": 0.8, "a10": 1.0, "a100": 3.0, "h100": 4.5, "h200": 5.5}
UTILISATIONS = (1.0, 0.5, 0.1)
#: What each input is moved by, down and up, to see what drives the cost.
_SWING = 0.2
_SHARES = frozenset({"utilisation", "cpu_utilisation", "scanned", "vlm_share"})


@dataclass(frozen=True)
class Input:
    """A figure of the model: its value, its unit, and where it is from."""

    value: float
    unit: str
    source: str


_BENCHMARKS, _TRITON = "measured: docs/benchmarks.md", "measured: docs/triton-figures.md"
_EXAMPLE = "example: your own price"

#: Everything that the cost is made of.
INPUTS: Mapping[str, Input] = {
    "rest_cpu": Input(0.064, "CPU s/page", f"{_BENCHMARKS}: 163 of Dagster, less layout and tables"),
    "layout_cpu": Input(0.090, "CPU s/page", f"{_BENCHMARKS}, layout alone, embedded"),
    "tables_cpu": Input(0.009, "CPU s/page", f"{_BENCHMARKS}, tables alone, embedded"),
    "exports_cpu": Input(0.008, "CPU s/page", f"{_BENCHMARKS}, Markdown and HTML too"),
    "ocr_cpu": Input(3.5, "CPU s/scanned page", f"{_BENCHMARKS}: 3,000 to 4,000 ms"),
    "run_cpu": Input(1.5, "CPU s/run", "measured: docs/orchestration-figures.md, 1.4 to 2.2"),
    "heron_cpu": Input(1.06, "CPU s/page", f"{_TRITON}, heron on one thread of a Xeon, batch 1"),
    "tableformer_cpu": Input(0.68, "CPU s/table", f"{_TRITON}, 1.47 tables/s, fast variant, batch 4"),
    "client_cpu": Input(0.0015, "CPU s/request", f"{_TRITON}, in shared memory"),
    "heron_gpu": Input(1 / 136, "GPU s/page", f"{_TRITON}, UINT8, batch 8, two clients, no TF32; an H100"),
    "tableformer_gpu": Input(1 / 62, "GPU s/table", f"{_TRITON}, batch 4, 16 clients; an H100"),
    "gpu_speed": Input(1.0, "of an H100", "assumed 1: no other GPU was measured; an L4 is slower"),
    "ocr_gpu": Input(0.1, "GPU s/scanned page", "assumed: OCR on a GPU was not measured"),
    "vlm_gpu": Input(0.25, "GPU s/page asked", "assumed: no vision-language model was run on a GPU"),
    "vlm_cpu": Input(0.014, "CPU s/page asked", "measured: docs/understanding-operation.md"),
    "vlm_share": Input(1.0, "of pages", "the mode `all`; `fallback` asks about fewer"),
    "scanned": Input(0.05, "of pages", "assumed: your own documents"),
    "tables": Input(0.3, "tables/page", "assumed: your own documents"),
    "pages": Input(10.0, "pages/document", "assumed: your own documents"),
    "batch": Input(64.0, "documents/run", "docmill's default"),
    "cpu_utilisation": Input(1.0, "of hours", "assumed: workers go when there is nothing to do"),
    "store_bytes": Input(
        56_000.0, "bytes/page", "measured: docs/cost.md, 291 pages of `benchmarks.estimates`"
    ),
    "requests": Input(56.0, "requests/document", f"{_BENCHMARKS}, the store: 3,583 of 64 documents"),
    "months": Input(1.0, "months", "how long results are kept"),
    "per_cpu_hour": Input(0.04, "USD/CPU hour", _EXAMPLE),
    "per_gb_month": Input(0.023, "USD/GB month", _EXAMPLE),
    "per_thousand_requests": Input(0.005, "USD/1,000 requests", _EXAMPLE),
}

Values = Mapping[str, float]


@dataclass(frozen=True)
class Place:
    """Where models run: docmill's own or docling's, on a GPU or not, and whether pages are understood."""

    name: str
    docling: bool = False
    gpu: bool = False
    understands: bool = False


PLACES = (
    Place("embedded, CPU"),
    Place("docling's models, CPU", docling=True),
    Place("docling's models, Triton on a GPU", docling=True, gpu=True),
    Place("embedded, understanding on a GPU", understands=True),
    Place("docling's models, both on GPUs", docling=True, gpu=True, understands=True),
)


def cpu_seconds(place: Place, values: Values) -> float:
    """CPU seconds of a page, with its part of the run."""
    scans = 0.0 if place.gpu else values["scanned"] * values["ocr_cpu"]
    if place.gpu:
        models = values["client_cpu"] * (1 + values["tables"] + values["scanned"])
    elif place.docling:
        models = values["heron_cpu"] + values["tables"] * values["tableformer_cpu"]
    else:
        models = values["layout_cpu"] + values["tables_cpu"]
    asked = values["vlm_share"] * values["vlm_cpu"] if place.understands else 0.0
    run = values["run_cpu"] / values["batch"] / values["pages"]
    return values["rest_cpu"] + values["exports_cpu"] + models + scans + asked + run


def gpu_seconds(place: Place, values: Values) -> float:
    """Device seconds of a page."""
    models = (
        values["heron_gpu"]
        + values["tables"] * values["tableformer_gpu"]
        + values["scanned"] * values["ocr_gpu"]
    )
    asked = values["vlm_share"] * values["vlm_gpu"]
    return (place.gpu * models + place.understands * asked) / values["gpu_speed"]


def cost_of_page(place: Place, values: Values, gpu_hour: float, utilisation: float) -> dict[str, float]:
    """What a page costs, by what is paid: CPU, GPU, storage, requests."""
    return {
        "cpu": cpu_seconds(place, values) * values["per_cpu_hour"] / values["cpu_utilisation"] / _HOUR_S,
        "gpu": gpu_seconds(place, values) * gpu_hour / utilisation / _HOUR_S,
        "storage": values["store_bytes"] / 1e9 * values["months"] * values["per_gb_month"],
        "requests": values["requests"] / values["pages"] / 1000 * values["per_thousand_requests"],
    }


def _saved(other: Place, place: Place, values: Values) -> float:
    """CPU money a page that a GPU saves."""
    saved = cpu_seconds(other, values) - cpu_seconds(place, values)
    return saved * values["per_cpu_hour"] / values["cpu_utilisation"] / _HOUR_S


def break_even_utilisation(other: Place, place: Place, values: Values, gpu_hour: float) -> float | None:
    """From which utilisation on the GPU is cheaper; None when it never is."""
    saved = _saved(other, place, values)
    needed = gpu_seconds(place, values) * gpu_hour / _HOUR_S
    return needed / saved if saved > 0 and needed <= saved else None


def break_even_price(other: Place, place: Place, values: Values, utilisation: float) -> float:
    """What a GPU hour may cost at most for the GPU to be cheaper."""
    return max(0.0, _saved(other, place, values)) * _HOUR_S * utilisation / gpu_seconds(place, values)


def break_even_pages(other: Place, place: Place, values: Values, gpu_hour: float) -> float | None:
    """From how many pages a second on a GPU that is never switched off is cheaper; None when it never is."""
    if break_even_utilisation(other, place, values, gpu_hour) is None:
        return None
    return gpu_hour / _HOUR_S / _saved(other, place, values)


def tornado(
    place: Place, values: Values, gpu_hour: float, utilisation: float
) -> list[tuple[str, float, float]]:
    """Each input, and what a fifth less and a fifth more of it make of the cost, as ratios; largest first."""
    priced = {**values, "gpu_hour": gpu_hour, "utilisation": utilisation}

    def total(these: Values) -> float:
        return sum(cost_of_page(place, these, these["gpu_hour"], these["utilisation"]).values())

    usual = total(priced)

    def moved(name: str, by: float) -> float:
        value = priced[name] * (1 + by)
        return total({**priced, name: min(value, 1.0) if name in _SHARES else value}) / usual

    found = [(name, moved(name, -_SWING), moved(name, _SWING)) for name in priced]
    return sorted((each for each in found if each[1] != each[2]), key=lambda each: -abs(each[2] - each[1]))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    given = dict(options.set)
    inputs = {
        name: replace(each, value=given[name], source="given") if name in given else each
        for name, each in INPUTS.items()
    }
    values = {name: each.value for name, each in inputs.items()}
    hours = {**GPU_HOURS, **dict(options.gpu_hours)}
    if options.gpu not in hours:
        sys.exit(f"no price of {options.gpu}: --gpu-hours {options.gpu}=PRICE")
    busy = utilisation_during(options.busy, False, options.seconds)() if options.busy else None
    if options.busy and not busy:
        sys.exit(f"{options.busy} says of no GPU that it works: nv_gpu_utilization is missing, or 0")
    shares = [*UTILISATIONS, busy] if busy else UTILISATIONS
    report = _report(inputs, values, hours, options.gpu, shares)
    _print(report, Console())
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=pair(INPUTS),
        metavar="INPUT=VALUE",
        help=f"another value; may be given again. Inputs: {', '.join(INPUTS)}",
    )
    parser.add_argument("--gpu", default="h100", help="what the figures are of (default h100)")
    parser.add_argument(
        "--gpu-hours",
        action="append",
        default=[],
        type=pair(None),
        metavar="TYPE=PRICE",
        help="price of an hour of a type of GPU, in place of the examples",
    )
    parser.add_argument(
        "--busy",
        default="",
        metavar="URL",
        help="also at the utilisation that a Triton server's own metrics say, e.g. http://HOST:8002/metrics",
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long they are watched")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the same as JSON")
    return parser


def pair(known: Mapping[str, Any] | None) -> Callable[[str], tuple[str, float]]:
    """What parses NAME=NUMBER, of these names only."""

    def parsed(text: str) -> tuple[str, float]:
        name, _, value = text.partition("=")
        if known is not None and name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is no input: {', '.join(known)}")
        try:
            return name, float(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER") from None

    return parsed


def _report(
    inputs: Mapping[str, Input],
    values: Values,
    hours: Mapping[str, float],
    gpu: str,
    shares: Sequence[float],
) -> dict[str, Any]:
    hour = hours[gpu]
    return {
        "gpu": gpu,
        "gpu_hours": dict(hours),
        "inputs": {name: vars(each) for name, each in inputs.items()},
        "costs": [_costs(place, values, hour, shares) for place in PLACES],
        "break_even": [
            _even(other, place, values, hours)
            for other, place in ((PLACES[1], PLACES[2]), (PLACES[0], PLACES[2]))
        ],
        "tornado": {
            f"{place.name}, {100 * utilisation:.0f} %": tornado(place, values, hour, utilisation)
            for place, utilisation in ((PLACES[0], 1.0), (PLACES[2], 0.5), (PLACES[4], 0.5))
        },
    }


def _costs(place: Place, values: Values, hour: float, shares: Sequence[float]) -> dict[str, Any]:
    by_utilisation = {}
    for utilisation in shares if place.gpu or place.understands else (1.0,):
        parts = cost_of_page(place, values, hour, utilisation)
        page = sum(parts.values())
        by_utilisation[f"{100 * utilisation:.0f} %"] = {
            "busy": utilisation,
            "document": page * values["pages"],
            "batch": page * values["pages"] * values["batch"],
            "million_pages": page * _MILLION,
            "store_of_million": (parts["storage"] + parts["requests"]) * _MILLION,
            "parts_of_million": {name: part * _MILLION for name, part in parts.items()},
        }
    return {
        "place": place.name,
        "cpu_seconds_a_page": cpu_seconds(place, values),
        "gpu_seconds_a_page": gpu_seconds(place, values),
        "utilisation": by_utilisation,
    }


def _even(other: Place, place: Place, values: Values, hours: Mapping[str, float]) -> dict[str, Any]:
    return {
        "than": other.name,
        "is_cheaper": place.name,
        "highest_gpu_hour": {
            f"{100 * utilisation:.0f} %": break_even_price(other, place, values, utilisation)
            for utilisation in UTILISATIONS
        },
        "by_price": {
            f"{hour:g}": {
                "utilisation": break_even_utilisation(other, place, values, hour),
                "pages_per_second": break_even_pages(other, place, values, hour),
            }
            for hour in sorted(set(hours.values()))
        },
    }


def _print(report: Mapping[str, Any], console: Console) -> None:
    table = Table("input", "value", "", "from", title="What it is made of")
    for name, each in report["inputs"].items():
        table.add_row(name, f"{each['value']:.4g}", each["unit"], each["source"])
    console.print(table)
    columns = ("", "busy", "a document", "a batch", "a million pages", "CPU", "GPU", "storage", "requests")
    price = f"{report['gpu_hours'][report['gpu']]:g} USD an hour"
    table = Table(*columns, title=f"What it costs, USD; GPU: {report['gpu']} at {price}")
    for each in report["costs"]:
        for busy, cost in each["utilisation"].items():
            parts = [f"{part:,.0f}" for part in cost["parts_of_million"].values()]
            table.add_row(
                each["place"],
                busy if each["gpu_seconds_a_page"] else "",
                f"{cost['document']:.5f}",
                f"{cost['batch']:.4f}",
                f"{cost['million_pages']:,.0f}",
                *parts,
            )
    console.print(table)
    for even in report["break_even"]:
        title = f"{even['is_cheaper']}: cheaper than {even['than']}, at the GPU's speed above"
        table = Table("GPU hour, USD", "from a utilisation of", "or pages/s, never switched off", title=title)
        for hour, found in even["by_price"].items():
            busy, pages = found["utilisation"], found["pages_per_second"]
            table.add_row(
                hour,
                "never" if busy is None else f"{100 * busy:.1f} %",
                "" if pages is None else f"{pages:.1f}",
            )
        console.print(table)
        most = ", ".join(f"{price:.2f} at {busy}" for busy, price in even["highest_gpu_hour"].items())
        console.print(f"A GPU hour may cost at most, USD: {most} busy\n")
    for name, rows in report["tornado"].items():
        table = Table("input", "-20 %", "+20 %", title=f"What drives it: {name} busy")
        for each, less, more in rows[:8]:
            table.add_row(each, f"{100 * (less - 1):+.1f} %", f"{100 * (more - 1):+.1f} %")
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
