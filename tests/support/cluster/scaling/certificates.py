"""Certificates of the aggregation layer: what the API server and the servers behind it show each other."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["make_authority", "make_certificate"]


def make_authority(folder: Path, name: str) -> None:
    """NAME.crt and NAME.key, which sign others."""
    _openssl(folder, "req", "-x509", *_key(name), "-days", "30", "-out", f"{name}.crt")


def make_certificate(folder: Path, authority: str, name: str, extensions: str) -> None:
    """NAME.crt and NAME.key, signed by an authority of the same folder; `extensions` as openssl has them."""
    (folder / f"{name}.ext").write_text(extensions)
    _openssl(folder, "req", *_key(name), "-out", f"{name}.csr")
    signed = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "30")
    asked = ("-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    _openssl(folder, "x509", "-req", *signed, *asked)


def _key(name: str) -> tuple[str, ...]:
    return ("-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
