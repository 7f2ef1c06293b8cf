"""All checks of rendered objects that need nothing but the objects."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.charts.checks.names import check_names
from tests.charts.checks.nulls import check_nulls
from tests.charts.checks.objects import Obj
from tests.charts.checks.ports import check_ports
from tests.charts.checks.probes import check_probes
from tests.charts.checks.quantities import check_quantities
from tests.charts.checks.references import check_references
from tests.charts.checks.security import check_security
from tests.charts.checks.selectors import check_selectors
from tests.charts.checks.targets import check_targets

__all__ = ["problems_of"]


def problems_of(objects: Sequence[Obj], outside: Collection[tuple[str, str]] = ()) -> list[str]:
    """What is wrong with the objects of a chart; `outside` are kinds and names of what others make."""
    return [
        *check_nulls(objects),
        *check_names(objects),
        *check_selectors(objects),
        *check_ports(objects),
        *check_quantities(objects),
        *check_probes(objects),
        *check_security(objects),
        *check_references(objects, outside),
        *check_targets(objects, outside),
    ]
