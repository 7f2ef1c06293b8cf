{{/* Dagster's instance: deploy/dagster.yaml on PostgreSQL, with runs in pods. A test keeps the two together. */}}
{{- define "docmill.dagster" -}}
{{- $name := include "docmill.name" . -}}
{{- $stepPods := include "docmill.stepPods" . -}}
telemetry:
  enabled: false
nux:
  enabled: false
storage:
  postgres:
    postgres_url:
      env: DOCMILL_POSTGRES_URL
run_coordinator:
  module: docmill.pipeline.instance.coordinator
  class: LanedRunCoordinator
  config:
    dequeue_interval_seconds: 1
concurrency:
  runs:
    max_concurrent_runs: {{ .Values.runs.maxConcurrent }}
    tag_concurrency_limits:
      - key: lane
        value: backfill
        limit: {{ .Values.runs.maxConcurrentBackfills }}
  pools:
    granularity: op
run_launcher:
  module: docmill.pipeline.instance.cluster_launcher
  class: ClusterRunLauncher
  config:
    load_incluster_config: true
    job_namespace: {{ .Release.Namespace }}
    service_account_name: {{ $name }}-runs
    dagster_home: /opt/dagster
    instance_config_map: {{ $name }}-dagster
    image_pull_policy: {{ .Values.image.pullPolicy }}
    image_pull_secrets:
      {{- range .Values.image.pullSecrets }}
      - name: {{ . }}
      {{- else }} []
      {{- end }}
    labels:
      app.kubernetes.io/name: docmill
      app.kubernetes.io/instance: {{ .Release.Name }}
      app.kubernetes.io/part-of: docmill
      {{- include "docmill.workLabels" . | nindent 6 }}
    run_k8s_config:
      container_config:
        env:
          {{- include "docmill.launchedEnv" . | nindent 10 }}
        {{- with include "docmill.envFrom" . }}
        envFrom:
          {{- . | nindent 10 }}
        {{- end }}
        resources:
          {{- toYaml (ternary .Values.runs.orchestratorResources .Values.runs.resources (eq $stepPods "true")) | nindent 10 }}
        securityContext:
          {{- include "docmill.containerSecurity" . | nindent 10 }}
        volumeMounts:
          {{- include "docmill.volumeMounts" (list . true) | nindent 10 }}
      pod_spec_config:
        # with the executor k8s a run starts its steps' pods; otherwise what reads PDFs has no token of Kubernetes
        automountServiceAccountToken: {{ if $stepPods }}true{{ else }}false{{ end }}
        securityContext:
          {{- include "docmill.podSecurity" . | nindent 10 }}
        volumes:
          {{- include "docmill.volumes" (list . true) | nindent 10 }}
        terminationGracePeriodSeconds: {{ .Values.runs.terminationGracePeriodSeconds }}
        {{- with .Values.runs.priorityClassName }}
        priorityClassName: {{ . }}
        {{- end }}
        {{- with .Values.runs.nodeSelector }}
        nodeSelector:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with .Values.runs.tolerations }}
        tolerations:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with include "docmill.affinity" (list . .Values.runs.affinity true) }}
        affinity:
          {{- . | nindent 10 }}
        {{- end }}
      {{- with .Values.runs.annotations }}
      pod_template_spec_metadata:
        annotations:
          {{- toYaml . | nindent 10 }}
      {{- end }}
      job_spec_config:
        ttlSecondsAfterFinished: {{ .Values.runs.ttlSecondsAfterFinished }}
run_monitoring:
  enabled: true
  start_timeout_seconds: {{ .Values.runs.startTimeoutSeconds }}
  cancel_timeout_seconds: 180
  free_slots_after_run_end_seconds: 60
  poll_interval_seconds: 30
run_retries:
  enabled: true
  max_retries: 5
  retry_on_asset_or_op_failure: false
sensors:
  use_threads: true
  num_workers: 4
retention:
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 30
  schedule:
    purge_after_days: 90
# what runs write is in their pods' logs
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
{{- end }}
