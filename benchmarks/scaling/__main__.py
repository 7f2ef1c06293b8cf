"""`python -m benchmarks.scaling`: time and cost of a backfill by three ways to scale the servers. SIMULATED.

Nothing is converted and no cluster is used: batches are worked off second by second in memory, by the figures
of `benchmarks.cost` and by start-up times that are printed with their sources. What an autoscaler decides is
the HorizontalPodAutoscaler's and KEDA's own arithmetic. `--set INPUT=VALUE` gives another value.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.cost import GPU_HOURS, INPUTS, PLACES, Input, gpu_seconds, pair
from benchmarks.scaling.cluster import Outcome, Site, simulate
from benchmarks.scaling.observed import picture
from benchmarks.scaling.policies import policies
from docmill.pipeline.instance.dashboards.plot import Line, plot

__all__ = ["SITE_INPUTS", "site"]

#: What the cluster is made of, beside the inputs of `benchmarks.cost`.
SITE_INPUTS: Mapping[str, Input] = {
    "pod_s": Input(30.0, "s", "measured with containers of a Debian root file system, images at hand"),
    "pod_cpus": Input(4.0, "CPUs/run", "docmill's default of workers"),
    "reading": Input(0.5, "of rest_cpu", "assumed: what of a page's CPU is before its layout"),
    "in_flight": Input(8.0, "pages/run", "two requests of four pages a worker pair: docs/triton.md"),
    "pods_per_node": Input(4.0, "runs/node", "assumed: nodes of 16 CPUs"),
    "cpu_node_s": Input(90.0, "s", "assumed: depends on the cloud"),
    "gpu_node_s": Input(240.0, "s", "assumed: a GPU node and its images; depends on the cloud"),
    "model_s": Input(30.0, "s", "assumed: a server's start, its models and their warm-up on a GPU"),
    "idle_s": Input(600.0, "s", "the cluster autoscaler's default"),
    "runs_per_server": Input(5.0, "runs", "about what keeps a server busy at these figures"),
}


def site(values: Mapping[str, float], servers: int) -> Site:
    """A cluster of at most so many servers, by the inputs' values."""
    pages = values["batch"] * values["pages"]
    reading = values["rest_cpu"] * values["reading"]
    ending = values["rest_cpu"] - reading + values["exports_cpu"]
    served = gpu_seconds(PLACES[2], values)
    asked = values["client_cpu"] * (1 + values["tables"] + values["scanned"])
    return Site(
        pages_per_run=pages,
        reads_s=values["pod_s"] + (values["run_cpu"] + pages * reading) / values["pod_cpus"],
        ends_s=pages * ending / values["pod_cpus"],
        sends=values["pod_cpus"] / asked,
        serves=1 / served,
        in_flight=values["in_flight"],
        pods_per_node=int(values["pods_per_node"]),
        cpus_per_node=int(values["pods_per_node"] * values["pod_cpus"]),
        cpu_node_s=values["cpu_node_s"],
        gpu_node_s=values["gpu_node_s"],
        model_s=values["model_s"],
        idle_s=values["idle_s"],
        most_runs=int(values["runs_per_server"] * servers),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.observed:
        if not options.plots:
            parser.error("--observed is drawn into the file of --plots")
        options.plots.write_text(picture(json.loads(options.observed.read_text())), "utf-8")
        return 0
    inputs = {**INPUTS, **SITE_INPUTS}
    for name, value in options.set:
        inputs[name] = replace(inputs[name], value=value, source="given")
    values = {name: each.value for name, each in inputs.items()}
    place = site(values, options.servers)
    console, shown = Console(), []
    _print_inputs(inputs, console)
    table = Table(
        "documents", "policy", "hours", "GPU h", "busy", "CPU h", "USD", "USD an idle day", title="SIMULATED"
    )
    for documents in options.documents:
        batches = math.ceil(documents / values["batch"])
        for policy in policies(options.servers):
            outcome = simulate(place, policy, [(0.0, batches)])
            cost = outcome.cost(GPU_HOURS[options.gpu], values["per_cpu_hour"])
            idle = 24 * policy.scaling.least * GPU_HOURS[options.gpu]
            table.add_row(
                f"{documents:,}",
                policy.name,
                f"{outcome.finished_s / 3600:.2f}",
                f"{outcome.gpu_hours:.2f}",
                f"{100 * outcome.busy:.0f} %",
                f"{outcome.cpu_hours:.1f}",
                f"{cost:.2f}",
                f"{idle:.0f}",
            )
            shown.append((documents, policy.name, outcome, cost, idle))
    console.print(table)
    if options.json:
        rows = [_row(*each) for each in shown]
        text = {
            "simulated": True,
            "gpu_hour": GPU_HOURS[options.gpu],
            "inputs": {name: vars(each) for name, each in inputs.items()},
            "rows": rows,
        }
        options.json.write_text(json.dumps(text, indent=2) + "\n")
    if options.plots:
        options.plots.write_text("".join(_plot(*each[:3]) for each in shown), "utf-8")
    return 0


def _print_inputs(inputs: Mapping[str, Input], console: Console) -> None:
    table = Table("input", "value", "", "from", title="What it is made of")
    for name, each in inputs.items():
        table.add_row(name, f"{each.value:.4g}", each.unit, each.source)
    console.print(table)


def _row(documents: int, policy: str, outcome: Outcome, cost: float, idle: float) -> dict[str, object]:
    return {
        "documents": documents,
        "policy": policy,
        "hours": outcome.finished_s / 3600,
        "gpu_hours": outcome.gpu_hours,
        "busy": outcome.busy,
        "cpu_hours": outcome.cpu_hours,
        "cost": cost,
        "idle_day": idle,
    }


def _plot(documents: int, policy: str, outcome: Outcome) -> str:
    start = datetime.fromtimestamp(0, UTC)
    lines = [
        Line(name, [(moment.at, float(getattr(moment, name))) for moment in outcome.moments])
        for name in ("replicas", "ready", "runs")
    ]
    end = start + timedelta(seconds=outcome.moments[-1].at)
    return f"<h3>simulated: {documents:,} documents, {policy}</h3>{plot(lines, start, end, 'short')}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument(
        "--documents",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 1_000_000],
        help="backfills, all at once",
    )
    parser.add_argument("--servers", type=int, default=8, help="of Triton at most, a GPU each (default 8)")
    parser.add_argument("--gpu", choices=sorted(GPU_HOURS), default="h100", help="whose price (default h100)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=pair({**INPUTS, **SITE_INPUTS}),
        metavar="INPUT=VALUE",
        help="may be given again",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="the same as JSON")
    parser.add_argument("--plots", type=Path, metavar="FILE", help="replicas over time as HTML")
    parser.add_argument(
        "--observed",
        type=Path,
        metavar="FILE",
        help="simulate nothing: draw what tests/cluster/test_scaling.py has left, as SVG into --plots",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
