"""A process without a network, in which the kernel counts each packet that something would have sent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Watched", "run_watched"]

#: Namespaces of its own: no interface is up, and every counter begins at 0.
_ALONE = ("unshare", "--map-root-user", "--net")


class Watched:
    """What commands said, and the packets that were sent or had nowhere to go."""

    def __init__(self, outputs: Sequence[Sequence[str | int]], counters: Mapping[str, int]) -> None:
        self.statuses = [output[0] for output in outputs]
        self.said = "\n".join(str(output[1]) for output in outputs)
        self.sent = {name: count for name, count in counters.items() if count}


def run_watched(commands: Sequence[Sequence[str]], environment: Mapping[str, str], cwd: Path) -> Watched:
    """Run commands one after the other, all in the same namespace."""
    done = subprocess.run(
        [*_ALONE, sys.executable, __file__, json.dumps([list(command) for command in commands])],
        env=dict(environment),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return Watched(said["outputs"], said["counters"])


def _counters() -> dict[str, int]:
    """Packets that left, and those for which there was no way; of IPv6 the kernel counts only the first."""
    found = {}
    lines = Path("/proc/net/snmp").read_text().splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        protocol = names.partition(":")[0]
        for name, value in zip(names.split()[1:], values.split()[1:], strict=True):
            found[f"{protocol}{name}"] = int(value)
    for line in Path("/proc/net/snmp6").read_text().splitlines():
        name, value = line.split()
        found[name] = int(value)
    wanted = ("OutRequests", "OutNoRoutes", "OutDatagrams", "ActiveOpens")
    return {name: count for name, count in found.items() if name.endswith(wanted)}


if __name__ == "__main__":
    outputs = []
    for each in json.loads(sys.argv[1]):
        ended = subprocess.run(each, capture_output=True, text=True, check=False)
        outputs.append((ended.returncode, ended.stdout + ended.stderr))
    print(json.dumps({"outputs": outputs, "counters": _counters()}))
