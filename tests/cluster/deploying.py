"""What tests of whole deployments share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.support.cluster.deployment import ClusterDeployment

__all__ = ["DOCUMENTS", "LIMIT_S", "Deploy"]

#: How many PDFs pass through each, and how long that may take on a crowded machine.
DOCUMENTS = 20
LIMIT_S = 1800.0
#: Makes a deployment in a namespace, with batches of so many documents.
Deploy = Callable[..., AbstractContextManager[ClusterDeployment]]
