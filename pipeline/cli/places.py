"""The store, the copies of sources, the password and the prices of a command, as set; without Dagster."""

from __future__ import annotations

from typing import Any, TypeVar

from docmill.pipeline.convert.errors import SettingsError
from docmill.resources.clients.files.document_store import DocumentStore, default_store
from docmill.resources.clients.files.sources import SourceCache
from docmill.resources.home import default_home
from docmill.resources.price import PRICING_KEYS, Price, price_of
from docmill.resources.secrets import is_reference, resolved, secret
from docmill.resources.settings_file import SettingsFile, from_environment, read_settings_file, variable

__all__ = ["the_password", "the_price", "the_sources", "the_store"]

T = TypeVar("T")
_TEXTS = ("currency", "gpu")


def the_store() -> DocumentStore:
    """The store that $DOCMILL_STORE and the settings file name. Raises `SettingsError`."""
    file = read_settings_file()
    return DocumentStore(_text(file, "url") or default_store(), _options(file, "options"))


def the_sources() -> SourceCache:
    """Copies of files that are elsewhere, below docmill's home. Raises `SettingsError`."""
    file = read_settings_file()
    headers = _options(file, "source_headers")
    return SourceCache(default_home() / "sources", _options(file, "source_options"), headers)


def the_price(gpu_hour: float | None = None) -> Price | None:
    """What the settings say that hours, storage and requests cost; None where nobody says anything.

    `gpu_hour` comes before what is set. Raises `SettingsError`.
    """
    section = read_settings_file().section("pricing")
    said = {key: from_environment("pricing", key, text=key in _TEXTS) for key in PRICING_KEYS}
    given = {key: section.get(key) if said[key] is None else said[key] for key in PRICING_KEYS}
    return price_of(given if gpu_hour is None else {**given, "per_gpu_hour": gpu_hour})


def the_password(password_file: str = "") -> str | None:
    """What opens encrypted files: what stands in that file, else as `[reader]` says; None where nobody does.

    Raises `SettingsError`, and `BackendConfigError` for a file that cannot be read.
    """
    section = read_settings_file().section("reader")
    said = {key: from_environment("reader", key, text=True) for key in ("password", "password_file")}
    as_set = resolved({key: said[key] or section.get(key, "") for key in said})
    password = "" if password_file else str(as_set["password"])
    return secret(password, password_file or str(as_set["password_file"])) or None


def _text(file: SettingsFile, key: str) -> str:
    found = _said(file, key, "", text=True)
    return resolved({key: found})[key] if is_reference(found) else _of_kind(file, key, found, str)


def _options(file: SettingsFile, key: str) -> dict[str, Any]:
    return resolved(_of_kind(file, key, _said(file, key, {}, text=False), dict))


def _said(file: SettingsFile, key: str, default: Any, *, text: bool) -> Any:
    said = from_environment("store", key, text=text)
    return file.section("store").get(key, default) if said is None else said


def _of_kind(file: SettingsFile, key: str, value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        where = (
            f"${variable('store', key)}"
            if from_environment("store", key, text=True)
            else file.where("store", key)
        )
        raise SettingsError(f"{where}: store.{key} cannot be {value!r}")
    return value
