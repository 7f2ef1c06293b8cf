{{/* The names of this release's objects begin so. */}}
{{- define "docmill.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* What selects the pods of a component; (list $ "webserver") */}}
{{- define "docmill.selector" -}}
app.kubernetes.io/name: docmill
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "docmill.labels" -}}
{{ include "docmill.selector" . }}
app.kubernetes.io/part-of: docmill
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{- define "docmill.image" -}}
{{- with .Values.image }}{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{/* A value as TOML has it within a line. */}}
{{- define "docmill.toml" -}}
{{- if kindIs "map" . -}}
{ {{- $first := true }}{{ range $key, $value := . }}{{ if not $first }}, {{ end }}{{ $first = false }}{{ $key | toJson }} = {{ include "docmill.toml" $value }}{{ end -}} }
{{- else if kindIs "slice" . -}}
[{{ range $index, $value := . }}{{ if $index }}, {{ end }}{{ include "docmill.toml" $value }}{{ end }}]
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end }}

{{/* The models behind Triton's address: Triton's, or Ray's in its place. As JSON. */}}
{{- define "docmill.served" -}}
{{- with .Values.serving }}{{ ternary .triton.load .ray.load .triton.enabled | toJson }}{{ end }}
{{- end }}

{{/* What the servers of the chart `serving` make of the settings: where they are, and the backends that they serve. */}}
{{- define "docmill.servedSettings" -}}
{{- $serving := .Values.serving }}
{{- if $serving.enabled }}
{{- $name := default .Release.Name $serving.fullnameOverride | trunc 30 | trimSuffix "-" }}
{{- if or $serving.triton.enabled $serving.ray.enabled }}
{{- $load := include "docmill.served" . | fromJsonArray }}
triton:
  url: {{ $name }}-triton:8001
{{- if has "layout_cdla" $load }}
layout:
  backend: {triton: {contract: cdla}}
{{- else if has "docling-project--docling-layout-heron" $load }}
layout:
  backend: triton
{{- end }}
{{- if has "slanet_plus" $load }}
tables:
  backend: {triton: {contract: slanet}}
{{- else if has "tableformer" $load }}
tables:
  backend: triton
{{- end }}
{{- if and (has "ocr_detect" $load) (has "ocr_recognise" $load) }}
ocr:
  backend: triton
{{- end }}
{{- end }}
{{- if $serving.vllm.enabled }}
vllm:
  url: http://{{ $name }}-vllm:8000
  model: {{ $serving.vllm.servedName }}
{{- end }}
{{- end }}
{{- end }}

{{/* docmill.toml's sections: the values'; what they leave to the servers; for the executor k8s, where steps' pods go.
As YAML. */}}
{{- define "docmill.settings" -}}
{{- $settings := deepCopy .Values.settings }}
{{- range $section, $served := include "docmill.servedSettings" . | fromYaml }}
{{- $said := index $settings $section | default dict }}
{{- range $key, $value := $served }}{{ if not (hasKey $said $key) }}{{ $_ := set $said $key $value }}{{ end }}{{ end }}
{{- $_ := set $settings $section $said }}
{{- end }}
{{- $execution := $settings.execution | default dict }}
{{- if eq ($execution.executor | default "in_process") "k8s" }}
{{- $pod := dict "serviceAccountName" (printf "%s-steps" (include "docmill.name" .)) }}
{{- with .Values.steps }}
{{- range $key := list "nodeSelector" "tolerations" "priorityClassName" }}{{ with index $.Values.steps $key }}{{ $_ := set $pod $key . }}{{ end }}{{ end }}
{{- with include "docmill.affinity" (list $ .affinity true) | fromYaml }}{{ $_ := set $pod "affinity" . }}{{ end }}
{{- end }}
{{- $k8s := dict "step_k8s_config" (dict "pod_spec_config" $pod) }}
{{- if .Values.steps.maxConcurrent }}{{ $_ := set $k8s "max_concurrent" .Values.steps.maxConcurrent }}{{ end }}
{{- $_ := set $execution "k8s" (mergeOverwrite $k8s ($execution.k8s | default dict)) }}
{{- $_ := set $settings "execution" $execution }}
{{- end }}
{{- toYaml $settings }}
{{- end }}

{{/* Whether steps are pods: "true" or nothing. */}}
{{- define "docmill.stepPods" -}}
{{- if eq ((.Values.settings.execution | default dict).executor | default "in_process") "k8s" }}true{{ end }}
{{- end }}

{{/* The places in the settings, a line each. */}}
{{- define "docmill.places" -}}
{{- range list (list "store" "url") (list "inbox" "url") (list "exports" "out") }}
{{- $place := (index $.Values.settings (index . 0) | default dict) }}
{{- $said := index $place (index . 1) | default "" }}
{{- if kindIs "string" $said }}{{ if $said }}{{ $said }}{{ "\n" }}{{ end }}{{ end }}
{{- end }}
{{- end }}

{{/* Whether there is a volume at /data: "true" or nothing. */}}
{{- define "docmill.persistent" -}}
{{- if kindIs "bool" .Values.persistence.enabled }}{{ if .Values.persistence.enabled }}true{{ end }}
{{- else if contains "\n/data" (printf "\n%s" (include "docmill.places" .)) }}true{{ end }}
{{- end }}

{{/* Whether something is on S3: "true" or nothing. */}}
{{- define "docmill.onObjectStore" -}}
{{- if contains "\ns3://" (printf "\n%s" (include "docmill.places" .)) }}true{{ end }}
{{- end }}

{{/* (list $ affinity usesData): that of the values, and the node of the others while one node alone may mount. */}}
{{- define "docmill.affinity" -}}
{{- $root := index . 0 }}{{ $affinity := deepCopy (index . 1) }}
{{- if and (index . 2) (include "docmill.persistent" $root) (eq $root.Values.persistence.accessMode "ReadWriteOnce") }}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict "docmill.dev/data" $root.Release.Name)) }}
{{- $near := $affinity.podAffinity | default dict }}
{{- $terms := append ($near.requiredDuringSchedulingIgnoredDuringExecution | default list) $term }}
{{- $_ := set $affinity "podAffinity" (mergeOverwrite $near (dict "requiredDuringSchedulingIgnoredDuringExecution" $terms)) }}
{{- end }}
{{- if $affinity }}{{ toYaml $affinity }}{{ end }}
{{- end }}

{{- define "docmill.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurity.user }}
runAsGroup: {{ .Values.podSecurity.group }}
fsGroup: {{ .Values.podSecurity.group }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "docmill.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The chart's own database; values of `serving` name it too. */}}
{{- define "docmill.postgresql" -}}
{{ .Release.Name }}-postgresql
{{- end }}

{{- define "docmill.postgresqlSecret" -}}
{{- .Values.postgresql.existingSecret | default (include "docmill.postgresql" .) }}
{{- end }}

{{/* What every process of docmill's is told. */}}
{{- define "docmill.env" -}}
- name: DAGSTER_HOME
  value: /opt/dagster
{{ include "docmill.launchedEnv" . }}
{{- end }}

{{/* The same but for what Dagster's launcher says itself. */}}
{{- define "docmill.launchedEnv" -}}
- name: HOME
  value: /var/lib/docmill
- name: DOCMILL_HOME
  value: /var/lib/docmill
- name: DOCMILL_SETTINGS
  value: /etc/docmill/docmill.toml
- name: DOCMILL_POSTGRES_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "docmill.postgresqlSecret" . }}
      key: {{ if .Values.postgresql.existingSecret }}{{ .Values.postgresql.existingSecretKey }}{{ else }}url{{ end }}
{{- end }}

{{- define "docmill.envFrom" -}}
{{- range .Values.secrets.environment }}
- secretRef:
    name: {{ . }}
{{- end }}
{{- end }}

{{/* (list $ usesData): the volumes of every pod, and of those that work on documents. */}}
{{- define "docmill.volumes" -}}
{{- $root := index . 0 }}
- name: home
  emptyDir: {}
- name: tmp
  emptyDir: {}
- name: dagster-home
  emptyDir: {}
- name: dagster
  configMap:
    name: {{ include "docmill.name" $root }}-dagster
- name: settings
  configMap:
    name: {{ include "docmill.name" $root }}-settings
{{- if index . 1 }}
{{- if include "docmill.persistent" $root }}
- name: data
  persistentVolumeClaim:
    claimName: {{ $root.Values.persistence.existingClaim | default (printf "%s-data" (include "docmill.name" $root)) }}
{{- end }}
{{- with $root.Values.models.existingClaim }}
- name: models
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- range $root.Values.secrets.files }}
- name: secret-{{ . }}
  secret:
    secretName: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "docmill.volumeMounts" -}}
{{- $root := index . 0 }}
- name: home
  mountPath: /var/lib/docmill
- name: tmp
  mountPath: /tmp
- name: dagster-home
  mountPath: /opt/dagster
- name: dagster
  mountPath: /opt/dagster/dagster.yaml
  subPath: dagster.yaml
  readOnly: true
- name: settings
  mountPath: /etc/docmill/docmill.toml
  subPath: docmill.toml
  readOnly: true
{{- if index . 1 }}
{{- if include "docmill.persistent" $root }}
- name: data
  mountPath: /data
{{- end }}
{{- if $root.Values.models.existingClaim }}
- name: models
  mountPath: /opt/models
  readOnly: true
{{- end }}
{{- range $root.Values.secrets.files }}
- name: secret-{{ . }}
  mountPath: /etc/docmill/secrets/{{ . }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{/* (list $ component worksOnDocuments): labels of pods. */}}
{{- define "docmill.podLabels" -}}
{{- $root := index . 0 }}
{{- include "docmill.labels" (list $root (index . 1)) }}
{{- if index . 2 }}
{{- include "docmill.workLabels" $root }}
{{- end }}
{{- end }}

{{/* What pods that work on documents are known by: to the servers, and to each other. */}}
{{- define "docmill.workLabels" }}
docmill.dev/serving-client: "true"
{{- if include "docmill.persistent" . }}
docmill.dev/data: {{ .Release.Name }}
{{- end }}
{{- end }}

{{/* A pod of ours starts anew when what it read at its start has changed. */}}
{{- define "docmill.podAnnotations" -}}
checksum/settings: {{ include "docmill.settings" . | sha256sum }}
checksum/dagster: {{ include "docmill.dagster" . | sha256sum }}
{{- end }}

{{- define "docmill.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}
