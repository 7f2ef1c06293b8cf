{{- define "serving.name" -}}
{{ printf "%s-%s" (default .root.Release.Name .root.Values.fullnameOverride | trunc 30 | trimSuffix "-") .component }}
{{- end }}

{{- define "serving.selector" -}}
app.kubernetes.io/name: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "serving.labels" -}}
{{ include "serving.selector" . }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: docmill
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* An image's reference: by its digest where there is one. */}}
{{- define "serving.image" -}}
{{- $tag := .image.tag | default .fallback -}}
{{- if not .image.repository }}{{ fail (printf "%s.image.repository: name the image" .where) }}{{ end -}}
{{- with .image.registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else if $tag }}:{{ $tag }}{{ else }}{{ fail (printf "%s.image: neither tag nor digest" .where) }}{{ end }}
{{- end }}

{{- define "serving.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "serving.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "serving.claim" -}}
{{ .values.models.claim.existing | default (printf "%s-models" (include "serving.name" .)) }}
{{- end }}

{{/* What a volume is filled with; other settings make another revision, and so another folder and another Job. */}}
{{- define "serving.revision" -}}
{{- $from := pick .values.models.fill "from" "url" "revision" -}}
{{- $image := ternary .values.models.image dict (eq .values.models.fill.from "image") -}}
{{- $docmill := ternary (include "serving.docmillImage" .root) "" (has .values.models.fill.from (list "embedded" "granite-docling")) -}}
{{- list $from $image $docmill (.values.tuning | default dict) | toJson | sha256sum | trunc 10 -}}
{{- end }}

{{- define "serving.docmillImage" -}}
{{ include "serving.image" (dict "image" .Values.docmill.image "fallback" .Chart.AppVersion "where" "docmill") }}
{{- end }}

{{/* Where a server finds its models. */}}
{{- define "serving.modelsFolder" -}}
{{- if eq .values.models.source "image" -}}
/models/{{ .values.models.image.path }}
{{- else if .values.models.fill.enabled -}}
/models/{{ include "serving.revision" . }}
{{- else -}}
/models
{{- end -}}
{{- end }}

{{- define "serving.modelsVolume" -}}
- name: models
  {{- if eq .values.models.source "image" }}
  {{- if semverCompare "<1.31-0" .root.Capabilities.KubeVersion.Version }}
  {{- fail (printf "%s.models.source: Kubernetes %s mounts no images; take a claim" .component .root.Capabilities.KubeVersion.Version) }}
  {{- end }}
  image:
    reference: {{ include "serving.image" (dict "image" .values.models.image "where" (printf "%s.models" .component)) }}
    pullPolicy: IfNotPresent
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ include "serving.claim" . }}
    readOnly: true
  {{- end }}
{{- end }}

{{- define "serving.resources" -}}
requests:
  {{- toYaml .resources.requests | nindent 2 }}
  {{- if .gpu.count }}
  {{ .gpu.resource }}: {{ .gpu.count }}
  {{- end }}
limits:
  {{- toYaml .resources.limits | nindent 2 }}
  {{- if .gpu.count }}
  {{ .gpu.resource }}: {{ .gpu.count }}
  {{- end }}
{{- end }}

{{/* drainSeconds, then the longest request, then some seconds to end. */}}
{{- define "serving.gracePeriod" -}}
{{ add .drainSeconds .longestRequestSeconds 20 }}
{{- end }}

{{- define "serving.probes" -}}
{{- $p := .values.probes -}}
startupProbe:
  exec: {command: [python3, /probes/probe.py, {{ .component }}, start]}
  periodSeconds: {{ $p.readinessPeriodSeconds }}
  timeoutSeconds: {{ $p.timeoutSeconds }}
  failureThreshold: {{ div $p.startSeconds $p.readinessPeriodSeconds | max 1 }}
readinessProbe:
  exec: {command: [python3, /probes/probe.py, {{ .component }}, ready]}
  periodSeconds: {{ $p.readinessPeriodSeconds }}
  timeoutSeconds: {{ $p.timeoutSeconds }}
  failureThreshold: 2
livenessProbe:
  exec: {command: [python3, /probes/probe.py, {{ .component }}, live]}
  periodSeconds: 30
  timeoutSeconds: {{ $p.timeoutSeconds }}
  failureThreshold: {{ div $p.unwellSeconds 30 | max 1 }}
lifecycle:
  preStop:
    exec: {command: [sleep, {{ .values.drainSeconds | quote }}]}
{{- end }}

{{/* What the servers' pods have in common, but the container. */}}
{{- define "serving.podSpec" -}}
{{- with .account }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: {{ not (empty .account) }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "serving.gracePeriod" .values }}
securityContext:
  {{- include "serving.podSecurity" .values.user | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $selector := ternary (include "serving.selector" .) (include "serving.raySelector" .) (empty .node) }}
{{- with .values.spreadOver }}
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end }}
{{- $waits := and (eq .values.models.source "claim") .values.models.fill.enabled }}
{{- if $waits }}
initContainers:
  - name: wait-for-models
    image: {{ include "serving.image" (dict "image" .values.image "fallback" (ternary "" .root.Chart.AppVersion (eq .component "vllm")) "where" .component) }}
    imagePullPolicy: {{ .values.image.pullPolicy }}
    command: [python3, /probes/wait.py, {{ include "serving.modelsFolder" . }}, {{ .values.models.fill.waitSeconds | quote }}]
    securityContext:
      {{- include "serving.containerSecurity" . | nindent 6 }}
    resources:
      requests: {cpu: 50m, memory: 64Mi}
      limits: {memory: 128Mi}
    volumeMounts:
      - {name: models, mountPath: /models, readOnly: true}
      - {name: probes, mountPath: /probes, readOnly: true}
{{- end }}
volumes:
  {{- include "serving.modelsVolume" . | nindent 2 }}
  {{- if or $waits (ne .component "ray") }}
  - name: probes
    configMap:
      name: {{ include "serving.name" (dict "root" .root "component" "probes") }}
  {{- end }}
  {{- if eq .component "triton" }}
  - name: canary
    configMap:
      name: {{ include "serving.name" (dict "root" .root "component" "canary") }}
      items:
        - {key: config.pbtxt, path: docmill_canary/config.pbtxt}
        - {key: model.onnx, path: docmill_canary/1/model.onnx}
  {{- end }}
  - name: tmp
    emptyDir: {}
  {{- with .values.cache }}
  - name: cache
    emptyDir: {sizeLimit: {{ . }}}
  {{- end }}
  - name: shm
    emptyDir: {medium: Memory, sizeLimit: {{ .values.sharedMemory }}}
{{- end }}

{{/* The Deployment's own part: replicas are KEDA's where it scales. */}}
{{- define "serving.deploymentSpec" -}}
{{- if not .root.Values.autoscaling.enabled }}
replicas: {{ .values.replicas }}
{{- end }}
revisionHistoryLimit: 3
# a server may take minutes to be ready, and longer where it waits for the Job
progressDeadlineSeconds: {{ add .values.probes.startSeconds .values.models.fill.waitSeconds 60 }}
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxSurge: {{ .values.strategy.maxSurge }}
    maxUnavailable: {{ .values.strategy.maxUnavailable }}
selector:
  matchLabels:
    {{- include "serving.selector" . | nindent 4 }}
{{- end }}

{{- define "serving.podMetadata" -}}
labels:
  {{- include "serving.labels" . | nindent 2 }}
  {{- with .node }}
  {{- include "serving.raySelector" $ | nindent 2 }}
  docmill.dev/ray-node: {{ . }}
  {{- end }}
annotations:
  docmill.dev/probes: {{ list (.root.Files.Get "files/probe.py") (.root.Files.Get "files/wait.py") | toJson | sha256sum | trunc 16 | quote }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Of all of Ray's pods. Labels of its own: KubeRay sets some of Kubernetes' itself, and a policy that selects nothing
protects nothing. */}}
{{- define "serving.raySelector" -}}
docmill.dev/ray: {{ include "serving.name" . }}
{{- end }}

{{/* Of those where models and doors are. */}}
{{- define "serving.rayWorkers" -}}
{{ include "serving.raySelector" . }}
docmill.dev/ray-node: worker
{{- end }}

{{/* Ray's own settings for its parts: docmill_ray/session.py says why. There it also keeps Ray at 127.0.0.1. */}}
{{- define "serving.rayEnvironment" -}}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- if not .Values.ray.token }}
- {name: RAY_AUTH_MODE, value: disabled}
{{- end }}
- {name: RAY_agent_register_timeout_ms, value: "180000"}
- {name: RAY_COLOR_PREFIX, value: "0"}
- {name: RAY_worker_niceness, value: "0"}
- {name: RAY_SERVE_USE_GRPC_BY_DEFAULT, value: "1"}
- {name: RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH, value: "2147483647"}
- {name: RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD, value: "0"}
- {name: RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP, value: "0"}
- {name: ORT_DISABLE_TELEMETRY, value: "1"}
- {name: HOME, value: /tmp}
# who has no entry in /etc/passwd has no name
- {name: USER, value: ray}
{{- end }}

{{/* deploy/ray/serve.yaml, with the values in it. */}}
{{- define "serving.rayServe" -}}
{{- $v := .values }}
{{- range $model, $_ := $v.ofModels }}
{{- if not (has $model $v.load) }}{{ fail (printf "ray.ofModels.%s: not among the models of ray.load" $model) }}{{ end }}
{{- end }}
{{- /* so much of a worker that it always has it: the head has none */}}
{{- $worker := dict "ray_actor_options" (dict "resources" (dict "docmill_worker" 0.001)) }}
{{- $door := dict "num_replicas" (int $v.doors) "graceful_shutdown_timeout_s" (add $v.longestRequestSeconds 5) }}
{{- $model := dict "graceful_shutdown_timeout_s" (add $v.longestRequestSeconds 5) }}
{{- $own := dict "repository" (include "serving.modelsFolder" .) "models" $v.load "host" "0.0.0.0" }}
{{- $_ := set $own "threads" (int $v.threads) }}
{{- $_ := set $own "grace_s" (int $v.longestRequestSeconds) }}
{{- $_ := set $own "connection_age_s" (int $v.connectionAgeSeconds) }}
{{- $_ := set $own "door" (merge $door (deepCopy $worker)) }}
{{- $_ := set $own "each_model" (merge $model (deepCopy $worker)) }}
{{- $_ := set $own "of_models" $v.ofModels }}
{{- $serve := .root.Files.Get "files/serve.yaml" | fromYaml }}
{{- range $serve.applications }}
{{- $_ := set . "args" (mergeOverwrite .args $own) }}
{{- end }}
{{- toYaml $serve }}
{{- end }}

{{- define "serving.rayMounts" -}}
- {name: models, mountPath: /models, readOnly: true}
- {name: tmp, mountPath: /tmp}
- {name: shm, mountPath: /dev/shm}
{{- end }}
