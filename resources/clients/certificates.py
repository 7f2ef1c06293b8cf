"""Which servers are trusted over HTTPS: read once a process, for that takes 30 ms, and a request two."""

from __future__ import annotations

import functools
import ssl

__all__ = ["certificates"]


@functools.cache
def certificates() -> ssl.SSLContext:
    """For `verify` of httpx2: `$SSL_CERT_FILE` and `$SSL_CERT_DIR`, else its own authorities."""
    import httpx2  # 0.2 s, and no use to processes that make no requests

    return httpx2.create_ssl_context()
