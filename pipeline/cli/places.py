"""The store, the copies of sources and the prices of a command, as they are set; without Dagster."""

from __future__ import annotations

from typing import Any, TypeVar

from docmill.pipeline.convert.errors import SettingsError
from docmill.resources.clients.files.document_store import DocumentStore, default_store
from docmill.resources.clients.files.sources import SourceCache
from docmill.resources.home import default_home
from docmill.resources.price import Price
from docmill.resources.secrets import is_reference, resolved
from docmill.resources.settings_file import SettingsFile, from_environment, read_settings_file, variable

__all__ = ["the_price", "the_sources", "the_store"]

T = TypeVar("T")
_PRICES = ("per_gpu_hour", "per_cpu_hour")


def the_store() -> DocumentStore:
    """The store that $DOCMILL_STORE and the settings file name. Raises `SettingsError`."""
    file = read_settings_file()
    return DocumentStore(_text(file, "url") or default_store(), _options(file, "options"))


def the_sources() -> SourceCache:
    """Copies of files that are elsewhere, below docmill's home. Raises `SettingsError`."""
    file = read_settings_file()
    headers = _options(file, "source_headers")
    return SourceCache(default_home() / "sources", _options(file, "source_options"), headers)


def the_price() -> Price | None:
    """What the settings say that hours cost; None where they say nothing. Raises `SettingsError`."""
    file = read_settings_file()
    section = file.section("pricing")
    said = {key: from_environment("pricing", key, text=False) for key in _PRICES}
    given = {key: section.get(key) if said[key] is None else said[key] for key in _PRICES}
    prices = {key: float(each) for key, each in given.items() if isinstance(each, int | float)}
    if not prices:
        return None
    currency = from_environment("pricing", "currency", text=True) or section.get("currency", "USD")
    return Price(currency=currency, **prices)


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
