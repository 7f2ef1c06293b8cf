"""An image's root, made without a container runtime: a Dockerfile's instructions in overlays on a Debian.

Each RUN has the stage's overlay as its root, in namespaces of mounts and processes of its own. The network is
this machine's, and so are the settings by which its apt, pip and uv reach packages. Root is needed.
"""

from __future__ import annotations

import fnmatch
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.image.dockerfile import Copy, Run, Stage

__all__ = ["BuildError", "Root", "build", "debian", "in_context"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: How this machine reaches packages: as predefined build arguments are for Docker.
_SETTINGS = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT", "UV_"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
#: Files of this machine's that builds see, in a folder that ends with each instruction.
_SEEN = {"/etc/pip.conf": "PIP_CONFIG_FILE", "/etc/ssl/certs/ca-certificates.crt": "SSL_CERT_FILE"}


class BuildError(RuntimeError):
    """An instruction that failed, with the end of what it said."""


@dataclass(frozen=True)
class Root:
    """A root of layers, the lowest first."""

    layers: tuple[Path, ...]

    def options(self, upper: Path | None = None, work: Path | None = None) -> str:
        """What `mount -t overlay` is told; without an upper folder nothing can be written."""
        lower = "lowerdir=" + ":".join(str(each) for each in reversed(self.layers))
        return lower if upper is None else f"{lower},upperdir={upper},workdir={work}"

    @contextmanager
    def mounted(self, folder: Path) -> Iterator[Path]:
        """A new folder where it can be read."""
        folder.mkdir(parents=True)
        _said(["mount", "-t", "overlay", "overlay", "-o", self.options(), str(folder)])
        try:
            yield folder
        finally:
            _said(["umount", str(folder)])

    @property
    def megabytes(self) -> int:
        """The size of all layers."""
        told = subprocess.run(
            ["du", "--summarize", "--total", "--block-size=1M", *map(str, self.layers)],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(told.stdout.split()[-2])


def debian(folder: Path) -> Path:
    """Debian's smallest root in `folder`, of which `debian:bookworm-slim` is made; kept between calls."""
    root, made = folder / "root", folder / "made"
    if not made.exists():
        shutil.rmtree(root, ignore_errors=True)
        _said([*_debootstrap(folder), "--variant=minbase", "bookworm", str(root)])
        asked = ["apt-config", "dump", "Acquire"]
        fetching = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        (root / "etc" / "apt" / "apt.conf.d" / "99host").write_text(fetching)
        for archive in (root / "var" / "cache" / "apt" / "archives").glob("*.deb"):  # in no image
            archive.unlink()
        for name in ("resolv.conf", "hostname"):  # of this machine
            (root / "etc" / name).unlink(missing_ok=True)
        made.touch()
    return root


def _debootstrap(folder: Path) -> list[str]:
    """Debian's program, as it is installed here, else out of its package."""
    if installed := shutil.which("debootstrap", path=_PATH):
        return [installed]
    unpacked = folder / "debootstrap"
    unpacked.mkdir(parents=True, exist_ok=True)
    _said(["sh", "-euc", f"cd {unpacked}; apt-get download debootstrap; dpkg --extract debootstrap_*.deb ."])
    share = f"DEBOOTSTRAP_DIR={unpacked}/usr/share/debootstrap"
    return ["env", share, str(unpacked / "usr" / "sbin" / "debootstrap")]


def build(stages: dict[str, Stage], name: str, context: Path, bases: dict[str, Path], folder: Path) -> Root:
    """The root of a stage and of those that it needs; `bases` are roots by image. Raises `BuildError`."""
    built: dict[str, Root] = {base: Root((root,)) for base, root in bases.items()}
    for stage in stages.values():
        root, layer = built[stage.base], folder / stage.name
        (layer / "upper").mkdir(parents=True)
        (layer / "work").mkdir()
        (layer / "merged").mkdir()
        for step in stage.steps:
            if isinstance(step, Run):
                _run(step, root, layer, folder / "caches")
            elif step.stage:
                _copy_between(step, built[step.stage], layer)
            else:
                _copy(step, context, layer / "upper")
        built[stage.name] = Root((*root.layers, layer / "upper"))
        if stage.name == name:
            return built[name]
    raise BuildError(f"there is no stage {name}")


def _run(step: Run, root: Root, layer: Path, caches: Path) -> None:
    merged = layer / "merged"
    lines = [
        f"mount -t overlay overlay -o {root.options(layer / 'upper', layer / 'work')} {merged}",
        f"mount -t proc proc {merged}/proc",
        f"mount --rbind /dev {merged}/dev",
        f"mount -t tmpfs tmpfs {merged}/run",
        f"touch {merged}/etc/resolv.conf",
        f"mount --bind -o ro /etc/resolv.conf {merged}/etc/resolv.conf",
    ]
    here = {key: value for key, value in os.environ.items() if key.startswith(_SETTINGS)}
    for path, variable in _SEEN.items():
        if Path(path).exists():
            lines.append(f"cp {path} {merged}/run")
            here[variable] = f"/run/{Path(path).name}"
    here["PIP_CERT"] = here["REQUESTS_CA_BUNDLE"] = here.get("SSL_CERT_FILE", "")
    for target in step.caches:
        kept = caches / target.strip("/").replace("/", "-")
        lines += [f"mkdir -p {kept} {merged}{target}", f"mount --bind {kept} {merged}{target}"]
    known = (
        {"PATH": _PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"} | here | dict(step.environment)
    )
    variables = shlex.join(f"{key}={value}" for key, value in known.items())
    command = f"cd {step.folder} && {step.command}"
    lines.append(f"exec chroot {merged} env -i {variables} {shlex.join([*step.shell, command])}")
    _said(_apart("\n".join(lines)))


def _copy_between(step: Copy, source: Root, layer: Path) -> None:
    merged = layer / "merged"
    lines = [f"mount -t overlay overlay -o {source.options()} {merged}"]
    for path in step.sources:
        to = layer / "upper" / step.to.strip("/")
        lines += [f"mkdir -p {to.parent}", f"cp --archive {merged}{path} {to}"]
    _said(_apart("\n".join(lines)))


def _copy(step: Copy, context: Path, upper: Path) -> None:
    to = upper / step.to.strip("/")
    for path in in_context(context):
        relative = path.relative_to(context)
        for source in step.sources:
            if source == "." or str(relative) == source:
                target = to / (relative if source == "." else relative.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)


def in_context(context: Path) -> Iterator[Path]:
    """The files that `deploy/Dockerfile.dockerignore` leaves; the last match counts."""
    rules = (context / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [rule for rule in rules if rule and not rule.startswith("#")]
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=context,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.splitlines():
        left = True
        for pattern in patterns:
            if _matches(name, pattern.removeprefix("!")):
                left = pattern.startswith("!")
        if left and (context / name).exists():
            yield context / name


def _matches(name: str, pattern: str) -> bool:
    parts = Path(name).parts
    wholes = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return any(fnmatch.fnmatch(each, pattern.replace("**/", "*")) for each in wholes)


def _apart(script: str) -> list[str]:
    """A shell script in namespaces of mounts and processes of its own; its mounts end with it."""
    return ["unshare", "--mount", "--pid", "--fork", "bash", "-euc", script]


def _said(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(
            f"{command[-1][-600:]}\nended with {done.returncode}: {(done.stdout + done.stderr)[-4000:]}"
        )
