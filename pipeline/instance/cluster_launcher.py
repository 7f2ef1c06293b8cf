"""Runs as pods of a Kubernetes cluster, and no work for runs that are gone.

Dagster's launcher for Kubernetes, whose answers to run monitoring are mended in three places. A cluster that
does not answer says nothing of a run: Dagster's takes it for the run's end, and a second run begins beside
the first. A run of the command line has no pod, which Dagster's takes for one that is lost. And with
`k8s_job_executor` the pods of a run's steps outlive the run's own, and would do what the next run does too:
they are told to go before it begins.
"""

from __future__ import annotations

import dagster as dg
from dagster_k8s import K8sRunLauncher
from kubernetes.client import ApiException, BatchV1Api
from urllib3.exceptions import HTTPError

from docmill.pipeline.instance.dagster_internals import CheckRunHealthResult, WorkerStatus
from docmill.pipeline.instance.launcher import HOST_TAG

__all__ = ["ClusterRunLauncher"]


class ClusterRunLauncher(K8sRunLauncher):
    """`K8sRunLauncher` with its settings; the instance names it in `run_launcher`."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's pod is there. When it is not, those of its steps go too."""
        if HOST_TAG in run.tags:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it is a process somewhere, and no pod")
        found: CheckRunHealthResult = super().check_run_worker_health(run)
        if found.status in (WorkerStatus.RUNNING, WorkerStatus.SUCCESS):
            return found
        try:
            self._delete_steps(run)
        except (ApiException, HTTPError) as error:
            # what was found before may be no more than this: that the cluster does not answer
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {error}")
        return found

    def _delete_steps(self, run: dg.DagsterRun) -> None:
        """The Jobs of the run's steps, and with them their pods."""
        jobs: BatchV1Api = self._api_client.batch_api
        jobs.delete_collection_namespaced_job(
            self.get_container_context_for_run(run).namespace,
            label_selector=f"app.kubernetes.io/component=step_worker,dagster/run-id={run.run_id}",
            propagation_policy="Background",
        )
