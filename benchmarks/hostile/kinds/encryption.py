"""Encrypted files: sound ones, and encryption dictionaries that make no sense."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from random import Random
from typing import Literal

import pikepdf

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import Draft
from benchmarks.hostile.samples import opened, sample

__all__ = ["CASES"]


def _locked(user: str, revision: Literal[2, 3]) -> bytes:
    """A sample under RC4, whose key is the same every time."""
    target = io.BytesIO()
    with opened("financial_statement.pdf") as document:
        locks = pikepdf.Encryption(user=user, owner="owner", R=revision, aes=False, metadata=False)
        document.save(target, encryption=locks, static_id=True)
    return target.getvalue()


def _open_to_all(old: bytes, new: bytes) -> Callable[[Random], bytes]:
    """A file that opens without a password, until an entry of its dictionary is changed."""
    return lambda _: re.sub(old, lambda _match: new, _locked("", 3), count=1, flags=re.DOTALL)


def _dictionary(body: bytes) -> Callable[[Random], bytes]:
    """A file with this encryption dictionary, none of whose strings is encrypted."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page()
        locks = draft.add(body)
        draft.trailer = b"/Encrypt %d 0 R /ID [(0123456789abcdef) (0123456789abcdef)]" % locks
        return draft.save()

    return make


def _changed(rng: Random) -> bytes:
    """A locked file with bytes changed: what is decrypted is noise."""
    data = bytearray(_locked("", 3))
    for _ in range(rng.randint(5, 60)):
        data[rng.randrange(20, len(data))] = rng.randrange(256)
    return bytes(data)


def _short(length: int, letter: bytes) -> bytes:
    return b"<" + letter * 2 * length + b">"


_KEYS = b"/O %s /U %s /P -4" % (_short(32, b"a"), _short(32, b"b"))
_MODERN = b"/O %s /U %s /OE %s /UE %s /Perms %s /P -4" % (
    _short(48, b"a"),
    _short(48, b"b"),
    _short(32, b"c"),
    _short(32, b"d"),
    _short(16, b"e"),
)
_AES = b"/CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >> /StmF /StdCF /StrF /StdCF"

CASES: tuple[Case, ...] = (
    *cases(
        "encryption",
        {
            "user-password-40-bits": lambda _: _locked("secret", 2),
            "user-password-128-bits": lambda _: _locked("secret", 3),
            "no-password-40-bits": lambda _: _locked("", 2),
            "no-password-128-bits": lambda _: _locked("", 3),
            "password-of-a-sample": lambda _: sample("encrypted.pdf"),
            "revision-99": _open_to_all(rb"/R 3", b"/R 99"),
            "version-99": _open_to_all(rb"/V 2", b"/V 99"),
            "version-0": _open_to_all(rb"/V 2", b"/V 0"),
            "length-7": _open_to_all(rb"/Length 128", b"/Length 7"),
            "length-zero": _open_to_all(rb"/Length 128", b"/Length 0"),
            "length-huge": _open_to_all(rb"/Length 128", b"/Length 2147483640"),
            "filter-unknown": _open_to_all(rb"/Filter /Standard", b"/Filter /Enigmatic"),
            "permissions-missing": _open_to_all(rb"/P -?\d+", b""),
            "identifier-missing": _open_to_all(rb"/ID \[[^\[\]]*\]", b""),
            "dictionary-empty": _dictionary(b"<< >>"),
            "dictionary-a-number": _dictionary(b"5"),
            "dictionary-a-circle": _dictionary(b"5 0 R"),
            "keys-missing": _dictionary(b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 >>"),
            "keys-empty": _dictionary(b"<< /Filter /Standard /V 2 /R 3 /Length 128 /O () /U () /P -4 >>"),
            "keys-wrong": _dictionary(b"<< /Filter /Standard /V 2 /R 3 /Length 128 " + _KEYS + b" >>"),
            "keys-a-megabyte": _dictionary(
                b"<< /Filter /Standard /V 2 /R 3 /Length 128 /O %s /U %s /P -4 >>"
                % (_short(500_000, b"a"), _short(500_000, b"b"))
            ),
            "aes-keys-wrong": _dictionary(b"<< /Filter /Standard /V 5 /R 6 " + _MODERN + _AES + b" >>"),
            "aes-keys-short": _dictionary(b"<< /Filter /Standard /V 5 /R 6 " + _KEYS + _AES + b" >>"),
            "aes-revision-5": _dictionary(b"<< /Filter /Standard /V 5 /R 5 " + _MODERN + _AES + b" >>"),
            "aes-without-filters": _dictionary(b"<< /Filter /Standard /V 5 /R 6 " + _MODERN + b" >>"),
            "filters-a-circle": _dictionary(
                b"<< /Filter /Standard /V 4 /R 4 /CF 5 0 R /StmF /StdCF /StrF /StdCF " + _KEYS + b" >>"
            ),
            "filter-identity": _dictionary(
                b"<< /Filter /Standard /V 4 /R 4 /CF << >> /StmF /Identity /StrF /Identity " + _KEYS + b" >>"
            ),
            "public-key": _dictionary(
                b"<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /CF << /D << /CFM /AESV2"
                b" /Recipients [(not a certificate)] >> >> /StmF /D /StrF /D >>"
            ),
        },
    ),
    *cases("encryption", {"bytes-changed": _changed}, repeats=True),
)
