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

{{/* What both servers' pods have in common, but the container. */}}
{{- define "serving.podSpec" -}}
automountServiceAccountToken: false
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
{{- $selector := include "serving.selector" . }}
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
{{- if and (eq .values.models.source "claim") .values.models.fill.enabled }}
initContainers:
  - name: wait-for-models
    image: {{ include "serving.image" (dict "image" .values.image "fallback" (ternary .root.Chart.AppVersion "" (eq .component "triton")) "where" .component) }}
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
  - name: probes
    configMap:
      name: {{ include "serving.name" (dict "root" .root "component" "probes") }}
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
  - name: cache
    emptyDir: {sizeLimit: {{ .values.cache }}}
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
annotations:
  docmill.dev/probes: {{ list (.root.Files.Get "files/probe.py") (.root.Files.Get "files/wait.py") | toJson | sha256sum | trunc 16 | quote }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
