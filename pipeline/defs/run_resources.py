"""The resources that make a conversion, by type: what a schedule or a sensor is given for one."""

from __future__ import annotations

from dataclasses import dataclass

from docmill.resources.configurable import (
    Assembly,
    Exports,
    Layout,
    Ocr,
    Reader,
    Store,
    Tables,
    Understanding,
    Workers,
)

__all__ = ["ConversionResources"]


@dataclass(frozen=True)
class ConversionResources:
    """What `conversion_of` reads, under the keys of the definitions."""

    store: Store
    reader: Reader
    workers: Workers
    ocr: Ocr
    layout: Layout
    tables: Tables
    understanding: Understanding
    assembly: Assembly
    exports: Exports
